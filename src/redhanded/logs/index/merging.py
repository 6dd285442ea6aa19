"""Columns of parts, one behind the other, as if they had been read as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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
    attributes, attribute_columns = _attributes(parts, begins)
    columns |= attribute_columns
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
            attributes=attributes,
            tally=_tally([one.tally for one in facts]),
            limits=tuple(dict.fromkeys(limit for one in facts for limit in one.limits)),
        ),
    )


def behind(part: IndexedFile, *, offset: int, line: int) -> IndexedFile:
    """``part`` with its places counted from where it begins in its file."""
    columns = part.columns
    moved = replace(columns, offset=columns.offset + offset, line=columns.line + (line - 1))
    tally = dict(part.facts.tally)
    for name in ("broken", "overlong"):
        tally[name] = [number + line - 1 for number in tally[name]]
    if tally["cut_at"] is not None:
        tally["cut_at"] += line - 1
    return IndexedFile(columns=moved, facts=replace(part.facts, tally=tally))


def before(part: IndexedFile, row: int) -> IndexedFile:
    """The entries of ``part`` before ``row``, with all of its names."""
    columns = part.columns
    kept = columns.row < row
    names = ("offset", "line", "at_ms", "level", "severity", "template", "source", "process",
             "route", "duration_ms")  # fmt: skip
    cut = {name: getattr(columns, name)[:row] for name in names}
    cut |= {name: getattr(columns, name)[kept] for name in ("row", "key", "value")}
    named = columns.attribute_row < row
    cut |= {
        name: getattr(columns, name)[named]
        for name in ("attribute_row", "attribute_key", "attribute_value")
    }
    counts = np.bincount(cut["template"], minlength=len(part.facts.templates.masks))
    times = cut["at_ms"][~np.isnan(cut["at_ms"])]
    return IndexedFile(
        columns=Columns(**cut),
        facts=replace(
            part.facts,
            templates=replace(part.facts.templates, counts=tuple(counts.tolist())),
            tally=part.facts.tally
            | {
                "records": row,
                "untimed": row - len(times),
                "cut_at": None,
                "first_ms": float(times.min()) if len(times) else None,
                "last_ms": float(times.max()) if len(times) else None,
            },
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


def _attributes(
    parts: Sequence[IndexedFile], begins: NDArray[Any]
) -> tuple[dict[str, tuple[str, ...]], dict[str, NDArray[Any]]]:
    """Fields with few values in all parts together; what has more is left out."""
    tables: dict[str, dict[str, int]] = {}
    rows: list[NDArray[Any]] = [np.zeros(0, np.int32)]
    keys: list[NDArray[Any]] = [np.zeros(0, np.int16)]
    values: list[NDArray[Any]] = [np.zeros(0, np.int32)]
    for part, begin in zip(parts, begins, strict=True):
        own = list(part.facts.attributes.items())
        numbers = {name: number for number, name in enumerate(tables)}
        for number, (name, known) in enumerate(own):
            mine = part.columns.attribute_key == number
            table = tables.setdefault(name, {})
            numbers.setdefault(name, len(numbers))
            place = np.array([table.setdefault(value, len(table)) for value in known], np.int32)
            rows.append(part.columns.attribute_row[mine] + begin)
            keys.append(np.full(int(mine.sum()), numbers[name], np.int16))
            values.append(place[part.columns.attribute_value[mine]])
    row = np.concatenate(rows).astype(np.int32)
    key = np.concatenate(keys).astype(np.int16)
    value = np.concatenate(values).astype(np.int32)
    order = np.lexsort((value, key, row))
    return {name: tuple(table) for name, table in tables.items()}, {
        "attribute_row": row[order],
        "attribute_key": key[order],
        "attribute_value": value[order],
    }


def _tally(tallies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts added up, lists one after the other, the last word of what is said of the end."""
    total = dict(tallies[-1])
    for name, value in total.items():
        known = [one[name] for one in tallies]
        if name == "first_ms":
            total[name] = min((at for at in known if at is not None), default=None)
        elif name in ("last_ms", "late_ms_max"):
            total[name] = max((at for at in known if at is not None), default=None)
        elif isinstance(value, list):
            total[name] = [number for one in known for number in one][:100]
        elif isinstance(value, dict):
            total[name] = dict.fromkeys(sorted({key for one in known for key in one}), 1)
        elif isinstance(value, int) and name != "cut_at":
            total[name] = sum(known)
    return total
