"""The lines of a log that carry identifiers, in columns: small enough to keep, fast to join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One row per line with at least one tracked identifier, in the order of reading."""

    file: NDArray[Any]
    """Index into ``files``."""
    line: NDArray[Any]
    at_ms: NDArray[Any]
    """NaN without a time."""
    process: NDArray[Any]
    """Index into ``processes``."""
    route: NDArray[Any]
    """Index into ``routes``; -1 for lines that are not about an HTTP request."""
    duration_ms: NDArray[Any]
    """NaN where the line says none."""
    bad: NDArray[np.bool_]
    """Whether it is a warning or worse."""
    identifiers: dict[str, NDArray[Any]]
    """Canonical field to hashes of its values; 0 where the line has none."""
    files: tuple[str, ...]
    processes: tuple[str, ...]
    routes: tuple[str, ...]
    _by_value: dict[str, tuple[Rows, NDArray[Any]]] = field(default_factory=dict)

    def rows(self, key: str, value: int) -> Rows:
        """The rows that have ``value`` under ``key``, in order."""
        order, values = self._sorted(key)
        low, high = np.searchsorted(values, [value, value])
        high = np.searchsorted(values, value, side="right")
        return order[low:high]

    def groups(self, key: str) -> Iterator[tuple[int, Rows]]:
        """Each value under ``key`` with its rows."""
        order, values = self._sorted(key)
        if not len(values):
            return
        starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
        ends = np.append(starts[1:], len(values))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            yield int(values[start]), order[start:end]

    def beginnings(self, key: str) -> Rows:
        """For each value under ``key`` its first row, by time; rows without a time come first."""
        column = self.identifiers[key]
        named = np.flatnonzero(column)
        times = np.where(np.isnan(self.at_ms[named]), -np.inf, self.at_ms[named])
        order = named[np.lexsort((times, column[named]))]
        return order[np.unique(column[order], return_index=True)[1]]

    def place(self, row: int) -> tuple[str, int]:
        """File and line of a row."""
        return self.files[self.file[row]], int(self.line[row])

    def _sorted(self, key: str) -> tuple[Rows, NDArray[Any]]:
        if key not in self._by_value:
            column = self.identifiers[key]
            order = np.argsort(column, kind="stable")
            order = order[column[order] != 0]
            self._by_value[key] = (order, column[order])
        return self._by_value[key]
