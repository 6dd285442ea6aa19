"""The middle of many measurements, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and quartiles, in the unit of the measurements."""

    count: int
    low: float
    """First quartile."""
    median: float
    high: float
    """Third quartile."""

    def __str__(self) -> str:
        return f"{self.median:.1f} ({self.low:.1f} to {self.high:.1f})"


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles of at least one value (linear interpolation between neighbours)."""
    if len(values) == 1:
        return Spread(count=1, low=values[0], median=values[0], high=values[0])
    low, median, high = quantiles(values, n=4, method="inclusive")
    return Spread(count=len(values), low=low, median=median, high=high)
