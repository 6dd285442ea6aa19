"""Since when something happens more often."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from redhanded.stats.hypergeometric import log_upper_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """Where a rate rises in a sequence of units."""

    index: int
    """The first unit of the later part; it is marked."""
    before: int
    """Marked units before it, of ``index`` units."""
    after: int
    """Marked units from it on."""
    units: int
    log_p: float
    """Natural logarithm of the p-value that the rate never rose: the exact hypergeometric tail at
    the best place, times the number of places (Bonferroni)."""


def rise(marked: NDArray[np.bool_]) -> ChangePoint | None:
    """The place at which the rate of ``marked`` units (in the order of time) rises most likely.

    The place is where two binomial rates explain the sequence best (maximum likelihood); whether
    there is a change at all is judged without a model of the rate, conditional on how many are
    marked: as the best of ``splits`` towards more, of which only marked places can be one.
    None without a marked unit, and if no place has a higher rate after it than before.
    """
    count = len(marked)
    places = np.flatnonzero(marked)
    if not len(places):
        return None
    before = np.arange(len(places))
    after = len(places) - before
    fit = _log_likelihood(before, places) + _log_likelihood(after, count - places)
    rises = after * places > before * (count - places)
    if not rises.any():
        return None
    best = int(np.flatnonzero(rises)[np.argmax(fit[rises])])
    chance = log_upper_tail(count, count - places[rises], len(places), after[rises])
    tried = max(1, min(count - 1, len(places)))
    return ChangePoint(
        index=int(places[best]),
        before=best,
        after=len(places) - best,
        units=count,
        log_p=min(0.0, float(chance.min()) + math.log(tried)),
    )


def _log_likelihood(marked: NDArray[np.int64], units: NDArray[np.int64]) -> NDArray[np.float64]:
    share = marked / np.maximum(1, units)
    return np.asarray(xlogy(marked, share) + xlogy(units - marked, 1 - share), np.float64)
