"""How a client that may speak TLS begins a connection, for a proxy that ends TLS itself.

PostgreSQL asks first (manual, section 55.2 "SSL Session Encryption") or, since version 17, begins
with TLS at once; Redis has no question. Pure: the first bytes in, what to do with them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from redhanded.lab.wire.postgres_startup import REFUSE_ENCRYPTION

ACCEPT_TLS = b"S"
SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
GSS_REQUEST = bytes.fromhex("00000008 04d21630")
_TLS_HANDSHAKE = 0x16


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the first bytes of a client are."""

    speaks: Literal["unknown", "tls", "plain", "wrong"]
    """From the byte after ``used`` on. ``unknown``: more bytes have to be seen; ``wrong``: what
    only TLS should say, and no server would answer."""
    used: int = 0
    """Bytes that are not for the service."""
    answer: bytes = b""
    """To be sent in plain text."""


Begin = Callable[[bytes], Beginning]


def begin_postgres(data: bytes) -> Beginning:
    """A client that wants GSS encryption is refused that and begins again; one that wants none
    is served in plain text, as a server does that does not insist."""
    if data[0] == _TLS_HANDSHAKE:
        return Beginning(speaks="tls")
    request = data[: len(SSL_REQUEST)]
    if request == SSL_REQUEST:
        return Beginning(speaks="tls", used=len(request), answer=ACCEPT_TLS)
    if request == GSS_REQUEST:
        return Beginning(speaks="unknown", used=len(request), answer=REFUSE_ENCRYPTION)
    if SSL_REQUEST.startswith(request) or GSS_REQUEST.startswith(request):
        return Beginning(speaks="unknown")
    return Beginning(speaks="plain")


def begin_redis(data: bytes) -> Beginning:
    """A port for TLS serves nobody else."""
    return Beginning(speaks="tls" if data[0] == _TLS_HANDSHAKE else "wrong")


BEGINNINGS: dict[str, Begin] = {"postgres": begin_postgres, "redis": begin_redis}
"""By kind of service."""
