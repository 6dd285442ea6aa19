"""What the clocks of this process say: the real ones and the lab's offset, and dates from them."""

from __future__ import annotations

import datetime
import mmap
import os
import time
from collections.abc import Callable
from typing import Any

from .plain import replace, replace_method

FOLDER = os.environ.get("REDHANDED_CLOCK", "")
SECONDS = ("time", "monotonic", "perf_counter")
DEFAULT_NOW = ("localtime", "gmtime", "ctime")
"""Functions that take the time, or else mean now."""

_real_monotonic = time.monotonic
_real_time = time.time


def _mapped() -> Any:
    """The offset in nanoseconds, shared by all processes of the lab: one number in a file."""
    descriptor = os.open(os.path.join(FOLDER, "offset"), os.O_RDONLY)  # noqa: PTH118
    try:
        file = mmap.mmap(descriptor, 8, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
    return memoryview(file).cast("q")


_offset = _mapped()


def offset_ns() -> int:
    return int(_offset[0])


def monotonic() -> float:
    return _real_monotonic() + offset_ns() / 1e9


def now() -> float:
    """Seconds since 1970."""
    return _real_time() + offset_ns() / 1e9


def patch() -> None:
    for name in SECONDS:
        replace(time, name, _seconds(getattr(time, name)))
        replace(time, f"{name}_ns", _nanoseconds(getattr(time, f"{name}_ns")))
    for name in DEFAULT_NOW:
        replace(time, name, _of_now(getattr(time, name)))
    local = time.localtime
    asctime, strftime = time.asctime, time.strftime
    replace(time, "asctime", lambda when=None: asctime(local() if when is None else when))
    replace(
        time,
        "strftime",
        lambda form, when=None: strftime(form, local() if when is None else when),
    )
    moved = {
        getattr(time, f"CLOCK_{name}", None)
        for name in ("REALTIME", "MONOTONIC", "MONOTONIC_RAW", "BOOTTIME", "TAI")
    }
    get, get_ns = time.clock_gettime, time.clock_gettime_ns
    replace(time, "clock_gettime", lambda clock: get(clock) + _offset[0] / 1e9 * (clock in moved))
    replace(time, "clock_gettime_ns", lambda clock: get_ns(clock) + _offset[0] * (clock in moved))
    _patch_dates()


def _seconds(inner: Callable[[], float]) -> Callable[[], float]:
    return lambda: inner() + _offset[0] / 1e9


def _nanoseconds(inner: Callable[[], int]) -> Callable[[], int]:
    return lambda: inner() + _offset[0]


def _of_now(inner: Callable[..., Any]) -> Callable[..., Any]:
    return lambda when=None: inner(now() if when is None else when)


def _patch_dates() -> None:
    """Dates stay of the very types that C code makes and looks for."""

    def date_and_time(cls: Any, tz: Any = None) -> Any:
        return cls.fromtimestamp(now(), tz)

    def utcnow(cls: Any) -> Any:
        return cls.fromtimestamp(now(), datetime.timezone.utc).replace(tzinfo=None)  # noqa: UP017

    def today(cls: Any) -> Any:
        return cls.fromtimestamp(now())

    replace_method(datetime.datetime, "now", classmethod(date_and_time))
    replace_method(datetime.datetime, "utcnow", classmethod(utcnow))
    replace_method(datetime.date, "today", classmethod(today))
