"""The lab's certificate authority, for systems whose clients insist on TLS.

Made anew for each lab. Its keys are never written into a folder of ours: the library that loads
them takes them from a file that only we can read and that is gone a moment later.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from redhanded.lab.proxy import MakePipe
from redhanded.lab.pump import Pipe
from redhanded.lab.secure import SecurePipe
from redhanded.lab.wire.encryption import BEGINNINGS

HERE = ("localhost", "127.0.0.1", "::1")
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
SCHEMES = {"redis": "rediss", "valkey": "valkeys"}
LIBPQ_TLS_KEYS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslnegotiation")
PROTOCOL_NAMES = {"postgres": ["postgresql"]}
"""What a client that begins with TLS at once has to name (ALPN)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority that has signed the certificate of the lab's proxies."""

    certificate: Path
    """Of the authority, in PEM: what a client has to trust that checks."""
    bundle: Path
    """The same after the authorities that this machine trusts."""
    contexts: dict[str, ssl.SSLContext] = field(repr=False)
    """By kind of service."""

    def pipe(self, kind: str) -> MakePipe:
        """Ends TLS at a proxy of such a service."""
        return partial(SecurePipe, context=self.contexts[kind], begin=BEGINNINGS[kind])

    def variables(self) -> dict[str, str]:
        """Where clients that check look for authorities: Node; libpq, Go and Rust; OpenSSL."""
        return {
            "NODE_EXTRA_CA_CERTS": str(self.certificate),
            "PGSSLROOTCERT": str(self.certificate),
            "SSL_CERT_FILE": str(self.bundle),
        }


def make_authority(folder: Path, services: Iterable[str]) -> Authority:
    """A new one with a certificate for this machine and for names of services.

    What clients have to trust lies in ``folder``, which goes with the lab.
    """
    import trustme  # Takes a tenth of a second, and most systems need none.

    authority = trustme.CA(organization_name="redhanded", organization_unit_name="lab")
    names = [name for name in services if HOST_NAME.fullmatch(name)]
    issued = authority.issue_cert(*HERE, *names, organization_name="redhanded")
    contexts = {}
    for kind in BEGINNINGS:
        context = contexts[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Tickets are bytes that nobody waits for: a process that sleeps would leave them unread.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
        if kind in PROTOCOL_NAMES:
            context.set_alpn_protocols(PROTOCOL_NAMES[kind])
        issued.configure_cert(context)
    made = Authority(
        certificate=folder / "authority.pem",
        bundle=folder / "authorities.pem",
        contexts=contexts,
    )
    pem = authority.cert_pem.bytes()
    made.certificate.write_bytes(pem)
    made.bundle.write_bytes(_known_here() + pem)
    return made


def pipe_for(authority: Authority | None, kind: str, *, tls: bool) -> MakePipe:
    """What reads a process's side at the proxy of a service."""
    return authority.pipe(kind) if authority is not None and tls else Pipe


def in_tls(values: dict[str, str], authority: Authority) -> dict[str, str]:
    """What ``{url}`` and its kin stand for, for a client that is to use TLS."""
    parts = urlsplit(values["url"])
    if parts.scheme in SCHEMES:
        parts = parts._replace(scheme=SCHEMES[parts.scheme])
    else:
        asked = [pair for pair in parse_qsl(parts.query) if pair[0] not in LIBPQ_TLS_KEYS]
        query = urlencode([*asked, ("sslmode", "require")], quote_via=quote)
        parts = parts._replace(query=query)
    return values | {"url": parts.geturl(), "ca": str(authority.certificate)}


def _known_here() -> bytes:
    """The file of authorities that clients would have read without us."""
    known = ssl.get_default_verify_paths().cafile
    return Path(known).read_bytes() + b"\n" if known else b""
