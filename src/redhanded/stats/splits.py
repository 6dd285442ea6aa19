"""Whether a number goes with being marked, without a threshold given beforehand.

Of each column of numbers the split is sought at which the marked units gather most on one side. For
the i-th highest of k marked units among n, the hypergeometric tail at its place *is* the chance
that the i-th highest of k units drawn at random stands there or higher. So the smallest of these
tails, times the number of places tried, is a p-value, exact but for the factor (Bonferroni), and
with ties on the safe side. A column of zeros and ones has one place: Fisher's one-sided test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.stats.hypergeometric import log_upper_tail

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The best split of each column in one direction; all arrays have one element per column."""

    log_p: Floats
    """Natural logarithm, corrected for the choice of the split; 0 where nothing gathers."""
    cut: Floats
    """Units at this value or beyond it (above for more, below for fewer) are on the telling side;
    NaN without a split."""
    marked_with: Ints
    """Marked units on that side."""
    with_it: Ints
    """All units on that side."""
    units: Ints
    """Units that the column speaks of."""
    marked: Ints
    """Marked ones among them."""


def best_splits(
    column: NDArray[Any],
    unit: NDArray[Any],
    value: Floats,
    marked: NDArray[np.bool_],
    *,
    columns: int,
    absent_is_zero: bool,
) -> tuple[Splits, Splits]:
    """The best split towards more, and towards fewer, of ``columns`` columns.

    ``column``, ``unit`` and ``value`` are entries, each (column, unit) at most once. Units without
    an entry hold a value below all entries if ``absent_is_zero`` (entries are then above zero);
    otherwise the column does not speak of them. ``marked`` has one element per unit.
    """
    table = _Table(column, unit, value, marked, columns, absent_is_zero)
    return table.more(), table.fewer()


class _Table:
    """Distinct values of each column, with how many units stand at or above them."""

    def __init__(
        self,
        column: NDArray[Any],
        unit: NDArray[Any],
        value: Floats,
        marked: NDArray[np.bool_],
        columns: int,
        absent_is_zero: bool,
    ) -> None:
        order = np.lexsort((value, column))
        sorted_column, self.value = column[order].astype(np.int64), value[order]
        flags = marked[unit[order]]
        entries = np.bincount(sorted_column, minlength=columns)
        marked_entries = np.bincount(sorted_column[flags], minlength=columns)
        self.units, self.marked = entries, marked_entries
        if absent_is_zero:
            self.units = np.full(columns, len(marked), np.int64)
            self.marked = np.full(columns, int(marked.sum()), np.int64)
        new = np.ones(len(order), bool)
        new[1:] = (sorted_column[1:] != sorted_column[:-1]) | (self.value[1:] != self.value[:-1])
        start = np.flatnonzero(new)
        self.column = sorted_column[start]
        seen = np.concatenate(([0], np.cumsum(flags)))
        end = np.cumsum(entries)[self.column]
        self.above = end - start
        self.marked_above = seen[end] - seen[start]
        self.own = seen[np.append(start[1:], len(order))] - seen[start]
        self.value = self.value[start]
        self.first = np.ones(len(start), bool)
        self.first[1:] = self.column[1:] != self.column[:-1]
        distinct = np.bincount(self.column, minlength=columns)
        cuts = distinct - (entries == self.units)
        self.tried = np.maximum(1, np.minimum(cuts, self.marked))
        self.absent_marked = self.marked - marked_entries

    def more(self) -> Splits:
        places = np.flatnonzero(self.own > 0)
        return self._best(places, self.above[places], self.marked_above[places], self.value[places])

    def fewer(self) -> Splits:
        before = np.where(self.first, self.absent_marked[self.column], np.roll(self.own, 1))
        places = np.flatnonzero(before > 0)
        column = self.column[places]
        cut = np.where(self.first[places], 0.0, np.roll(self.value, 1)[places])
        below = self.units[column] - self.above[places]
        return self._best(places, below, self.marked[column] - self.marked_above[places], cut)

    def _best(self, places: Ints, side: Ints, marked_side: Ints, cut: Floats) -> Splits:
        column = self.column[places]
        units, marked = self.units[column], self.marked[column]
        gathers = marked_side.astype(float) * units > side.astype(float) * marked
        places, column, side = places[gathers], column[gathers], side[gathers]
        marked_side, cut = marked_side[gathers], cut[gathers]
        log_p = log_upper_tail(units[gathers], side, marked[gathers], marked_side)
        order = np.lexsort((-marked_side, log_p, column))
        best = order[np.append(True, np.diff(column[order]) != 0)] if len(order) else order
        found = column[best]
        size = len(self.units)
        result = np.zeros(size), np.full(size, np.nan), np.zeros(size, int), np.zeros(size, int)
        result[0][found] = np.minimum(0.0, log_p[best] + np.log(self.tried[found]))
        result[1][found] = cut[best]
        result[2][found], result[3][found] = marked_side[best], side[best]
        return Splits(
            log_p=result[0],
            cut=result[1],
            marked_with=result[2],
            with_it=result[3],
            units=self.units,
            marked=self.marked,
        )
