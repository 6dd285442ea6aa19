"""Going first on a machine that is busy, where that is allowed.

What the lab does on the way of a message should not wait until a processor is free: that would
change how often a system fails by itself. The kernel gives the calling thread, and nobody that is
started meanwhile, precedence over everything of ordinary priority (sched(7)); it takes root or
CAP_SYS_NICE.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

LOWEST = os.sched_param(1)
INHERITED_BY_NOBODY = os.SCHED_RESET_ON_FORK


@contextmanager
def precedence() -> Iterator[bool]:
    """Precedence for the calling thread inside the block; gives whether it was granted."""
    before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | INHERITED_BY_NOBODY, LOWEST)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, before, parameter)
