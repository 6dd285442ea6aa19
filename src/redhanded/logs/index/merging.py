"""Columns of parts, one behind the other, as if they had been read as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.identifiers import identifiers
from redhanded.logs.index.rows import Columns, FileFacts, IndexedFile, KeyFacts
from redhanded.logs.record import Record
from redhanded.logs.templates import Miner
from redhanded.logs.templates.keeping import learned, miner_of

_PLAIN_COLUMNS = ("offset", "line", "at_ms", "level", "severity", "duration_ms", "value")


def merged(parts: Sequence[IndexedFile]) -> IndexedFile:
    """One part of several; numbers of names are those of the first part in which a name stands,
    templates are learned from all of them, so that the order of parts changes no count."""
    sources, source_of = _table(part.facts.sources for part in parts)
    processes, process_of = _table(part.facts.processes for part in parts)
    routes, route_of = _table(part.facts.routes for part in parts)
    keys, key_of = _table(tuple(part.facts.keys) for part in parts)
    miner = Miner()
    template_of = [miner.merge(miner_of(part.facts.templates)) for part in parts]
    known, place = learned(miner)
    columns = {
        name: np.concatenate([getattr(part.columns, name) for part in parts])
        for name in _PLAIN_COLUMNS
    }
    begins = np.cumsum([0, *(len(part.columns) for part in parts[:-1])])
    columns["row"] = np.concatenate(
        [part.columns.row + begin for part, begin in zip(parts, begins, strict=True)]
    ).astype(np.int32)
    for name, numbers in (
        ("source", source_of), ("process", process_of), ("route", route_of), ("key", key_of),
        ("template", [place[given] for given in template_of]),
    ):  # fmt: skip
        columns[name] = np.concatenate(
            [
                _renumbered(getattr(part.columns, name), own)
                for part, own in zip(parts, numbers, strict=True)
            ]
        )
    facts = [part.facts for part in parts]
    return IndexedFile(
        columns=Columns(**columns),
        facts=FileFacts(
            sources=sources,
            processes=processes,
            routes=routes,
            keys={name: _key_facts(name, facts) for name in keys},
            templates=known,
            markers=tuple(
                sorted(
                    (marker for one in facts for marker in one.markers),
                    key=lambda marker: marker.at_ms,
                )
            ),
            records=sum(one.records for one in facts),
            undecodable=sum(one.undecodable for one in facts),
            broken=tuple(number for one in facts for number in one.broken)[:100],
            cut_at=facts[-1].cut_at,
            untimed=sum(one.untimed for one in facts),
            unzoned=sum(one.unzoned for one in facts),
            first_ms=_extreme(min, (one.first_ms for one in facts)),
            last_ms=_extreme(max, (one.last_ms for one in facts)),
            formats=tuple(sorted({name for one in facts for name in one.formats})),
            limits=tuple(dict.fromkeys(limit for one in facts for limit in one.limits)),
        ),
    )


def behind(part: IndexedFile, *, offset: int, line: int) -> IndexedFile:
    """``part`` with its places counted from where it begins in its file."""
    columns = part.columns
    moved = replace(columns, offset=columns.offset + offset, line=columns.line + (line - 1))
    facts = part.facts
    return IndexedFile(
        columns=moved,
        facts=replace(
            facts,
            broken=tuple(number + line - 1 for number in facts.broken),
            cut_at=None if facts.cut_at is None else facts.cut_at + line - 1,
        ),
    )


def before(part: IndexedFile, row: int) -> IndexedFile:
    """The entries of ``part`` before ``row``, with all of its names."""
    columns = part.columns
    kept = columns.row < row
    names = ("offset", "line", "at_ms", "level", "severity", "template", "source", "process",
             "route", "duration_ms")  # fmt: skip
    cut = {name: getattr(columns, name)[:row] for name in names}
    cut |= {name: getattr(columns, name)[kept] for name in ("row", "key", "value")}
    counts = np.bincount(cut["template"], minlength=len(part.facts.templates.masks))
    times = cut["at_ms"][~np.isnan(cut["at_ms"])]
    return IndexedFile(
        columns=Columns(**cut),
        facts=replace(
            part.facts,
            templates=replace(part.facts.templates, counts=tuple(counts.tolist())),
            records=row,
            untimed=row - len(times),
            cut_at=None,
            first_ms=float(times.min()) if len(times) else None,
            last_ms=float(times.max()) if len(times) else None,
        ),
    )


def without(part: IndexedFile, record: Record) -> IndexedFile:
    """``part`` with what its names owe to ``record`` taken off."""
    keys = dict(part.facts.keys)
    for name, found in identifiers(record).items():
        if name in keys:
            spellings = dict(keys[name].names)
            spellings[found.name] = spellings.get(found.name, 0) - 1
            keys[name] = KeyFacts(
                names={spelling: count for spelling, count in spellings.items() if count > 0},
                numeric=keys[name].numeric - found.value.isdigit(),
            )
    return replace(part, facts=replace(part.facts, keys=keys))


def _table(
    tables: Iterable[Sequence[str]],
) -> tuple[tuple[str, ...], list[NDArray[Any]]]:
    """All names once, and of each table the numbers of its names."""
    names: dict[str, int] = {}
    numbers = [
        np.array([names.setdefault(name, len(names)) for name in table], np.int32)
        for table in tables
    ]
    return tuple(names), numbers


def _renumbered(column: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """-1 stays."""
    return np.asarray(np.append(numbers, -1).astype(column.dtype)[column])


def _key_facts(name: str, facts: Sequence[FileFacts]) -> KeyFacts:
    own = [one.keys[name] for one in facts if name in one.keys]
    names: Counter[str] = sum((Counter(key.names) for key in own), Counter())
    return KeyFacts(names=dict(names), numeric=sum(key.numeric for key in own))


def _extreme(
    choose: Callable[[list[float]], float], values: Iterable[float | None]
) -> float | None:
    known = [value for value in values if value is not None]
    return choose(known) if known else None
