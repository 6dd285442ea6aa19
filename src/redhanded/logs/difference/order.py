"""Which of two templates comes first in a chain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import REACH, Chains, bucket_bits, buckets_of, pairs_at
from redhanded.logs.difference.questions import Kind, Questions, counted_excess, numbered
from redhanded.logs.difference.stories import Stories

_CHAINS_MIN = 2
"""Chains that must show the rarer order."""

Ints = NDArray[np.int64]


def orders(told: Stories, chains: Chains) -> Questions:
    """A before B and B before A, for all pairs that were seen in both orders.

    First occurrences count. A pair that was always in one order differs between no two stories
    that both have it; that they have it is asked elsewhere.
    """
    templates = np.int64(max(1, len(told.templates)))
    codes, is_forward, rows = _in_both_orders(told, chains)
    distinct, pair = numbered(codes)
    forward = np.bincount(pair, is_forward.astype(float), len(distinct))
    total = np.bincount(pair, minlength=len(distinct))
    rarer = np.minimum(forward, total - forward)
    asked = np.flatnonzero(rarer[pair] >= _CHAINS_MIN)
    distinct, column = numbered(codes[asked])
    rows, is_forward = rows[asked], is_forward[asked]
    home = told.story[rows]
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


def _in_both_orders(told: Stories, chains: Chains) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """Occurrences of pairs that may have been seen in both orders: the pair's code, whether the
    lower template was first, and the row of the later one. Sorted out by buckets, in which
    different pairs may meet, so that a few come along that were not."""
    bits = bucket_bits(chains)
    seen = np.zeros((2, 1 << bits), bool)
    for distance in range(1, REACH + 1):
        code, forward, _ = _pairs(told, chains, distance)
        bucket = buckets_of(code, bits)
        seen[1, bucket[forward]] = True
        seen[0, bucket[~forward]] = True
    both = seen[0] & seen[1]
    parts = []
    for distance in range(1, REACH + 1):
        code, forward, rows = _pairs(told, chains, distance)
        kept = both[buckets_of(code, bits)]
        parts.append((code[kept], forward[kept], rows[kept]))
    codes, forwards, later = zip(*parts, strict=True)
    return np.concatenate(codes), np.concatenate(forwards), np.concatenate(later)


def _pairs(told: Stories, chains: Chains, distance: int) -> tuple[Ints, NDArray[np.bool_], Ints]:
    templates = np.int64(max(1, len(told.templates)))
    before, after = pairs_at(chains, distance)
    earlier, later = chains.first_template[before], chains.first_template[after]
    code = np.minimum(earlier, later) * templates + np.maximum(earlier, later)
    return code, earlier < later, chains.first_row[after]


def _limits(told: Stories, chains: Chains) -> tuple[str, ...]:
    if not chains.bounded:
        return ()
    return (
        f"in {chains.bounded:,} of {told.chains:,} chains only templates that begin at most "
        f"{REACH} templates apart were asked for their order and for each other's absence",
    )
