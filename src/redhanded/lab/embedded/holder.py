"""The process that holds a network namespace, hands out sockets made in it, and clears it.

Run as a program with one argument, the number of an inherited SOCK_SEQPACKET unix socket; standard
library only, so that it is up in about 30 ms. It answers one request per message (``listen``,
``socket``, ``diag``, ``sniff``) with one socket (SCM_RIGHTS). When the other end closes, whether by
choice or because redhanded was killed, it kills every process that is still in the namespace, and
ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_DUMPABLE = 4
NETLINK_SOCK_DIAG = 4
ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
BACKLOG = 512
SWEEPS_MAX = 200

RTM_NEWLINK, RTM_NEWROUTE = 16, 24
NLM_F_REQUEST_ACK = 0x5
NLM_F_REQUEST_ACK_CREATE_REPLACE = 0x505
RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL = 255, 3, 254, 2
RTA_OIF = 4
IFF_UP = 1


def main(channel: socket.socket) -> None:
    """Make the namespace, say so, serve until the other end is gone, clear up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        own_user = unshare()
        take_a_small_socket_table()
        make_everything_local()
        sniffer = open_sniffer()
    except OSError as error:
        channel.send(json.dumps({"why": f"{error.strerror or error}"}).encode())
        return
    channel.send(json.dumps({"own_user": own_user}).encode())
    serve(channel, sniffer)
    clear_namespace()


def unshare() -> bool:
    """Enter a new network namespace; True if that took a user namespace too."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == 0:
        return False
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a network namespace is not allowed here ({os.strerror(number)})")
    # The same numbers inside as outside: programs see the user they expect.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    # A change of credentials hides /proc/PID/ns from our own user; processes enter through it.
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    return True


def take_a_small_socket_table() -> None:
    """Move to a namespace whose table of connections is its own and small.

    Listing sockets walks the whole table. The host's may have 262,144 buckets (0.3 ms a walk where
    this was measured); 512 are enough for one system. A namespace's sysctl decides the size for
    those made after it, so a second namespace is made; where that fails the first one stays.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError):
        Path("/proc/sys/net/ipv4/tcp_child_ehash_entries").write_text("512")
        libc.unshare(CLONE_NEWNET)


def make_everything_local() -> None:
    """Bring ``lo`` up and route all of IPv4 and IPv6 to it: whatever is called, nobody is there.

    So a connect is refused at once instead of hanging, and the sniffer on ``lo`` sees it.
    Source: rtnetlink(7).
    """
    loopback = socket.if_nametoindex("lo")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        link = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, loopback, IFF_UP, IFF_UP)
        request(netlink, RTM_NEWLINK, NLM_F_REQUEST_ACK, link)
        for family in (socket.AF_INET, socket.AF_INET6):
            table = (RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL)
            route = struct.pack("=8BI", family, 0, 0, 0, *table, 0)
            route += struct.pack("=HHi", 8, RTA_OIF, loopback)
            try:
                request(netlink, RTM_NEWROUTE, NLM_F_REQUEST_ACK_CREATE_REPLACE, route)
            except OSError:
                # A kernel without IPv6 has no IPv6 to be reached over.
                if family == socket.AF_INET or Path("/proc/net/if_inet6").exists():
                    raise


def request(netlink: socket.socket, kind: int, flags: int, body: bytes) -> None:
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
    (code,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if code:
        raise OSError(-code, f"the namespace's routes could not be set ({os.strerror(-code)})")


def serve(channel: socket.socket, sniffer: socket.socket) -> None:
    """Answer until the other end is closed. A reply without a socket is the text of an error."""
    while data := channel.recv(4096):
        try:
            question = json.loads(data)
            made = sniffer if question == ["sniff"] else make(question)
        except OSError as error:
            channel.send(str(error.strerror or error).encode())
            continue
        socket.send_fds(channel, [b"ok"], [made.fileno()])
        if made is not sniffer:
            made.close()


def make(question: list[object]) -> socket.socket:
    """A socket of this namespace: ``["listen", host, port]``, ``["socket"]`` or ``["diag"]``."""
    match question:
        case ["listen", str(host), int(port)]:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, port), family=family, backlog=BACKLOG)
        case ["diag"]:
            return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        case _:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_sniffer() -> socket.socket:
    """An AF_PACKET socket on ``lo`` that gets only what is meant for elsewhere, or for port 53."""
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in ELSEWHERE)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(ELSEWHERE), ctypes.addressof(buffer))
    sniffer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    sniffer.bind(("lo", ETH_P_ALL))
    return sniffer


LOAD_HALF, LOAD_BYTE, LOAD_WORD = 0x28, 0x30, 0x20
LOAD_HEADER_LENGTH, LOAD_HALF_AFTER_HEADER = 0xB1, 0x48
EQUAL, RETURN = 0x15, 0x06
ELSEWHERE = (
    (LOAD_HALF, 0, 0, 12),  # 0: the frame's protocol
    (EQUAL, 0, 8, 0x0800),  # 1: IPv4, else 10
    (LOAD_BYTE, 0, 0, 23),  # 2: IPv4 protocol
    (EQUAL, 1, 0, 6),  # 3: TCP to 5
    (EQUAL, 0, 18, 17),  # 4: UDP, else drop
    (LOAD_BYTE, 0, 0, 30),  # 5: first byte of the destination
    (EQUAL, 0, 15, 127),  # 6: 127/8, else keep
    (LOAD_HEADER_LENGTH, 0, 0, 14),  # 7
    (LOAD_HALF_AFTER_HEADER, 0, 0, 16),  # 8: destination port
    (EQUAL, 12, 13, 53),  # 9: keep 53, else drop
    (EQUAL, 0, 12, 0x86DD),  # 10: IPv6, else drop
    (LOAD_BYTE, 0, 0, 20),  # 11: IPv6 next header
    (EQUAL, 1, 0, 6),  # 12: TCP to 14
    (EQUAL, 0, 9, 17),  # 13: UDP, else drop
    (LOAD_WORD, 0, 0, 38),  # 14: the destination, ::1 or not
    (EQUAL, 0, 6, 0),  # 15
    (LOAD_WORD, 0, 0, 42),  # 16
    (EQUAL, 0, 4, 0),  # 17
    (LOAD_WORD, 0, 0, 46),  # 18
    (EQUAL, 0, 2, 0),  # 19
    (LOAD_WORD, 0, 0, 50),  # 20
    (EQUAL, 2, 0, 1),  # 21: ::1 to 24, else keep
    (RETURN, 0, 0, 0xFFFF),  # 22: keep
    (RETURN, 0, 0, 0),  # 23: drop
    (LOAD_HALF, 0, 0, 56),  # 24: destination port over IPv6
    (EQUAL, 0, 1, 53),  # 25
    (RETURN, 0, 0, 0xFFFF),  # 26: keep
    (RETURN, 0, 0, 0),  # 27: drop
)
"""Classic BPF: code, jump if true, jump if false, operand (Linux, networking/filter.rst)."""


def clear_namespace() -> None:
    """Kill whatever is still in here, also what left its parent or its session; look again."""
    here = str(Path("/proc/self/ns/net").readlink())
    for _ in range(SWEEPS_MAX):
        others = [pid for pid in processes() if pid != os.getpid() and namespace_of(pid) == here]
        if not others:
            return
        for pid in others:
            kill(pid)


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def namespace_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def kill(pid: int) -> None:
    """Kill and wait until it is gone; a pidfd is readable then (pidfd_open(2))."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        wait_readable(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def wait_readable(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll(1000)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
