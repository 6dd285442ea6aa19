"""Times between two events, as they are told and kept."""

from __future__ import annotations

from collections.abc import Sequence

KEPT_MAX = 1000


def rounded_up(gap_ms: float) -> float:
    """To the next of 1, 2, 5, 10, 20, 50 … milliseconds."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if factor * step >= gap_ms:
                return factor * step
        step *= 10


def spread(gaps_ms: Sequence[float]) -> tuple[float, ...]:
    """At most ``KEPT_MAX`` of them, evenly spaced, in microseconds' precision."""
    step = max(1, -(-len(gaps_ms) // KEPT_MAX))
    return tuple(round(gap, 3) for gap in gaps_ms[::step])


def rounded(gap_ms: float | None) -> float | None:
    """In microseconds' precision."""
    return None if gap_ms is None else round(gap_ms, 3)
