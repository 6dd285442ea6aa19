"""How much happened when: counts over time in constant memory, whatever the order of the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import ceil, floor

from redhanded.case.symptom import Series

BINS_MAX = 4096
_SHOWN_BINS = 60
_STEPS_MS = (
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3,
    2 * 60e3, 5 * 60e3, 10 * 60e3, 15 * 60e3, 30 * 60e3, 3600e3, 2 * 3600e3, 3 * 3600e3, 6 * 3600e3,
    12 * 3600e3, 24 * 3600e3, 48 * 3600e3, 7 * 24 * 3600e3, 28 * 24 * 3600e3, 91 * 24 * 3600e3,
)  # fmt: skip
"""Lengths of bins that people read at a glance."""


class Activity:
    """Times, counted in bins whose length doubles when there are more than 4,096 of them.

    The length depends on the times alone, not on their order, so that parts can be added up.
    """

    __slots__ = ("_counts", "_shift")

    def __init__(self, times_ms: Iterable[float] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self._shift = 0
        for at_ms in times_ms:
            self.add(at_ms)

    @classmethod
    def counted(cls, counts: dict[int, int], shift: int) -> Activity:
        """From counts by time in milliseconds divided by two to the power of ``shift``."""
        made = cls()
        made._counts, made._shift = Counter(counts), shift
        return made

    def add(self, at_ms: float, count: int = 1) -> None:
        """``count`` things that happened at ``at_ms``."""
        self._counts[int(at_ms) >> self._shift] += count
        if len(self._counts) > BINS_MAX:
            self._widen(self._shift + 1)

    def merge(self, other: Activity) -> None:
        """What ``other`` counted, too."""
        if other._shift > self._shift:
            self._widen(other._shift)
        for index, count in other._counts.items():
            self.add(index << other._shift, count)

    def bins(self) -> list[tuple[float, int]]:
        """The begin of each bin that holds something, in order, with its count."""
        return [
            (float(index << self._shift), self._counts[index]) for index in sorted(self._counts)
        ]

    def _widen(self, shift: int) -> None:
        while shift > self._shift:
            wider: Counter[int] = Counter()
            for index, count in self._counts.items():
                wider[index >> 1] += count
            self._counts, self._shift = wider, self._shift + 1
            if shift == self._shift and len(wider) > BINS_MAX:
                shift += 1


def series(everything: Activity, failing: Activity, *, unit: str) -> Series | None:
    """Both in the same bins, about sixty of a length that reads well; None without a time."""
    all_bins, failing_bins = everything.bins(), failing.bins()
    begins = [at_ms for at_ms, _ in (*all_bins, *failing_bins)]
    if not begins:
        return None
    first, last = min(begins), max(begins)
    span = last - first
    step = next((each for each in _STEPS_MS if span / each <= _SHOWN_BINS), span / _SHOWN_BINS)
    start = floor(first / step) * step
    count = max(1, ceil((last - start + 1) / step))
    return Series(
        start_ms=start,
        step_ms=step,
        all=_counted(all_bins, start, step, count),
        failing=_counted(failing_bins, start, step, count),
        unit=unit,
    )


def _counted(
    bins: Iterable[tuple[float, int]], start: float, step: float, count: int
) -> tuple[int, ...]:
    counts = [0] * count
    for at_ms, number in bins:
        counts[min(int((at_ms - start) // step), count - 1)] += number
    return tuple(counts)
