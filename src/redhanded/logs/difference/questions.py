"""Questions asked of stories, as sparse columns: one number for each question and story."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_TABLE_MAX = 4_000_000
"""Codes below this are numbered by a table, which is faster than sorting them."""


class Kind(StrEnum):
    """How failing stories may differ."""

    PRESENT = "present only in"
    MISSING = "missing from"
    COUNT = "count shifted"
    ORDER = "order inverted"
    LATENCY = "latency shifted"
    JOIN = "id does not join"
    ATTRIBUTE = "attribute over-represented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Columns of one family; arrays per question have length m, those per entry length e."""

    kind: Kind
    template: Ints
    """The template that is asked about, -1 if none; for two, the one that shows it."""
    other: Ints
    """The template before it, -1 if none."""
    key: Ints
    value: Ints
    """Of attributes and identifiers; -1 if none."""
    column: Ints
    """Of each entry, its question, 0 to m - 1."""
    story: Ints
    """Of each entry."""
    number: Floats
    """Of each entry."""
    row: Ints
    """Of each entry, an event that shows it."""
    absent_is_zero: bool = True
    """Stories without an entry count as zero; otherwise the question is not asked of them."""
    more: bool = True
    """Whether it is asked if failing stories have more."""
    fewer: bool = False
    limits: tuple[str, ...] = ()
    """What was left out, as sentences."""

    @property
    def count(self) -> int:
        return len(self.template)


class Family(Protocol):
    """Asks one kind of question."""

    def __call__(self, told: Stories, chains: Chains) -> Questions:
        """The questions that the events give rise to; which stories failed must not matter, or the
        p-values would not hold."""
        ...


def pairs_of(column: Ints, story: Ints, stories: int) -> tuple[Ints, Ints, Ints]:
    """The distinct pairs of column and story: their columns, their stories, and of each element
    given the index of its pair."""
    pair, index = numbered(column * np.int64(stories) + story)
    return pair // stories, pair % stories, index


def numbered(codes: Ints) -> tuple[Ints, Ints]:
    """The distinct codes (0 or more) in order, and of each element the index of its code."""
    size = int(codes.max(initial=-1)) + 1
    if size > max(_TABLE_MAX, 4 * len(codes)):
        distinct, index = np.unique(codes, return_inverse=True)
        return distinct, index
    there = np.zeros(size, bool)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


def excess(count: Floats, chances: Floats, share: Floats) -> Floats:
    """By how many standard deviations ``count`` of ``chances`` is above the ``share`` that all
    stories together have: makes busy and quiet stories comparable. 0 where it is not above."""
    spread = np.sqrt(np.maximum(chances * share * (1 - share), 1e-12))
    return np.maximum((count - chances * share) / spread, 0.0)


def counted_excess(
    told: Stories, column: Ints, story: Ints, row: Ints, shows: NDArray[np.bool_]
) -> tuple[Ints, Ints, Floats, Ints]:
    """From single chances (elements of equal length; ``shows`` says which were taken) to entries:
    column, story, ``excess`` and the first row that shows it, -1 where none does."""
    columns, homes, index = pairs_of(column, story, len(told.failing))
    taken = np.bincount(index, shows.astype(float), len(columns)).astype(float)
    chances = np.bincount(index, minlength=len(columns)).astype(float)
    size = int(columns.max(initial=-1)) + 1
    share = np.bincount(columns, weights=taken, minlength=size) / np.maximum(
        1.0, np.bincount(columns, weights=chances, minlength=size)
    )
    first = np.full(len(columns), -1, np.int64)
    showing = np.flatnonzero(shows)[::-1]
    first[index[showing]] = row[showing]
    number: Floats = np.round(excess(taken, chances, share[columns]), 9)
    return columns, homes, number, first
