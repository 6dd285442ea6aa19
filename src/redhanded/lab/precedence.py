"""Going first on a machine that is busy, where that is allowed.

What the lab does on the way of a message should not wait until a processor is free: that would
change how often a system fails by itself. Nor should it take a processor from the system while
another one is idle, and real-time threads do that: the kernel wakes them where they ran last. So
what passes messages on has the highest weight and the shortest slice of ordinary scheduling, which
is woken where there is room; and what sends several messages at the same instant is ahead of
everything until the last one is sent, or the receiver of the first would run in between (sched(7)).
Both are the calling thread's alone, are inherited by nobody, and take root or CAP_SYS_NICE.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
"""The number of the system call, by machine (no wrapper before glibc 2.41)."""
ATTRIBUTES = struct.Struct("IIQiIQQQ")
"""size, policy, flags, nice, priority, runtime, deadline, period: ``struct sched_attr``."""
RESET_ON_FORK = 1
HIGHEST_WEIGHT = -20
SHORTEST_SLICE_NS = 100_000
"""Who asks for less at a time is served sooner; Linux before 6.12 does not look at it."""
LOWEST = os.sched_param(1)


@contextmanager
def precedence() -> Iterator[bool]:
    """Precedence for the calling thread inside the block, where no processor is idle; gives whether
    it was granted."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if not _ordinary(HIGHEST_WEIGHT, SHORTEST_SLICE_NS, RESET_ON_FORK):
        yield False
        return
    try:
        yield True
    finally:
        _ordinary(nice, 0, 0)


@contextmanager
def uninterrupted() -> Iterator[bool]:
    """Nothing of ordinary priority runs on the calling thread's processor inside the block; gives
    whether that was granted."""
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, LOWEST)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, policy, parameter)


def _ordinary(nice: int, slice_ns: int, flags: int) -> bool:
    """Schedules the calling thread by weight; False where that is not allowed or not known."""
    number = SCHED_SETATTR.get(platform.machine())
    if number is None:
        return False
    attributes = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, flags, nice, 0, slice_ns, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, attributes, 0) == 0)
