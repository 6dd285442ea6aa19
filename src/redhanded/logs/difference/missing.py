"""Templates that a chain should have had, since those with another template have them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import REACH, Chains, bucket_bits, buckets_of, pairs_at
from redhanded.logs.difference.questions import Kind, Questions, counted_excess, numbered
from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]

_CONFIDENCE_MIN = 0.8
"""Share of the chains with A that have B, from which on B is expected with A."""
_CHAINS_MIN = 5
_NEAR = 3
"""Templates A by which the absence of B is asked mostly stand at most so many first occurrences
from it, on either side: where all that follows B is missing too, only those before can tell."""


def missing(told: Stories, chains: Chains) -> Questions:
    """Chains that have A and not B, where at least eight of ten chains with A have B.

    A line that is missing from some requests of a busy window shows here; that it is missing from
    the whole window shows in the counts too.
    """
    witness, expected = _implications(told, chains)
    count = len(witness)
    templates = np.int64(max(1, len(told.templates)))
    code = chains.first_chain * templates + chains.first_template
    known = np.sort(code)
    by_witness = np.argsort(witness, kind="stable")
    ordered = witness[by_witness]
    low = np.searchsorted(ordered, chains.first_template, "left")
    span = np.searchsorted(ordered, chains.first_template, "right") - low
    occurrence = np.repeat(np.arange(len(code)), span)
    step = np.arange(len(occurrence)) - np.repeat(np.cumsum(span) - span, span)
    column = by_witness[low[occurrence] + step] if count else occurrence
    wanted = chains.first_chain[occurrence] * templates + (expected[column] if count else 0)
    place = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
    absent = known[place] != wanted if len(known) else np.zeros(0, bool)
    rows = chains.first_row[occurrence]
    found = counted_excess(told, column, told.story[rows], rows, absent)
    none = np.full(count, -1, np.int64)
    return Questions(
        kind=Kind.MISSING,
        template=expected,
        other=witness,
        key=none,
        value=none,
        column=found[0],
        story=found[1],
        number=found[2],
        row=found[3],
        absent_is_zero=False,
    )


def _implications(told: Stories, chains: Chains) -> tuple[Ints, Ints]:
    """Pairs (A, B) near each other where B is expected with A, but not always there."""
    templates = np.int64(max(1, len(told.templates)))
    having = np.bincount(chains.first_template, minlength=int(templates))
    codes, near = _frequent_pairs(told, chains, having)
    distinct, pair = numbered(codes)
    together = np.bincount(pair, minlength=len(distinct))
    close = np.bincount(pair, near.astype(float), len(distinct))
    witness, expected = distinct // templates, distinct % templates
    share = together / np.maximum(1, having[witness]) if len(distinct) else np.zeros(0)
    good = np.flatnonzero(
        (share >= _CONFIDENCE_MIN)
        & (together < having[witness])
        & (having[witness] >= _CHAINS_MIN)
        & (2 * close >= together)
    )
    return witness[good], expected[good]


def _frequent_pairs(told: Stories, chains: Chains, having: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Codes of pairs (A, B) in one chain, in either order, and whether they stand near each other;
    of those only that may be frequent enough among the chains with A, by counts of buckets."""
    bits = bucket_bits(chains)
    count = np.zeros(1 << bits, np.int64)
    for distance in range(1, REACH + 1):
        for code, _ in _both_ways(told, chains, distance):
            count += np.bincount(buckets_of(code, bits), minlength=1 << bits)
    codes, near = [], []
    for distance in range(1, REACH + 1):
        for code, witness in _both_ways(told, chains, distance):
            enough = count[buckets_of(code, bits)] >= _CONFIDENCE_MIN * having[witness]
            kept = code[enough & (having[witness] >= _CHAINS_MIN)]
            codes.append(kept)
            near.append(np.full(len(kept), distance <= _NEAR))
    return np.concatenate(codes), np.concatenate(near)


def _both_ways(told: Stories, chains: Chains, distance: int) -> Iterator[tuple[Ints, Ints]]:
    templates = np.int64(max(1, len(told.templates)))
    before, after = pairs_at(chains, distance)
    one, two = chains.first_template[before], chains.first_template[after]
    yield one * templates + two, one
    yield two * templates + one, two
