"""How many bytes wait in the TCP sockets of a network namespace (``sock_diag``, man 7 sock_diag).

One netlink dump answers for all of them; it costs less than a tenth of a millisecond, which is
why it is used instead of a time-out to know that nothing is under way.

What was sent is acknowledged up to 40 ms after it was read, if the reader has nothing to say. Both
ends of a connection are in the namespace, so that need not be waited for: the reader's own count
says that it has got everything, and that nothing of it is unread.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

TCPDIAG_GETSOCK = 18
"""Older than SOCK_DIAG_BY_FAMILY; asks for IPv4 and IPv6 in one walk of the table."""
NLM_F_REQUEST_DUMP = 0x301
NLMSG_DONE = 3
NLMSG_ERROR = 2
TCP_LISTEN = 10
SENDING = (1, 8)
"""ESTABLISHED and CLOSE_WAIT: all that is unacknowledged are bytes."""
STATES_WITH_DATA = 0xFFF & ~(1 << 7) & ~(1 << 6)
"""All but CLOSE and TIME_WAIT: bits are 1 << state."""
INFO = 2
"""INET_DIAG_INFO: the attribute that holds a ``tcp_info``."""

DUMP = struct.Struct("=IHHII BBBB 48s II")
HEADER = struct.Struct("=IH10x")
QUEUES = struct.Struct("=xB54xII")
"""Of an ``inet_diag_msg``: state, ``idiag_rqueue``, ``idiag_wqueue``."""
PORTS_AT = 4
"""Where in it both ports are."""
MESSAGE = struct.Struct("=BBxx4s16s16s12x20x")
"""Its family, state, ports, source and destination (linux/inet_diag.h)."""
ATTRIBUTE = struct.Struct("=HH")
RECEIVED = struct.Struct("=128xQ")
"""``bytes_received`` of a ``tcp_info`` (linux/tcp.h)."""
SENT = struct.Struct("=144xI52xQQ")
"""``notsent_bytes``, ``bytes_sent``, ``bytes_retrans``; since Linux 4.19."""
MAPPED = b"\0" * 10 + b"\xff\xff"
Row = tuple[int, int, int, bytes, int, int]
"""A socket: state, bytes unread and unacknowledged, and the answer that says so, with the place of
its message in that."""


class End(NamedTuple):
    """One end of a connection: ports (its own and the other's), its address, the other's."""

    family: int
    ports: bytes
    source: bytes
    destination: bytes

    def other(self) -> End:
        return End(self.family, self.ports[2:] + self.ports[:2], self.destination, self.source)


def waiting_bytes(netlink: socket.socket) -> int:
    """Bytes unread or not received in any IPv4 or IPv6 TCP socket, and connections not accepted.

    ``netlink`` is a NETLINK_SOCK_DIAG socket made inside the namespace.
    """
    total = 0
    late: list[Row] = []
    rows = list(_dump(netlink))
    for row in rows:
        state, unread, unacknowledged, _, _, _ = row
        total += unread
        if unacknowledged and state in SENDING:
            late.append(row)
        elif state != TCP_LISTEN:
            total += unacknowledged
    if total:
        return total + sum(row[2] for row in late)
    return _not_received(rows, late)


def _not_received(rows: list[Row], late: list[Row]) -> int:
    """Of bytes that are not acknowledged, those that have not come to the other end."""
    if not late:
        return 0
    ends = [_end(row) for row in late]
    asked = {end.other().ports for end in ends}
    by_ports: dict[bytes, list[Row]] = {}
    for row in rows:
        _, _, _, data, offset, _ = row
        ports = data[offset + PORTS_AT : offset + PORTS_AT + 4]
        if ports in asked:
            by_ports.setdefault(ports, []).append(row)
    total = 0
    for row, end in zip(late, ends, strict=True):
        other = end.other()
        found = [each for each in by_ports.get(other.ports, ()) if _end(each) == other]
        received = _info(found[0]) if found else b""
        came = RECEIVED.unpack_from(received)[0] if len(received) >= RECEIVED.size else -1
        sent = _sent(_info(row))
        if sent is None or came < sent:
            total += row[2]
    return total


def _sent(info: bytes) -> int | None:
    """How many bytes were sent, each counted once; None while some are not, or if it is unknown."""
    if len(info) < SENT.size:
        return None
    unsent, sent, again = SENT.unpack_from(info)
    return None if unsent else int(sent - again)


def _dump(netlink: socket.socket) -> Iterator[Row]:
    """All sockets."""
    flags = (DUMP.size, TCPDIAG_GETSOCK, NLM_F_REQUEST_DUMP, 0, 0)
    wanted = (socket.AF_INET, 0, 0, 1 << (INFO - 1))
    netlink.send(DUMP.pack(*flags, *wanted, b"\0" * 48, STATES_WITH_DATA, 0))
    while True:
        data = netlink.recv(1 << 16)
        offset = 0
        while offset + HEADER.size <= len(data):
            length, kind = HEADER.unpack_from(data, offset)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            step = (length + 3) & ~3
            # Messages that follow one another mostly have one length.
            rows = _messages(step)
            alike = memoryview(data)[offset : len(data) - (len(data) - offset) % step]
            for size, its_kind, state, unread, unacknowledged in rows.iter_unpack(alike):
                if size != length or its_kind != kind:
                    break
                yield state, unread, unacknowledged, data, offset + HEADER.size, offset + length
                offset += step


@lru_cache(maxsize=16)
def _messages(step: int) -> struct.Struct:
    """A header and an ``inet_diag_msg``, each ``step`` bytes after the one before."""
    return struct.Struct(f"=IH10xxB54xII{step - HEADER.size - QUEUES.size}x")


def _end(row: Row) -> End:
    _, _, _, data, offset, _ = row
    family, _, ports, source, destination = MESSAGE.unpack_from(data, offset)
    if family == socket.AF_INET6 and source[:12] == MAPPED == destination[:12]:
        # The other end may be one of IPv4, and is found as such.
        family, source, destination = socket.AF_INET, source[12:], destination[12:]
    if family == socket.AF_INET:
        source, destination = source[:4], destination[:4]
    return End(family, ports, source, destination)


def _info(row: Row) -> bytes:
    """The ``tcp_info`` of one socket; empty if it was not told."""
    _, _, _, data, offset, stop = row
    offset += MESSAGE.size
    while offset + ATTRIBUTE.size <= stop:
        size, attribute = ATTRIBUTE.unpack_from(data, offset)
        if attribute == INFO:
            return data[offset + ATTRIBUTE.size : offset + size]
        offset += max((size + 3) & ~3, ATTRIBUTE.size)
    return b""
