"""Which of two templates comes first in a chain."""

from __future__ import annotations

import numpy as np

from redhanded.logs.difference.chains import REACH, Chains
from redhanded.logs.difference.questions import Kind, Questions, counted_excess, numbered
from redhanded.logs.difference.stories import Stories

_STORIES_MIN = 2


def orders(told: Stories, chains: Chains) -> Questions:
    """A before B and B before A, for all pairs that were seen in both orders.

    First occurrences count. A pair that was always in one order differs between no two stories
    that both have it; that they have it is asked elsewhere.
    """
    templates = np.int64(max(1, len(told.templates)))
    earlier = chains.first_template[chains.pair_before]
    later = chains.first_template[chains.pair_after]
    low, high = np.minimum(earlier, later), np.maximum(earlier, later)
    distinct, pair = numbered(low * templates + high)
    forward = np.bincount(pair, weights=earlier == low, minlength=len(distinct))
    total = np.bincount(pair, minlength=len(distinct))
    rarer = np.minimum(forward, total - forward)
    asked = np.flatnonzero(rarer[pair] >= _STORIES_MIN)
    distinct, column = numbered(low[asked] * templates + high[asked])
    rows = chains.first_row[chains.pair_after[asked]]
    home = told.story[rows]
    is_forward = earlier[asked] == low[asked]
    ways = [counted_excess(told, column, home, rows, way) for way in (is_forward, ~is_forward)]
    count = len(distinct)
    firsts, seconds = distinct // templates, distinct % templates
    none = np.full(2 * count, -1, np.int64)
    return Questions(
        kind=Kind.ORDER,
        template=np.concatenate((seconds, firsts)),
        other=np.concatenate((firsts, seconds)),
        key=none,
        value=none,
        column=np.concatenate((ways[0][0], ways[1][0] + count)),
        story=np.concatenate((ways[0][1], ways[1][1])),
        number=np.concatenate((ways[0][2], ways[1][2])),
        row=np.concatenate((ways[0][3], ways[1][3])),
        absent_is_zero=False,
        limits=_limits(told, chains),
    )


def _limits(told: Stories, chains: Chains) -> tuple[str, ...]:
    if not chains.bounded:
        return ()
    return (
        f"in {chains.bounded:,} of {told.chains:,} chains only templates that begin at most "
        f"{REACH} templates apart were asked for their order and for each other's absence",
    )
