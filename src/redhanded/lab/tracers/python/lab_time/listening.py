"""Hears from the lab that the clock was moved, in a thread that waits for nothing else.

The thread ends before the process forks and begins again afterwards, in the child as well.
"""

from __future__ import annotations

import _socket
import _thread
import functools
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .plain import replace
from .reading import FOLDER, monotonic, offset_ns
from .selecting import Bell
from .waiting import look_again, soonest

NOT_MOVED = ("uvloop", "gevent")
"""Modules that keep timers of their own in C."""

LOOK_S = 0.00005


class Listener:
    """The thread, its connection to the lab, and the pipe that ends it."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._identity: tuple[int, int] | None = None
        self._stop = Bell()
        self._thread = 0
        self._ended = _thread.allocate_lock()
        self._taken_ns = offset_ns()
        self._forking = _thread.RLock()
        self._in_fork = 0

    def begin(self) -> None:
        """Connects, unless that was done, and starts the thread."""
        started = _thread.allocate_lock()
        started.acquire()
        if self._connection is None:
            self._connect()
        self._stop = Bell()
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        _thread.start_new_thread(self._listen, (started,))
        started.acquire()

    def fork(self, inner: Callable[[], Any]) -> Any:
        """Calls ``inner``, which forks; Python warns if there is another thread when it returns."""
        self._in_fork += 1
        try:
            return inner()
        finally:
            self._in_fork = max(self._in_fork - 1, 0)
            self.go_on()

    def before_fork(self) -> None:
        self._forking.acquire()
        if not self._thread or self._stop.rung or not self._stop.is_own():
            return
        self._stop.look_again()
        self._ended.acquire()
        # Its last instructions are not Python's: it is gone when the kernel says so.
        with suppress(FileNotFoundError):
            while True:
                os.stat(f"/proc/self/task/{self._thread}")  # noqa: PTH116
                self._ended.acquire(True, LOOK_S)

    def after_fork(self) -> None:
        self._forking.release()
        if not self._in_fork:
            self.go_on()

    def after_fork_in_child(self) -> None:
        self._forking = _thread.RLock()
        self._in_fork = 0
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with suppress(OSError, RuntimeError):
            self.begin()

    def go_on(self) -> None:
        """Starts the thread again if it was ended for a fork that is over."""
        with self._forking, suppress(OSError, RuntimeError):
            if self._thread and self._stop.rung:
                self.begin()

    def _connect(self) -> None:
        # A path of any length: the socket's own may be longer than the kernel lets an address be.
        folder = os.open(FOLDER, os.O_RDONLY | os.O_CLOEXEC)
        try:
            connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            connection.connect(f"/proc/self/fd/{folder}/socket")
        finally:
            os.close(folder)
        connection.send(f"Python {os.getpid()}\n".encode())
        self._connection = connection
        self._identity = _identity(connection.fileno())
        self._taken_ns = offset_ns()

    def _listen(self, started: Any) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._thread = _thread.get_native_id()
        started.release()
        while True:
            if not self._stop.is_own():
                self._stop = Bell()
            stop = self._stop
            wake = select.poll()
            wake.register(self._connection.fileno(), select.POLLIN)
            wake.register(stop.reader, select.POLLIN)
            ready = [descriptor for descriptor, _ in wake.poll()]
            if stop.reader in ready and stop.is_own():
                self._ended.release()
                return
            if not self._hear():
                self._thread = 0
                return

    def _hear(self) -> bool:
        """Does as the lab says; False if there is none any more."""
        if _identity(self._connection.fileno()) != self._identity:
            # The program has closed a descriptor that it did not know.
            self._connection.detach()
            with suppress(OSError):
                self._connect()
                return True
            return False
        with suppress(OSError):
            if self._connection.recv(4096).endswith(b"\n"):
                self._take()
                self._connection.send(self._answer())
                return True
        return False

    def _take(self) -> None:
        offset = offset_ns()
        moved, self._taken_ns = offset - self._taken_ns, offset
        left, again = signal.getitimer(signal.ITIMER_REAL)
        if left and moved:
            signal.setitimer(signal.ITIMER_REAL, max(left - moved / 1e9, 1e-6), again)
        look_again()

    def _answer(self) -> bytes:
        due, alarm = soonest(), signal.getitimer(signal.ITIMER_REAL)[0]
        left = [alarm] if alarm else []
        if due is not None:
            left.append(max(due - monotonic(), 0.0))
        left_ms = f"{min(left) * 1000:.3f}" if left else "-"
        foreign = ",".join(name for name in NOT_MOVED if name in sys.modules)
        return f"{self._taken_ns} {left_ms} {foreign}\n".encode()


def _identity(descriptor: int) -> tuple[int, int] | None:
    with suppress(OSError):
        status = os.fstat(descriptor)
        return status.st_dev, status.st_ino
    return None


def begin() -> None:
    listener = Listener()
    listener.begin()
    os.register_at_fork(
        before=listener.before_fork,
        after_in_parent=listener.after_fork,
        after_in_child=listener.after_fork_in_child,
    )
    for name in ("fork", "forkpty"):
        inner = getattr(os, name)
        replace(os, name, functools.partial(listener.fork, inner))
