"""Going first on a machine that is busy, where that is allowed.

What the lab does on the way of a message should not wait until a processor is free: that would
change how often a system fails by itself. Nor should it take a processor from the system while
another one is idle, or in the midst of what a process does there. Real-time threads do the one,
since the kernel wakes them where they ran last; threads with a slice shorter than others' do the
other. So what passes messages on has the highest weight of ordinary scheduling and the usual slice,
and what sends several messages at the same instant is ahead of everything until the last one is
sent, or the receiver of the first would run in between (sched(7)). Both are the calling thread's
alone, are inherited by nobody, and take root or CAP_SYS_NICE.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

HIGHEST_WEIGHT = -20
ORDINARY = os.sched_param(0)
LOWEST = os.sched_param(1)


@contextmanager
def precedence() -> Iterator[bool]:
    """Precedence for the calling thread inside the block, where no processor is idle; gives whether
    it was granted."""
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, HIGHEST_WEIGHT)
    except OSError:
        yield False
        return
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, ORDINARY)
    try:
        yield True
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        os.sched_setscheduler(0, policy, parameter)


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
