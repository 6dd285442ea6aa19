"""The exact tail of the hypergeometric distribution, for many tables at once and in logarithms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

_NEGLIGIBLE = 1e-17
"""A term this small beside the sum no longer changes it."""

Floats = NDArray[np.float64]


def log_upper_tail(
    total: ArrayLike, having: ArrayLike, drawn: ArrayLike, seen: ArrayLike
) -> Floats:
    """Natural logarithm of P(X >= ``seen``), element by element.

    X is how many of ``drawn`` things, drawn without replacement from ``total`` of which ``having``
    have a property, have it: the one-sided p-value of Fisher's exact test. The terms are summed
    from the one nearest to the middle outwards, each from its neighbour by their exact ratio, so
    that tails far below the smallest double keep some nine digits. Arguments are broadcast.

    Raises ``ValueError`` for parts larger than the whole or below 0.
    """
    arrays = np.broadcast_arrays(*(np.asarray(each, float) for each in (total, having, drawn)))
    whole, marked, taken = arrays
    whole, marked, taken, count = np.broadcast_arrays(whole, marked, taken, np.asarray(seen, float))
    if np.any((marked < 0) | (taken < 0) | (marked > whole) | (taken > whole)):
        raise ValueError("a part of a hypergeometric table is below 0 or larger than the whole")
    lowest = np.maximum(0.0, taken + marked - whole)
    highest = np.minimum(taken, marked)
    result = np.zeros(count.shape)
    result[count > highest] = -np.inf
    inside = (count > lowest) & (count <= highest)
    above = inside & (count * (whole + 2) > (marked + 1) * (taken + 1))
    result[above] = _upwards(whole[above], marked[above], taken[above], count[above])
    below = inside & ~above
    lower = _downwards(whole[below], marked[below], taken[below], count[below] - 1)
    result[below] = np.log1p(-np.minimum(np.exp(lower), 1 - 1e-16))
    return np.minimum(result, 0.0)


def log_choose(whole: Any, part: Any) -> Any:
    """Natural logarithm of the number of subsets of ``part`` out of ``whole``."""
    return gammaln(whole + 1) - gammaln(part + 1) - gammaln(whole - part + 1)


def _log_probability(whole: Floats, marked: Floats, taken: Floats, count: Floats) -> Floats:
    chance: Floats = (
        log_choose(marked, count)
        + log_choose(whole - marked, taken - count)
        - log_choose(whole, taken)
    )
    return chance


def _upwards(whole: Floats, marked: Floats, taken: Floats, count: Floats) -> Floats:
    """log P(X >= count) for counts above the mode, where the terms fall."""
    first = _log_probability(whole, marked, taken, count)
    rest = whole - marked - taken
    return first + _log_series(
        lambda at, step: (
            (marked[at] - count[at] - step)
            * (taken[at] - count[at] - step)
            / ((count[at] + step + 1) * (rest[at] + count[at] + step + 1))
        ),
        len(count),
    )


def _downwards(whole: Floats, marked: Floats, taken: Floats, count: Floats) -> Floats:
    """log P(X <= count) for counts below the mode."""
    first = _log_probability(whole, marked, taken, count)
    rest = whole - marked - taken
    return first + _log_series(
        lambda at, step: (
            (count[at] - step)
            * np.maximum(rest[at] + count[at] - step, 0.0)
            / ((marked[at] - count[at] + step + 1) * (taken[at] - count[at] + step + 1))
        ),
        len(count),
    )


def _log_series(ratio: Any, size: int) -> Floats:
    """log of 1 + r0 + r0 r1 + …, for each element until its terms no longer count."""
    sums, terms = np.ones(size), np.ones(size)
    active = np.arange(size)
    step = 0
    while len(active):
        terms[active] *= ratio(active, step)
        sums[active] += terms[active]
        active = active[terms[active] > _NEGLIGIBLE * sums[active]]
        step += 1
    return np.log(sums)
