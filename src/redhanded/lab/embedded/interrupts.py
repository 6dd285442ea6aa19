"""Steps that an interrupt does not come between."""

from __future__ import annotations

import os
import signal
from _thread import get_native_id
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds back what interrupts us until the block ends.

    For steps of which one without the other leaves something behind: a pool's thread that
    ``concurrent.futures`` does not know of yet, a folder that nobody has noted down.
    """
    received: list[int] = []
    # Only the main thread may set handlers, and only it is interrupted.
    before: dict[signal.Signals, Callable[[int, FrameType | None], object]] = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        handler = signal.getsignal(number)
        if callable(handler) and get_native_id() == os.getpid():
            before[number] = handler
            signal.signal(number, lambda got, _frame: received.append(got))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for got in received[:1]:
            signal.raise_signal(got)
