"""Where the next byte of a socket stands in its stream, as the kernel counts."""

from __future__ import annotations

import os
import struct
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .pipe import Frame, Range, heard, ports, report
from .stacks import capture

_TCP_INFO = 11
_INFO_BYTES = 216
_UNSENT = struct.Struct("=I")
_SENT = struct.Struct("=QQ")
_UNSENT_AT = 144
_SENT_AT = 200


class Stream(NamedTuple):
    """A connection to a port of the lab."""

    port: int
    remote: int
    socket: int


_streams: WeakKeyDictionary[Any, Stream | None] = WeakKeyDictionary()


def stream_of(sock: Any) -> Stream | None:
    """Of a socket object; None if it leads elsewhere or nowhere yet."""
    if sock in _streams:
        return _streams[sock]
    try:
        remote = sock.getpeername()
    except OSError:
        return None
    found = None
    if isinstance(remote, tuple) and remote[1] in ports:
        inode = os.fstat(sock.fileno()).st_ino
        found = Stream(sock.getsockname()[1], remote[1], inode)
    _streams[sock] = found
    return found


def position(sock: Any) -> int | None:
    """How many bytes were given to the kernel; None where it does not say (Linux before 4.19)."""
    info = sock.getsockopt(6, _TCP_INFO, _INFO_BYTES)
    if len(info) < _INFO_BYTES:
        return None
    sent, again = _SENT.unpack_from(info, _SENT_AT)
    (unsent,) = _UNSENT.unpack_from(info, _UNSENT_AT)
    return int(sent - again + unsent)


def report_descriptor(descriptor: int, stack: tuple[Frame, ...]) -> None:
    """Says that whatever is sent from now on by a library in C comes from ``stack``."""
    if not heard():
        return
    import _socket

    # The type says nothing to the kernel, and libpq's sockets are non-blocking as they are.
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, descriptor)
    try:
        stream = stream_of_raw(sock, descriptor)
        at = position(sock) if stream else None
    finally:
        sock.detach()
    if stream is not None and at is not None:
        report([Range(stream.port, stream.remote, stream.socket, at, None, stack)])


def stream_of_raw(sock: Any, descriptor: int) -> Stream | None:
    try:
        remote, local = sock.getpeername(), sock.getsockname()
    except OSError:
        return None
    if not isinstance(remote, tuple) or remote[1] not in ports:
        return None
    return Stream(local[1], remote[1], os.fstat(descriptor).st_ino)


def report_bytes(sock: Any, length: int, buffered: int = 0, secure_at: int | None = None) -> None:
    """Says whose the next ``length`` bytes are, behind ``buffered`` ones; nothing if unknown.

    In TLS they are at ``secure_at`` of what is to be encrypted; that nobody's are is said too then,
    so that nobody is looked for on the wire.
    """
    stream = stream_of(sock)
    if stream is None or length == 0:
        return
    stack = capture()
    if not stack and secure_at is None:
        return
    at = position(sock) if secure_at is None else secure_at
    if at is not None:
        report([Range(*stream, at + buffered, length, stack, secure_at is not None)])
