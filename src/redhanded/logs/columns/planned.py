"""Lines with a plan, read a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.columns.plans import Named, Plan, plan_of
from redhanded.logs.columns.values import (
    Flags,
    Floats,
    Hashes,
    epoch_times,
    iso_times,
    numeric_levels,
    value_hashes,
)
from redhanded.logs.templates import Miner
from redhanded.logs.templates.shapes import Places, Tokens

PLANS_MAX = 20_000
"""Remembered; all are made anew when there would be more."""
PLANS_PER_BLOCK_MAX = 400
"""Made for one block; the record reader reads what has none."""
NAMED_MAX = 8
"""Identifiers of one line."""

KEYS_MAX = 10_000
"""Names of identifiers; those of other names are left out, and the limits say so."""

T = TypeVar("T", bound=np.generic)
_NO_PLAN = 0
_UNSEEN = -1


class Tables:
    """What the numbers in rows stand for, while files are read."""

    def __init__(self) -> None:
        self.miner = Miner()
        self.keys: dict[str, int] = {}
        self.sources: dict[str, int] = {}
        self.refused: list[str] = []
        """Why files could not be read."""

    def limits(self) -> Iterator[str]:
        yield from self.refused
        if len(self.keys) >= KEYS_MAX:
            yield f"identifiers have over {KEYS_MAX:,} names: those of further names are left out"

    def key(self, name: str) -> int:
        """Its number; -1 if there are too many names."""
        if len(self.keys) >= KEYS_MAX:
            return self.keys.get(name, -1)
        return self.keys.setdefault(name, len(self.keys))

    def source(self, name: str) -> int:
        return self.sources.setdefault(name, len(self.sources))


class Read(NamedTuple):
    """What stands in each line of a block; only right where it is known."""

    known: Flags
    """True for lines that start an entry which was read."""
    plan: NDArray[np.int32]
    at_ms: Floats
    level: NDArray[np.int8]


class Triplets(NamedTuple):
    """Identifiers of lines."""

    row: NDArray[np.int32]
    key: NDArray[np.int16]
    value: Hashes


class Plans:
    """Plans by shape, as arrays."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._clear()

    def _clear(self) -> None:
        self._ids = _Unseen()
        self._count = 1
        self._fields = np.zeros((256, 4), np.int32)
        """For each plan: time token, whether it is written out, level token, template."""
        self._levels = np.zeros(256, np.int8)
        self._keys = np.full((256, NAMED_MAX), -1, np.int16)
        self._tokens = np.full((256, NAMED_MAX, 2), -1, np.int32)
        """For each plan and identifier: its first and last token, -1 if it does not vary."""
        self._constant = np.zeros((256, NAMED_MAX), np.uint64)

    def read(self, found: Tokens) -> Read:
        """Times and levels of all lines."""
        plan = self._plan_ids(found)
        fields = self._fields[plan]
        known = plan > _NO_PLAN
        at_ms = np.full(len(plan), np.nan)
        level = self._levels[plan]
        iso = fields[:, 1] == 1
        for written in (True, False):
            lines = np.flatnonzero(known & (iso == written))
            if len(lines):
                token = found.first[lines] + fields[lines, 0]
                starts, ends = found.starts[token], found.ends[token]
                times = (
                    iso_times(found.data, starts)
                    if written
                    else epoch_times(found.data, starts, ends)
                )
                at_ms[lines] = times.at_ms
                known[lines] = times.known
        lines = np.flatnonzero(known & (fields[:, 2] >= 0))
        if len(lines):
            token = found.first[lines] + fields[lines, 2]
            level[lines], numeric = numeric_levels(
                found.data, found.starts[token], found.ends[token]
            )
            known[lines] = numeric
        return Read(known, plan, at_ms, level)

    def templates(self, plan: NDArray[np.int32]) -> NDArray[np.int32]:
        """The miner's ids for lines with these plans, which it counts."""
        given: NDArray[np.int32] = self._fields[plan, 3]
        self.tables.miner.count(given)
        return given

    def named(self, found: Tokens, plan: NDArray[np.int32], lines: Places) -> Triplets:
        """The identifiers of ``lines``, whose plans are given; rows count from 0."""
        row, number = np.nonzero(self._keys[plan] >= 0)
        plan_of_row = plan[row]
        value = self._constant[plan_of_row, number]
        first, last = self._tokens[plan_of_row, number].T
        names = np.ones(len(row), np.bool_)
        varying = np.flatnonzero(first >= 0)
        before = found.first[lines[row[varying]]]
        value[varying], names[varying] = value_hashes(
            found.data,
            found.starts[before + first[varying]],
            found.ends[before + last[varying]],
        )
        key = self._keys[plan_of_row, number]
        return Triplets(row[names].astype(np.int32), key[names], value[names])

    def _plan_ids(self, found: Tokens) -> NDArray[np.int32]:
        if self._count + PLANS_PER_BLOCK_MAX > PLANS_MAX:
            self._clear()
        ids = self._ids
        given = np.fromiter(map(ids.__getitem__, found.shapes), np.int32, len(found.shapes))
        unseen = np.flatnonzero(given == _UNSEEN)
        if not len(unseen):
            return given
        data = bytes(found.data)
        ends = np.append(found.lines[1:] - 1, len(data))
        first_of = {found.shapes[line]: line for line in reversed(unseen.tolist())}
        for shape, line in islice(reversed(first_of.items()), PLANS_PER_BLOCK_MAX):
            ids[shape] = self._added(plan_of(data[found.lines[line] : ends[line]], shape))
        given[unseen] = [max(ids[found.shapes[line]], _NO_PLAN) for line in unseen.tolist()]
        return given

    def _added(self, plan: Plan | None) -> int:
        if plan is None or len(plan.named) > NAMED_MAX:
            return _NO_PLAN
        place = self._count
        self._count += 1
        if place == len(self._levels):
            self._fields = _doubled(self._fields)
            self._levels = _doubled(self._levels)
            self._keys = _doubled(self._keys)
            self._tokens = _doubled(self._tokens)
            self._constant = _doubled(self._constant)
        template = self.tables.miner.id_of(plan.message)
        self._fields[place] = (plan.time, plan.iso, plan.level_token, template)
        self._levels[place] = plan.level
        self._keys[place] = -1
        for number, named in enumerate(plan.named):
            self._name(place, number, named)
        return place

    def _name(self, place: int, number: int, named: Named) -> None:
        self._keys[place, number] = self.tables.key(named.key)
        self._tokens[place, number] = (named.first, named.last)
        self._constant[place, number] = named.value


class _Unseen(dict[bytes, int]):
    """Plans by shape; ``_UNSEEN`` for a shape without one yet."""

    def __missing__(self, shape: bytes) -> int:
        return _UNSEEN


def _doubled(array: NDArray[T]) -> NDArray[T]:
    return np.concatenate((array, np.zeros_like(array)))
