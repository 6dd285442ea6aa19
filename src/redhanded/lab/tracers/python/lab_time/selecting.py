"""Threads that wait for descriptors until a moment of lab time: ``select``, ``poll`` and ``epoll``.

Each also waits for a pipe of its own, by which it is woken when the clock was moved.
"""

from __future__ import annotations

import _thread
import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .plain import replace, replace_method
from .reading import monotonic
from .waiting import waiting

_Poll = type(select.poll())
_real_select = select.select
_poll, _register, _unregister = _Poll.poll, _Poll.register, _Poll.unregister
_new_poll = select.poll
_own = _thread._local()


class Bell:
    """The pipe of one thread; one at a time waits for it."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._owner = os.getpid()
        self._identity = self._identities()
        self.due = 0.0
        self.rung = False

    def is_own(self) -> bool:
        """Whether it is no parent's, and was not closed by a program that does not know it."""
        with suppress(OSError):
            return self._owner == os.getpid() and self._identities() == self._identity
        return False

    def look_again(self) -> None:
        with suppress(OSError):
            os.write(self._writer, b"!")
        self.rung = True

    def empty(self) -> None:
        if self.rung:
            self.rung = False
            with suppress(OSError):
                os.read(self.reader, 4096)

    def _identities(self) -> list[tuple[int, int]]:
        found = [os.fstat(descriptor) for descriptor in (self.reader, self._writer)]
        return [(status.st_dev, status.st_ino) for status in found]

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            if self._identities() == self._identity:
                os.close(self.reader)
                os.close(self._writer)


def _bell() -> Bell:
    bell = getattr(_own, "bell", None)
    if bell is None or bell in waiting or not bell.is_own():
        bell = Bell()
        _own.bell = bell
    return bell


def patch() -> None:
    replace(select, "select", _select)
    replace_method(_Poll, "poll", _patched_poll)
    if hasattr(select, "epoll"):
        replace_method(select.epoll, "poll", _patched_epoll(select.epoll.poll))


def _until(seconds: float, wait: Callable[[Bell, float], Any]) -> Any:
    """Calls ``wait`` with the seconds that are left until it finds something or time is up."""
    due = monotonic() + seconds
    bell = _bell()
    bell.due = due
    waiting.add(bell)
    try:
        while True:
            left = max(due - monotonic(), 0.0)
            found = wait(bell, left)
            if found or left == 0.0:
                return found
            bell.empty()
    finally:
        waiting.discard(bell)


def _ends(timeout: Any) -> bool:
    return isinstance(timeout, (int, float)) and timeout > 0


def _select(read: Any, write: Any, special: Any, timeout: Any = None) -> Any:
    if not _ends(timeout):
        return _real_select(read, write, special, timeout)
    read, write, special = list(read), list(write), list(special)

    def wait(bell: Bell, left: float) -> Any:
        found = _real_select([*read, bell.reader], write, special, left)
        readable = [each for each in found[0] if each is not bell.reader]
        return (readable, *found[1:]) if readable or found[1] or found[2] else None

    return _until(timeout, wait) or ([], [], [])


def _patched_poll(self: Any, timeout: Any = None) -> Any:
    if not _ends(timeout):
        return _poll(self, timeout)

    def wait(bell: Bell, left: float) -> Any:
        _register(self, bell.reader, select.POLLIN)
        try:
            found = _poll(self, left * 1000.0)
        finally:
            _unregister(self, bell.reader)
        return [event for event in found if event[0] != bell.reader]

    return _until(timeout / 1000.0, wait)


def _patched_epoll(inner: Callable[..., Any]) -> Callable[..., Any]:
    def poll(self: Any, timeout: Any = None, maxevents: int = -1) -> Any:
        if not _ends(timeout):
            return inner(self, timeout, maxevents)

        def wait(bell: Bell, left: float) -> Any:
            # An epoll set is a descriptor that can be waited for itself.
            found = inner(self, 0, maxevents)
            if found or left == 0.0:
                return found
            both = _new_poll()
            both.register(self.fileno(), select.POLLIN)
            both.register(bell.reader, select.POLLIN)
            _poll(both, left * 1000.0)
            return inner(self, 0, maxevents)

        return _until(timeout, wait)

    return poll
