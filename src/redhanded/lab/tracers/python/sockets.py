"""Python's own sockets: http.client, redis-py, and whatever else sends through them."""

from __future__ import annotations

import sys
from typing import Any

from .pipe import heard
from .pipelines import report_pipeline
from .streams import report_bytes, stream_of
from .wrapping import before


def patch_socket(module: Any) -> None:
    """``socket``: one record for each call that sends."""
    for name in ("send", "sendall"):
        before(module.socket, name, _one)
    before(module.socket, "sendmsg", _several)


def patch_transport(module: Any) -> None:
    """``asyncio.selector_events``: what is appended to a buffer is sent later, from the loop.

    With an empty buffer a transport sends at once, which the socket reports.
    """
    transport = module._SelectorSocketTransport
    before(transport, "write", _buffered)
    if "writelines" in vars(transport):
        before(transport, "writelines", _buffered_lines)


def _one(sock: Any, data: Any, *_: Any) -> None:
    if not heard() or stream_of(sock) is None:
        return
    if not report_pipeline(sock, data, sys._getframe(1)):
        report_bytes(sock, memoryview(data).nbytes)


def _several(sock: Any, buffers: Any, *_: Any) -> None:
    if isinstance(buffers, (list, tuple)) and heard() and stream_of(sock) is not None:
        data = b"".join(buffers)
        if not report_pipeline(sock, data, sys._getframe(1)):
            report_bytes(sock, len(data))


def _buffered(transport: Any, data: Any) -> None:
    waiting = transport.get_write_buffer_size()
    if not waiting or not heard() or stream_of(transport._sock) is None:
        return
    if not report_pipeline(transport._sock, data, sys._getframe(1), waiting):
        report_bytes(transport._sock, memoryview(data).nbytes, waiting)


def _buffered_lines(transport: Any, lines: Any) -> None:
    if isinstance(lines, (list, tuple)) and heard():
        _buffered(transport, b"".join(lines))
