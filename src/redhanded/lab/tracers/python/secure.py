"""Python's own TLS: bytes are counted before they are encrypted, which the lab's proxies undo.

TLS in C (libpq) is counted by the kernel, as ``libpq`` says.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from .pipe import heard
from .pipelines import report_pipeline
from .streams import report_bytes, stream_of
from .wrapping import before

_encrypted: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Socket or protocol → bytes that it was given until now."""
_reported: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Socket → the byte up to which lines are told: ``sendall`` sends in pieces."""


def patch_socket(module: Any) -> None:
    """``ssl``: one record for each call that sends."""
    before(module.SSLSocket, "sendall", _one)
    for name in ("send", "write"):
        _count(module.SSLSocket, name)


def patch_transport(module: Any) -> None:
    """``asyncio.sslproto``: whatever is encrypted goes through here, in its order."""
    before(module.SSLProtocol, "_write_appdata", _appended)


def _count(owner: Any, name: str) -> None:
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def send(sock: Any, data: Any, *arguments: Any) -> Any:
        with suppress(Exception):
            _one(sock, data)
        sent = inner(sock, data, *arguments)
        with suppress(Exception):
            if sock._sslobj is not None:
                _encrypted[sock] = _encrypted.get(sock, 0) + sent
        return sent

    setattr(owner, name, send)


def _one(sock: Any, data: Any, *_: Any) -> None:
    at = _encrypted.get(sock, 0)
    if sock._sslobj is None or at < _reported.get(sock, 0) or stream_of(sock) is None:
        return
    length = memoryview(data).nbytes
    _reported[sock] = at + length
    if not heard():
        return
    if not report_pipeline(sock, data, sys._getframe(1), 0, at):
        report_bytes(sock, length, 0, at)


def _appended(protocol: Any, data: Any) -> None:
    if isinstance(data, (list, tuple)):
        data = data[0] if len(data) == 1 else b"".join(data)
    at = _encrypted.get(protocol, 0)
    _encrypted[protocol] = at + memoryview(data).nbytes
    sock = protocol._transport._sock
    if not heard() or stream_of(sock) is None:
        return
    if not report_pipeline(sock, data, sys._getframe(1), 0, at):
        report_bytes(sock, memoryview(data).nbytes, 0, at)
