"""The birthday problem: how likely identifiers drawn at random meet."""

from __future__ import annotations

import math

_EXACT_DRAWS = 1_000_000


def collision_probability(space: int, draws: int) -> float:
    """Probability that at least two of ``draws`` uniform draws from ``space`` values are equal.

    Exact up to a million draws; above, the first two terms of the series in draws/space, whose
    relative error is below draws/space (von Mises 1939). Raises ``ValueError`` for an empty space
    or negative draws.
    """
    if space < 1 or draws < 0:
        raise ValueError(f"{draws} draws from {space} values cannot be")
    if draws < 2:
        return 0.0
    if draws > space:
        return 1.0
    return -math.expm1(_log_all_distinct(space, draws))


def collision_rate(space: int, *, draws_per_s: float, window_s: float) -> float:
    """Probability that one draw meets another one made within the same window.

    For identifiers of a timestamp and a random part: ``window_s`` is the timestamp's resolution,
    ``space`` the number of random parts, and only draws of the same tick can meet. Arrivals are
    taken as Poisson, so that the expected number of others in the window is their rate times its
    length.
    """
    if space < 1 or draws_per_s < 0 or window_s < 0:
        raise ValueError(f"{draws_per_s} draws/s in {window_s} s from {space} values cannot be")
    return -math.expm1(-draws_per_s * window_s / space)


def _log_all_distinct(space: int, draws: int) -> float:
    if draws <= _EXACT_DRAWS:
        import numpy as np  # takes longer to load than all that is asked of it

        return float(np.log1p(-np.arange(draws, dtype=np.float64) / space).sum())
    pairs = draws * (draws - 1)
    return -pairs / (2 * space) - pairs * (2 * draws - 1) / (12 * space**2)
