"""Names for what a captured packet was sent to (Ethernet frames as AF_PACKET gives them).

A DNS question over UDP is named by what it asks for, everything else by address and port.
"""

from __future__ import annotations

import ipaddress
import struct

TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10
DNS_PORT = 53


def destination(frame: bytes) -> str | None:
    """``api.example.com (DNS)``, ``93.184.216.34:443``, ``[2001:db8::1]:9 (UDP)``.

    None for packets that start nothing: TCP beyond its first SYN, DNS answers, cut frames.
    """
    try:
        (kind,) = struct.unpack_from("!H", frame, 12)
        if kind == 0x0800:
            start = 14 + 4 * (frame[14] & 0xF)
            return _named(frame[start:], frame[23], ipaddress.IPv4Address(frame[30:34]))
        if kind == 0x86DD:
            return _named(frame[54:], frame[20], ipaddress.IPv6Address(frame[38:54]))
    except (struct.error, IndexError, ipaddress.AddressValueError):
        return None
    return None


def _named(
    segment: bytes, protocol: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> str | None:
    (port,) = struct.unpack_from("!H", segment, 2)
    shown = f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    if protocol == TCP:
        return shown if segment[13] & (SYN | ACK) == SYN else None
    if protocol != UDP:
        return None
    if port != DNS_PORT:
        return f"{shown} (UDP)"
    question = segment[8:]
    if question[2] & 0x80:
        return None
    return f"{_domain(question)} (DNS)"


def _domain(question: bytes) -> str:
    """The first name asked for (RFC 1035, section 4.1.2); a question is never compressed."""
    labels: list[str] = []
    at = 12
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    return ".".join(labels) or "."
