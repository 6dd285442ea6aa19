"""Moves bytes between non-blocking sockets, when asked to and only then.

The lab decides when the world moves: nothing is read or written between two turns. That is why
this is an epoll loop of its own and not a framework's.
"""

from __future__ import annotations

import contextlib
import heapq
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Protocol

READ = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
CHUNK = 1 << 16
"""Below the size (128 KB) from which malloc maps and unmaps pages for each buffer."""
NO_LINGER = struct.pack("ii", 1, 0)
UNSENT_BYTES_MAX = 1 << 20
"""A peer that has this much to read yet stops the reading of what would be sent to it."""


class Source(Protocol):
    """Anything with a file descriptor."""

    def fileno(self) -> int: ...


class Pump:
    """An epoll set of callbacks."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._idle: list[Callable[[], None]] = []
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

    def turn(self, timeout_s: float = 0.0, *, idle: bool = True) -> int:
        """Handles what is ready, waiting at most ``timeout_s``; gives the number of events.

        What was left for when nothing is ready is left further if ``idle`` is False.
        """
        if self._later:
            timeout_s = min(timeout_s, max(0.0, self._later[0][0] - time.monotonic()))
        events = self._epoll.poll(timeout_s)
        for number, event in events:
            handler = self._handlers.get(number)
            if handler is not None:
                handler(event)
        if idle and self._idle and not events:
            left, self._idle = self._idle, []
            for action in left:
                action()
        return len(events) + self._run_due()

    def quiet(self) -> bool:
        """Whether nothing is ready; what is will be handled in the next turn."""
        return not self._epoll.poll(0)

    def wait(self, seconds: float) -> None:
        """Until something is ready, at most so long: for less than ``turn`` can wait, which is a
        millisecond."""
        select.select((self._epoll,), (), (), seconds)

    def when_idle(self, action: Callable[[], None]) -> None:
        """Runs ``action`` in the next turn in which nothing is ready, once."""
        self._idle.append(action)

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
        self._idle.clear()


class Pipe:
    """A connected socket that takes bytes at once and sends them as the peer reads."""

    refusal = ""
    """Why it was ended here and not by the peer, if it was."""

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
        self._reading = True
        self._ending = False
        self._source: Pipe | None = None
        connection.setblocking(False)
        pump.add(connection, self._ready)

    def feed(self, target: Pipe) -> None:
        """Says that what is read here goes to ``target``: nothing is read while it is full."""
        target._source = self

    def sent_at(self, offset: int) -> tuple[int, int | None]:
        """Where the peer counts byte ``offset`` of what it said; and if it is encrypted, where on
        the wire the part begins that has to be whole to read it."""
        return offset, None

    def send(self, data: bytes) -> None:
        if not self.open or self._ending or not data:
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
        self._unsent += data
        self._watch()
        if self._source is not None and len(self._unsent) > UNSENT_BYTES_MAX:
            self._source.read_on(False)

    def read_on(self, reading: bool) -> None:
        """Stops or takes up reading; the end of a connection is noticed when it goes on."""
        if self.open and reading != self._reading:
            self._reading = reading
            self._watch()

    def finish(self) -> None:
        """Closes without telling the owner, once the peer has read what was sent."""
        self._ending = True
        self._reading = False
        if self._unsent and self.open:
            self._watch()
        else:
            self.close()

    def reset(self) -> None:
        """Closes so that the peer is told that the connection broke."""
        if self.open and self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.close()

    def close(self) -> None:
        """Closes without telling the owner; what the peer did not read yet is lost."""
        if self.open:
            self.open = False
            self._unsent.clear()
            self._pump.drop(self.socket)
            self.socket.close()
            self._let_source_read()

    def _ready(self, event: int) -> None:
        if event & select.EPOLLOUT:
            self._flush()
        if self.open and event & READ:
            self._read()

    def _watch(self) -> None:
        """Without reading, only errors and the end of both directions are told."""
        events = READ if self._reading else 0
        self._pump.want(self.socket, events | (select.EPOLLOUT if self._unsent else 0))

    def _let_source_read(self) -> None:
        if self._source is not None:
            self._source.read_on(True)

    def _flush(self) -> None:
        try:
            with memoryview(self._unsent) as unsent:
                sent = self.socket.send(unsent[:CHUNK])
        except BlockingIOError:
            return
        except OSError:
            self._end()
            return
        del self._unsent[:sent]
        if len(self._unsent) <= UNSENT_BYTES_MAX // 2:
            self._let_source_read()
        if self._unsent:
            return
        if self._ending:
            self.close()
        else:
            self._watch()

    def _read(self) -> None:
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
        elif not self._ending:
            self._on_bytes(data)

    def _end(self) -> None:
        if self.open:
            self.close()
            if not self._ending:
                self._on_end()
