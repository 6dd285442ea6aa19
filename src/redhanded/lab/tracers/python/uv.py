"""uvloop, whose transports are closed to patches and send at the end of a turn: the streams of
asyncio and asyncpg's protocol say whose bytes are to come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from .pipe import Range, heard, report
from .pipelines import report_pipeline
from .stacks import capture
from .streams import position, report_bytes, stream_of
from .wrapping import before

PROTOCOL_CALLS = (
    "query prepare bind_execute bind_execute_many bind execute close_statement copy_in copy_out"
)

_encrypted: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Writer → bytes that it was given in TLS."""
_transports: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def patch_streams(module: Any) -> None:
    """``asyncio.streams``."""
    before(module.StreamWriter, "write", _write)
    before(module.StreamWriter, "writelines", _write_lines)


def patch_asyncpg(module: Any) -> None:
    """``asyncpg.protocol``: one call at a time on a connection."""
    before(module.Protocol, "connection_made", _transports.__setitem__)
    for name in PROTOCOL_CALLS.split():
        before(module.Protocol, name, _call)


def _call(protocol: Any, *_: Any, **__: Any) -> None:
    transport = _transports.get(protocol)
    if transport is None or not heard() or not _is_uv(transport):
        return
    with _socket_of(transport) as sock:
        stream = stream_of(sock)
        at = position(sock) if stream else None
    if stream is not None and at is not None:
        at += transport.get_write_buffer_size()
        report([Range(*stream, at, None, capture(sys._getframe(1)))])


def _write(writer: Any, data: Any) -> None:
    transport = writer.transport
    if not _is_uv(transport):
        return
    length = memoryview(data).nbytes
    at, waiting = None, 0
    if transport.get_extra_info("ssl_object") is not None:
        at = _encrypted.get(writer, 0)
        _encrypted[writer] = at + length
    else:
        waiting = transport.get_write_buffer_size()
    if not heard():
        return
    with _socket_of(transport) as sock:
        if not report_pipeline(sock, data, sys._getframe(1), waiting, at):
            report_bytes(sock, length, waiting, at)


def _write_lines(writer: Any, lines: Any) -> None:
    if isinstance(lines, (list, tuple)):
        _write(writer, b"".join(lines))


@contextmanager
def _socket_of(transport: Any) -> Iterator[Any]:
    """uvloop shows only a stand-in; the descriptor stays the transport's."""
    import socket

    descriptor = transport.get_extra_info("socket").fileno()
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        yield sock
    finally:
        sock.detach()


def _is_uv(transport: Any) -> bool:
    return type(transport).__module__.startswith("uvloop")
