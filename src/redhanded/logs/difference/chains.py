"""Chains of events: which templates come first, and which follow each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

REACH = 16
"""How many first occurrences apart two templates of a chain may stand to be asked for their order;
all pairs are asked in chains of up to 17 different templates."""

_BITS_MAX = 22
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio (Knuth's multiplicative hashing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """Derived from stories once, used by several families."""

    order: Ints
    """Rows of events that belong to a chain, by chain and time."""
    chain: Ints
    """Of the rows in ``order``."""
    first_chain: Ints
    """First occurrences of each template in each chain, by chain and time: the chain,"""
    first_template: Ints
    """the template,"""
    first_row: Ints
    """and the row."""
    begin_ms: Floats
    """Of each chain, the time of its first event that has one; NaN without."""
    story: Ints
    """Of each chain; -1 for numbers that no event has."""
    bounded: int
    """Chains with so many templates that not all their pairs are here."""


def chains_of(told: Stories) -> Chains:
    """The chains of ``told``; linear in its events."""
    inside = np.flatnonzero(told.chain >= 0)
    order = inside[np.argsort(told.chain[inside], kind="stable")]
    chain = told.chain[order]
    templates = max(1, len(told.templates))
    _, first = np.unique(chain * np.int64(templates) + told.template[order], return_index=True)
    first.sort()
    first_chain = chain[first]
    sizes = np.bincount(first_chain, minlength=told.chains)
    home = np.full(told.chains, -1, np.int64)
    home[chain] = told.story[order]
    return Chains(
        order=order,
        chain=chain,
        first_chain=first_chain,
        first_template=told.template[order][first],
        first_row=order[first],
        begin_ms=_begin(chain, told.at_ms[order], told.chains),
        story=home,
        bounded=int((sizes > REACH + 1).sum()),
    )


def offsets_ms(told: Stories, chains: Chains) -> Floats:
    """Of each event, the time since its chain began; NaN where it has none, or no chain."""
    result = np.full(len(told.story), np.nan)
    rows = chains.order
    result[rows] = told.at_ms[rows] - chains.begin_ms[chains.chain]
    return result


def _begin(chain: Ints, at_ms: Floats, chains: int) -> Floats:
    begin = np.full(chains, np.inf)
    known = ~np.isnan(at_ms)
    np.minimum.at(begin, chain[known], at_ms[known])
    return np.where(np.isinf(begin), np.nan, begin)


def pairs_at(chains: Chains, distance: int) -> tuple[Ints, Ints]:
    """First occurrences that stand ``distance`` apart in one chain: indexes of the earlier and of
    the later ones. Given by distance, since all together they would fill the memory."""
    chain = chains.first_chain
    before = np.flatnonzero(chain[distance:] == chain[:-distance])
    return before, before + distance


def bucket_bits(chains: Chains) -> int:
    """The logarithm of the number of buckets that suits the number of first occurrences."""
    return min(_BITS_MAX, max(8, int(4 * len(chains.first_row)).bit_length()))


def buckets_of(codes: Ints, bits: int) -> Ints:
    """One of 2^``bits`` buckets for each code, the same for equal ones, to count many codes in
    little memory."""
    mixed = codes.astype(np.uint64) * _MULTIPLIER
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)
