"""How many bytes wait in the TCP sockets of a network namespace (``sock_diag``, man 7 sock_diag).

One netlink dump answers for all of them; asking costs about a tenth of a millisecond, which is why
it is used instead of a time-out to know that nothing is under way.
"""

from __future__ import annotations

import socket
import struct

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST_DUMP = 0x301
NLMSG_DONE = 3
NLMSG_ERROR = 2
TCP_LISTEN = 10
STATES_WITH_DATA = 0xFFF & ~(1 << 7) & ~(1 << 6)
"""All but CLOSE and TIME_WAIT: bits are 1 << state."""

REQUEST = struct.Struct("=IHHII BBBBI 48s")
HEADER = struct.Struct("=IHHII")
MESSAGE = struct.Struct("=BBBB 48s IIII I")


def waiting_bytes(netlink: socket.socket) -> int:
    """Bytes unread or unacknowledged in any IPv4 or IPv6 TCP socket, and connections not accepted.

    ``netlink`` is a NETLINK_SOCK_DIAG socket made inside the namespace.
    """
    return sum(_dump(netlink, family) for family in (socket.AF_INET, socket.AF_INET6))


def _dump(netlink: socket.socket, family: int) -> int:
    netlink.send(
        REQUEST.pack(
            REQUEST.size,
            SOCK_DIAG_BY_FAMILY,
            NLM_F_REQUEST_DUMP,
            0,
            0,
            family,
            socket.IPPROTO_TCP,
            0,
            0,
            STATES_WITH_DATA,
            b"\0" * 48,
        )
    )
    total = 0
    while True:
        data = netlink.recv(1 << 16)
        offset = 0
        while offset + HEADER.size <= len(data):
            length, kind, _, _, _ = HEADER.unpack_from(data, offset)
            if kind == NLMSG_DONE:
                return total
            if kind == NLMSG_ERROR:
                return total
            fields = MESSAGE.unpack_from(data, offset + HEADER.size)
            total += fields[6] + (0 if fields[1] == TCP_LISTEN else fields[7])
            offset += (length + 3) & ~3
