"""How many bytes wait in the TCP sockets of a network namespace (``sock_diag``, man 7 sock_diag).

One netlink dump answers for all of them; asking costs less than a tenth of a millisecond, which is
why it is used instead of a time-out to know that nothing is under way.

What was sent is acknowledged up to 40 ms after it was read, if the reader has nothing to say. Both
ends of a connection are in the namespace, so that need not be waited for: the reader's own count
says that it has got everything, and that nothing of it is unread.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

NETLINK_SOCK_DIAG = 4
TCPDIAG_GETSOCK = 18
"""Older than SOCK_DIAG_BY_FAMILY; asks for IPv4 and IPv6 in one walk of the table."""
NLM_F_REQUEST_DUMP = 0x301
NLMSG_DONE = 3
NLMSG_ERROR = 2
TCP_ESTABLISHED = 1
TCP_CLOSE_WAIT = 8
TCP_LISTEN = 10
STATES_WITH_DATA = 0xFFF & ~(1 << 7) & ~(1 << 6)
"""All but CLOSE and TIME_WAIT: bits are 1 << state."""
INFO = 2
"""INET_DIAG_INFO: the attribute that holds a ``tcp_info``."""

REQUEST = struct.Struct("=IHHII BBBB 48s II")
HEADER = struct.Struct("=IH10x")
QUEUES = struct.Struct("=xB54xII")
"""Of an ``inet_diag_msg``: state, ``idiag_rqueue``, ``idiag_wqueue``."""
MESSAGE = struct.Struct("=BBxx4s16s16s12xxxxxII8x")
"""The same with family, ports and addresses (linux/inet_diag.h)."""
ATTRIBUTE = struct.Struct("=HH")
RECEIVED = struct.Struct("=128xQ")
"""``bytes_received`` of a ``tcp_info`` (linux/tcp.h)."""
SENT = struct.Struct("=144xI52xQQ")
"""``notsent_bytes``, ``bytes_sent``, ``bytes_retrans``; since Linux 4.19."""
MAPPED = b"\0" * 10 + b"\xff\xff"


class Waiting(NamedTuple):
    """What waits in one socket."""

    state: int
    unread: int
    """Of a listening one: connections that nobody has accepted."""
    unacknowledged: int
    ports: bytes
    """Its own and the other end's."""
    source: bytes
    destination: bytes
    info: bytes
    """``tcp_info``, if it was asked for."""

    @property
    def can_be_late(self) -> bool:
        """Whether it still sends, so that all that is unacknowledged are bytes."""
        return self.state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT)


def waiting_bytes(netlink: socket.socket) -> int:
    """Bytes unread or not received in any IPv4 or IPv6 TCP socket, and connections not accepted.

    ``netlink`` is a NETLINK_SOCK_DIAG socket made inside the namespace.
    """
    unread = unacknowledged = 0
    for data, offset, _ in _messages(netlink, with_info=False):
        state, to_read, sent = QUEUES.unpack_from(data, offset)
        unread += to_read
        unacknowledged += 0 if state == TCP_LISTEN else sent
    if unread or not unacknowledged:
        return unread + unacknowledged
    return _not_received([_waiting(*found) for found in _messages(netlink, with_info=True)])


def _not_received(sockets: list[Waiting]) -> int:
    """Bytes that are unread, or unacknowledged without having come to the other end."""
    received = {
        (each.ports, each.source, each.destination): RECEIVED.unpack_from(each.info)[0]
        for each in sockets
        if len(each.info) >= RECEIVED.size
    }
    total = 0
    for each in sockets:
        total += each.unread
        if each.state == TCP_LISTEN or not each.unacknowledged:
            continue
        other_end = (each.ports[2:] + each.ports[:2], each.destination, each.source)
        came = received.get(other_end)
        sent = _sent(each.info) if each.can_be_late else None
        if came is None or sent is None or came < sent:
            total += each.unacknowledged
    return total


def _sent(info: bytes) -> int | None:
    """How many bytes were sent, each counted once; None while some are not, or if it is unknown."""
    if len(info) < SENT.size:
        return None
    unsent, sent, again = SENT.unpack_from(info)
    return None if unsent else int(sent - again)


def _messages(netlink: socket.socket, *, with_info: bool) -> Iterator[tuple[bytes, int, int]]:
    """The answer to a dump, and where in it each message begins and ends."""
    asked = 1 << (INFO - 1) if with_info else 0
    netlink.send(
        REQUEST.pack(
            *(REQUEST.size, TCPDIAG_GETSOCK, NLM_F_REQUEST_DUMP, 0, 0),
            *(socket.AF_INET, 0, 0, asked, b"\0" * 48, STATES_WITH_DATA, 0),
        )
    )
    while True:
        data = netlink.recv(1 << 16)
        offset = 0
        while offset + HEADER.size <= len(data):
            length, kind = HEADER.unpack_from(data, offset)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield data, offset + HEADER.size, offset + length
            offset += (length + 3) & ~3


def _waiting(data: bytes, offset: int, end: int) -> Waiting:
    fields = MESSAGE.unpack_from(data, offset)
    family, state, ports, source, destination, unread, unacknowledged = fields
    if family == socket.AF_INET:
        source, destination = MAPPED + source[:4], MAPPED + destination[:4]
    info = _attribute(data, offset + MESSAGE.size, end)
    return Waiting(state, unread, unacknowledged, ports, source, destination, info)


def _attribute(data: bytes, offset: int, end: int) -> bytes:
    """The ``tcp_info`` among the attributes of a message; empty if it has none."""
    while offset + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if kind == INFO:
            return data[offset + ATTRIBUTE.size : offset + length]
        offset += max((length + 3) & ~3, ATTRIBUTE.size)
    return b""
