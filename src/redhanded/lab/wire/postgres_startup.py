"""PostgreSQL's packets without a type byte: start-up, cancel, and what asks for encryption.

Layouts: manual, section 55.7 "Message Formats". Every 3.x is one protocol here: what 3.2 adds
(keys of up to 256 bytes, NegotiateProtocolVersion) has a place in the messages of 3.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

REFUSE_ENCRYPTION = b"N"
"""The whole answer to SSLRequest and GSSENCRequest of a server that has neither."""
ENCRYPTION_REQUESTS = frozenset(("SSLREQUEST", "GSSENCREQUEST"))
STARTUP_BYTES_MAX = 10_000
"""As in the server (MAX_STARTUP_PACKET_LENGTH)."""
HEADER_BYTES = 8

_HEADER = struct.Struct(">II").unpack_from
_TLS_RECORD = 0x16
_KINDS = {80877102: "CANCEL", 80877103: "SSLREQUEST", 80877104: "GSSENCREQUEST"}
_CANCEL_BYTES_MIN = HEADER_BYTES + 4


class NotStartup(ValueError):
    """Bytes that begin no connection of a PostgreSQL client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One whole packet."""

    raw: bytes
    kind: str
    """``STARTUP``, ``CANCEL``, ``SSLREQUEST`` or ``GSSENCREQUEST``."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Of a start-up: ``user``, ``database``, ``application_name`` …"""
    cancels: tuple[int, bytes] | None = None
    """Of a cancel: the process and the key that its server named in BackendKeyData."""


def read_packet(data: bytes, start: int) -> Packet | int:
    """The packet that begins at ``start``, or how many bytes from there are needed first."""
    if data[start] == _TLS_RECORD:
        raise NotStartup("TLS from the first byte (sslnegotiation=direct), which cannot be read")
    if len(data) - start < HEADER_BYTES:
        return HEADER_BYTES
    length, code = _HEADER(data, start)
    if not HEADER_BYTES <= length <= STARTUP_BYTES_MAX:
        raise NotStartup("a start-up packet of an impossible length")
    kind = _KINDS.get(code, "STARTUP" if code >> 16 == 3 else None)
    if kind is None:
        raise NotStartup("a start-up packet of an unknown version")
    if kind == "CANCEL" and length < _CANCEL_BYTES_MIN:
        raise NotStartup("a cancel request that names nobody")
    if len(data) - start < length:
        return int(length)
    raw = data[start : start + length]
    if kind == "STARTUP":
        return Packet(raw=raw, kind=kind, parameters=_parameters(raw))
    return Packet(raw=raw, kind=kind, cancels=backend_key(raw[8:]) if kind == "CANCEL" else None)


def backend_key(body: bytes) -> tuple[int, bytes] | None:
    """Process and key, as BackendKeyData and CancelRequest write them; None if cut short."""
    return (int.from_bytes(body[:4], "big"), body[4:]) if len(body) >= 4 else None


def _parameters(packet: bytes) -> dict[str, str]:
    words = [word.decode("utf-8", "replace") for word in packet[HEADER_BYTES:].split(b"\0")]
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name: value for name, value in pairs if name}
