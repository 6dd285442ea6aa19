"""Logs as columns: arrays of equal length, one row for each entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Some entries. Templates are ids of the miner that read them, until ``Columns``."""

    file: NDArray[np.int32]
    """Place in ``Columns.files``."""
    offset: NDArray[np.int64]
    """Of the entry's first byte, in the uncompressed text."""
    line: NDArray[np.int64]
    """Of its first line, counted from 1."""
    lines: NDArray[np.int32]
    """Lines that were joined."""
    at_ms: NDArray[np.float64]
    """Epoch; NaN without a time."""
    level: NDArray[np.int8]
    """Place in ``LEVELS``; -1 without a level."""
    template: NDArray[np.int32]
    source: NDArray[np.int32]
    """Place in ``Columns.sources``."""
    id_row: NDArray[np.int32]
    """Rows that name something, ascending; one element for each thing named."""
    id_key: NDArray[np.int16]
    """Place in ``Columns.keys``: as what it is named."""
    id_value: NDArray[np.uint64]
    """Hash of the value (``value_hash``), the same in every process."""

    def __len__(self) -> int:
        return len(self.offset)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns(Rows):
    """Entries with what their numbers stand for."""

    files: tuple[str, ...]
    sources: tuple[str, ...]
    keys: tuple[str, ...]
    """Canonical names of identifiers."""
    templates: tuple[str, ...]
    """Texts with ``<*>``; ``template`` is a place in here."""
    limits: tuple[str, ...]
    """What could not be read or told apart, in sentences."""


def concatenated(parts: Iterable[Rows]) -> Rows:
    """The rows of all parts, one after the other; ``id_row`` counts on.

    Takes an eighth more memory than the result, where nobody else holds the parts.
    """
    columns = {name: _Growing(dtype) for name, dtype in DTYPES.items()}
    before = 0
    for part in parts:
        for name, column in columns.items():
            own = getattr(part, name)
            column.add(own + np.int32(before) if name == "id_row" else own)
        before += len(part)
    return Rows(**{name: column.finished() for name, column in columns.items()})


class _Growing:
    """An array that grows where it lies: the system moves large ones without a copy."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._array = np.empty(0, dtype)
        self._size = 0

    def add(self, more: NDArray[Any]) -> None:
        size = self._size + len(more)
        if size > len(self._array):
            self._array.resize(size + size // 8, refcheck=False)
        self._array[self._size : size] = more
        self._size = size

    def finished(self) -> NDArray[Any]:
        self._array.resize(self._size, refcheck=False)
        return self._array


def in_order(rows: Rows) -> Rows:
    """Rows of one file by line; those of one line stay in their order."""
    if not len(rows) or bool((np.diff(rows.line) >= 0).all()):
        return rows
    order = np.argsort(rows.line, kind="stable")
    place_of = np.empty(len(order), np.int32)
    place_of[order] = np.arange(len(order), dtype=np.int32)
    id_row = place_of[rows.id_row]
    ids = np.argsort(id_row, kind="stable")
    columns = {name: getattr(rows, name)[order] for name in DTYPES if not name.startswith("id_")}
    return Rows(**columns, id_row=id_row[ids], id_key=rows.id_key[ids], id_value=rows.id_value[ids])


def split(rows: Rows, count: int) -> tuple[Rows, Rows]:
    """The first ``count`` rows, and the others."""
    ids = int(np.searchsorted(rows.id_row, count))
    return _between(rows, slice(0, count), slice(0, ids), 0), _between(
        rows, slice(count, None), slice(ids, None), count
    )


def _between(rows: Rows, places: slice, ids: slice, before: int) -> Rows:
    columns = {name: getattr(rows, name)[places] for name in DTYPES if not name.startswith("id_")}
    return Rows(
        **columns,
        id_row=(rows.id_row[ids] - before).astype(np.int32),
        id_key=rows.id_key[ids],
        id_value=rows.id_value[ids],
    )


_EMPTY: dict[str, NDArray[np.generic]] = {
    "file": np.zeros(0, np.int32),
    "offset": np.zeros(0, np.int64),
    "line": np.zeros(0, np.int64),
    "lines": np.zeros(0, np.int32),
    "at_ms": np.zeros(0, np.float64),
    "level": np.zeros(0, np.int8),
    "template": np.zeros(0, np.int32),
    "source": np.zeros(0, np.int32),
    "id_row": np.zeros(0, np.int32),
    "id_key": np.zeros(0, np.int16),
    "id_value": np.zeros(0, np.uint64),
}
DTYPES = {name: empty.dtype for name, empty in _EMPTY.items()}
assert tuple(DTYPES) == tuple(one.name for one in fields(Rows))
