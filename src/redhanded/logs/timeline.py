"""The lines of a log that carry identifiers, in columns: small enough to keep, fast to join."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.identifiers import Identifier
from redhanded.logs.profile import value_hash

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


class TimelineBuilder:
    """Collects rows for the fields ``keys``."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._identifiers = {key: array("q") for key in keys}
        self._file, self._line = array("i"), array("q")
        self._at_ms, self._duration_ms = array("d"), array("d")
        self._process, self._route = array("i"), array("i")
        self._names: dict[str, dict[str, int]] = {"file": {}, "process": {}, "route": {}}

    def add(
        self,
        found: Mapping[str, Identifier],
        *,
        path: str,
        line: int,
        at_ms: float | None,
        process: str,
        route: str | None,
        duration_ms: float | None,
    ) -> None:
        """One line; left out if it has none of the tracked identifiers."""
        if not any(key in found for key in self._identifiers):
            return
        for key, column in self._identifiers.items():
            identifier = found.get(key)
            column.append(value_hash(identifier.value) if identifier else 0)
        self._file.append(self._index("file", path))
        self._line.append(line)
        self._at_ms.append(float("nan") if at_ms is None else at_ms)
        self._process.append(self._index("process", process))
        self._route.append(-1 if route is None else self._index("route", route))
        self._duration_ms.append(float("nan") if duration_ms is None else duration_ms)

    def finish(self) -> Timeline:
        return Timeline(
            file=np.asarray(self._file),
            line=np.asarray(self._line),
            at_ms=np.asarray(self._at_ms),
            process=np.asarray(self._process),
            route=np.asarray(self._route),
            duration_ms=np.asarray(self._duration_ms),
            identifiers={key: np.asarray(column) for key, column in self._identifiers.items()},
            files=tuple(self._names["file"]),
            processes=tuple(self._names["process"]),
            routes=tuple(self._names["route"]),
        )

    def _index(self, kind: str, name: str) -> int:
        return self._names[kind].setdefault(name, len(self._names[kind]))
