"""The only place that reads a clock of the day.

Everything else measures with monotonic clocks, so that a run can be replayed.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


def epoch_s() -> float:
    """Seconds since 1970, UTC."""
    return time.time()


def monotonic_ms() -> float:
    """Milliseconds of a clock that never goes back; only differences mean something."""
    return time.perf_counter() * 1000.0


def timestamp() -> str:
    """Now, ISO 8601 in UTC with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
