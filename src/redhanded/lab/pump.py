"""Moves bytes between non-blocking sockets, when asked to and only then.

The lab decides when the world moves: nothing is read or written between two turns. That is why
this is an epoll loop of its own and not a framework's.
"""

from __future__ import annotations

import contextlib
import heapq
import select
import socket
import time
from collections.abc import Callable
from typing import Protocol

READ = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
CHUNK = 1 << 18


class Source(Protocol):
    """Anything with a file descriptor."""

    def fileno(self) -> int: ...


class Pump:
    """An epoll set of callbacks."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def add(self, source: Source, handler: Callable[[int], None], events: int = READ) -> None:
        self._handlers[source.fileno()] = handler
        self._epoll.register(source.fileno(), events)

    def want(self, source: Source, events: int) -> None:
        self._epoll.modify(source.fileno(), events)

    def drop(self, source: Source) -> None:
        if self._handlers.pop(source.fileno(), None) is not None:
            with contextlib.suppress(OSError):
                self._epoll.unregister(source.fileno())

    def turn(self, timeout_s: float = 0.0) -> int:
        """Handles what is ready, waiting at most ``timeout_s``; gives the number of events."""
        if self._later:
            timeout_s = min(timeout_s, max(0.0, self._later[0][0] - time.monotonic()))
        events = self._epoll.poll(timeout_s)
        for number, event in events:
            handler = self._handlers.get(number)
            if handler is not None:
                handler(event)
        return len(events) + self._run_due()

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Runs ``action`` in the first turn that begins or waits at least ``delay_s`` from now."""
        self._count += 1
        heapq.heappush(self._later, (time.monotonic() + delay_s, self._count, action))

    def pending(self) -> bool:
        """Whether an action is set for later."""
        return bool(self._later)

    def _run_due(self) -> int:
        due = 0
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
            due += 1
        return due

    def fileno(self) -> int:
        """Readable while something is ready, so that one can wait for several pumps."""
        return self._epoll.fileno()

    def close(self) -> None:
        self._epoll.close()
        self._handlers.clear()
        self._later.clear()


class Pipe:
    """A connected socket that takes bytes at once and sends them as the peer reads."""

    def __init__(
        self,
        pump: Pump,
        connection: socket.socket,
        on_bytes: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self.socket = connection
        self.open = True
        self._pump = pump
        self._on_bytes = on_bytes
        self._on_end = on_end
        self._unsent = bytearray()
        connection.setblocking(False)
        pump.add(connection, self._ready)

    def send(self, data: bytes) -> None:
        if not self.open or not data:
            return
        if not self._unsent:
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._end()
                return
            if sent == len(data):
                return
            data = data[sent:]
            self._pump.want(self.socket, READ | select.EPOLLOUT)
        self._unsent += data

    def close(self) -> None:
        """Closes without telling the owner."""
        if self.open:
            self.open = False
            self._pump.drop(self.socket)
            self.socket.close()

    def _ready(self, event: int) -> None:
        if event & select.EPOLLOUT:
            self._flush()
        if self.open and event & READ:
            self._read()

    def _flush(self) -> None:
        try:
            sent = self.socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._end()
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._pump.want(self.socket, READ)

    def _read(self) -> None:
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_bytes(data)
        else:
            self._end()

    def _end(self) -> None:
        if self.open:
            self.close()
            self._on_end()
