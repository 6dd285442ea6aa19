"""Threads that wait for a moment of lab time: ``time.sleep`` and all that stands on conditions.

Each waits for the real time that is left; whoever moves the clock wakes all, and each looks anew.
"""

from __future__ import annotations

import _thread
import threading
import time
from contextlib import suppress
from typing import Any

from .plain import replace
from .reading import monotonic

_new_lock = _thread.allocate_lock
_real_sleep = time.sleep
_waits_in_condition = threading.Condition.wait


class Wait:
    """A thread that waits; also what ``Condition.notify`` takes for the lock of its waiter."""

    __slots__ = ("_lock", "due", "notified")

    def __init__(self, seconds: float) -> None:
        self.due = monotonic() + seconds
        self.notified = False
        self._lock = _new_lock()
        self._lock.acquire()

    def pass_time(self) -> bool:
        """Until it is notified or due; whether it was notified."""
        waiting.add(self)
        try:
            while not self.notified:
                left = self.due - monotonic()
                if left <= 0:
                    break
                self._lock.acquire(True, min(left, _thread.TIMEOUT_MAX))
        finally:
            waiting.discard(self)
        return self.notified

    def release(self) -> None:
        self.notified = True
        self.look_again()

    def look_again(self) -> None:
        """Wakes its thread, which finds out whether time is up."""
        with suppress(RuntimeError):  # It was woken and has not looked yet.
            self._lock.release()


waiting: set[Any] = set()
"""Every wait with an end in this process: what has ``due`` and ``look_again``."""


def look_again() -> None:
    """Wakes all that wait, those that are due first at first."""
    for wait in sorted(waiting.copy(), key=lambda wait: wait.due):
        wait.look_again()


def soonest() -> float | None:
    """When the first of them is due."""
    return min((wait.due for wait in waiting.copy()), default=None)


def patch() -> None:
    replace(time, "sleep", _sleep)
    threading.Condition.wait = _wait  # type: ignore[method-assign]


def _sleep(seconds: float) -> None:
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        _real_sleep(seconds)
    else:
        Wait(seconds).pass_time()


def _wait(self: Any, timeout: float | None = None) -> bool:
    """Wait until notified or until a timeout occurs; as the one it replaces, in lab time."""
    if timeout is None or not timeout > 0:
        return _waits_in_condition(self, timeout)
    if not self._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    wait = Wait(timeout)
    self._waiters.append(wait)
    saved = self._release_save()
    notified = False
    try:
        notified = wait.pass_time()
        return notified
    finally:
        self._acquire_restore(saved)
        if not notified:
            with suppress(ValueError):
                self._waiters.remove(wait)
