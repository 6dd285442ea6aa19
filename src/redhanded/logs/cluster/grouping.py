"""Counts pairs of a window and a template, in DuckDB where it is installed, otherwise in numpy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

MEMORY_MAX = "256MB"
"""What DuckDB may hold in memory for one shard; beyond that it uses the disk."""
THREADS = 1
"""A worker has one core; several workers share a machine."""

Pairs = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


class Grouping(Protocol):
    """Counts equal pairs."""

    def __call__(self, window: NDArray[Any], template: NDArray[Any]) -> Pairs:
        """Distinct pairs in order of window and template, and how many there are of each."""
        ...


def grouped() -> Grouping:
    """The way that is there."""
    return by_duckdb if find_spec("duckdb") is not None else by_numpy


def by_numpy(window: NDArray[Any], template: NDArray[Any]) -> Pairs:
    """In memory."""
    if not len(window):
        none = np.zeros(0, np.int64)
        return none, none, none
    size = int(template.max()) + 1
    low = int(window.min())
    codes, counts = np.unique((window - low) * size + template, return_counts=True)
    return codes // size + low, codes % size, counts.astype(np.int64)


def by_duckdb(window: NDArray[Any], template: NDArray[Any]) -> Pairs:
    """With bounded memory; needs the extra ``volume``."""
    import duckdb

    pairs = {"w": window.astype(np.int64), "t": template.astype(np.int64)}
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_MAX}'")
        connection.execute(f"SET threads = {THREADS}")
        connection.register("pairs", pairs)
        found = connection.execute(
            "SELECT w, t, count(*) AS n FROM pairs GROUP BY w, t ORDER BY w, t"
        ).fetchnumpy()
    return tuple(np.asarray(found[name], np.int64) for name in ("w", "t", "n"))  # type: ignore[return-value]
