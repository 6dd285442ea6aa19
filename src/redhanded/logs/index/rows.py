"""The entries of one log file in columns: a handful of numbers each, and tables of names."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.case.symptom import Marker
from redhanded.logs.correlation.events import is_attribute
from redhanded.logs.http_requests import duration_ms, route_of
from redhanded.logs.identifiers import identifiers
from redhanded.logs.joining import process_of
from redhanded.logs.markers import Markers
from redhanded.logs.profile import value_hash
from redhanded.logs.record import Record
from redhanded.logs.redact import redact
from redhanded.logs.search import headline
from redhanded.logs.severity import severity
from redhanded.logs.tally import FileTally
from redhanded.logs.templates import Miner
from redhanded.logs.templates.keeping import Learned, learned

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
KEYS_MAX = 128
ATTRIBUTE_VALUES_MAX = 64
_HEADLINE_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One element per entry, in the order of the file; identifiers beside them in threes."""

    offset: NDArray[Any]
    """Of the first byte, in the uncompressed text."""
    line: NDArray[Any]
    """Of the first line, counted from 1."""
    at_ms: NDArray[Any]
    """Epoch; NaN without a time."""
    level: NDArray[Any]
    """Index into ``LEVELS``; -1 without a level."""
    severity: NDArray[Any]
    """3 fatal, 2 error or what speaks of one, 1 warn, 0 nothing bad."""
    template: NDArray[Any]
    source: NDArray[Any]
    process: NDArray[Any]
    route: NDArray[Any]
    """-1 for entries that are not about an HTTP request."""
    duration_ms: NDArray[Any]
    """NaN where the entry says none."""
    row: NDArray[Any]
    """Of each identifier, the entry that has it."""
    key: NDArray[Any]
    value: NDArray[Any]
    """Hashes."""
    attribute_row: NDArray[Any]
    """Of each attribute, the entry that has it."""
    attribute_key: NDArray[Any]
    attribute_value: NDArray[Any]

    def __len__(self) -> int:
        return len(self.offset)


COLUMN_NAMES = tuple(one.name for one in fields(Columns))
_TYPES: dict[str, type[np.generic[Any]]] = {
    "offset": np.int64, "line": np.int64, "at_ms": np.float64, "level": np.int8,
    "severity": np.int8, "template": np.int32, "source": np.int32, "process": np.int32,
    "route": np.int32, "duration_ms": np.float64, "row": np.int32, "key": np.int16,
    "value": np.int64, "attribute_row": np.int32, "attribute_key": np.int16,
    "attribute_value": np.int32,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What is to be known of one identifier beside its column."""

    names: dict[str, int]
    """Its spellings with their lines."""
    numeric: int
    """Lines in which its value is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """Tables of names and what was met while reading."""

    sources: tuple[str, ...]
    processes: tuple[str, ...]
    routes: tuple[str, ...]
    keys: dict[str, KeyFacts]
    """By canonical name, in the order of the numbers in the column."""
    templates: Learned
    markers: tuple[Marker, ...]
    attributes: dict[str, tuple[str, ...]]
    """Fields with few values, with their values; in the order of the numbers in the columns."""
    tally: dict[str, Any]
    """The fields of ``FileTally``; of formats and envelopes only which there are."""
    limits: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        return int(self.tally["records"])


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """One file, read once."""

    columns: Columns
    facts: FileFacts


@dataclass(slots=True)
class _Key:
    number: int
    names: Counter[str] = field(default_factory=Counter)
    numeric: int = 0


class RowsBuilder:
    """Collects the entries of one file."""

    def __init__(self) -> None:
        self._columns: dict[str, array[Any]] = {
            name: array(_code(kind)) for name, kind in _TYPES.items()
        }
        self._names: dict[str, dict[str, int]] = {"source": {}, "process": {}, "route": {}}
        self._keys: dict[str, _Key] = {}
        self._attributes: dict[str, dict[str, int]] = {}
        self._varied: set[str] = set()
        self._left_out = 0
        self._miner = Miner()
        self._markers = Markers()

    def add(self, record: Record) -> None:
        """One entry."""
        put = self._columns
        entry = record.entry
        route = route_of(record)
        duration = duration_ms(entry.fields)
        put["offset"].append(record.offset)
        put["line"].append(record.line)
        put["at_ms"].append(float("nan") if entry.at_ms is None else entry.at_ms)
        put["level"].append(-1 if entry.level is None else LEVELS.index(entry.level))
        put["severity"].append(severity(record))
        text = redact(headline(record)[:_HEADLINE_MAX]).replace("\n", " ")
        put["template"].append(self._miner.id_of(text.encode(errors="replace")))
        put["source"].append(self._number("source", record.source))
        put["process"].append(self._number("process", process_of(record)))
        put["route"].append(-1 if route is None else self._number("route", route))
        put["duration_ms"].append(float("nan") if duration is None else duration)
        self._identifiers(record, len(put["offset"]) - 1)
        self._take_attributes(record, len(put["offset"]) - 1)
        self._markers.add(record)

    def finish(self, tally: FileTally) -> IndexedFile:
        """What was collected; ``tally`` is what reading the file met."""
        columns = {name: np.asarray(column, _TYPES[name]) for name, column in self._columns.items()}
        self._miner.count(columns["template"])
        known, place = learned(self._miner)
        columns["template"] = place[columns["template"]]
        facts = FileFacts(
            sources=tuple(self._names["source"]),
            processes=tuple(self._names["process"]),
            routes=tuple(self._names["route"]),
            keys={
                name: KeyFacts(names=dict(key.names), numeric=key.numeric)
                for name, key in self._keys.items()
            },
            templates=known,
            markers=self._markers.finish(),
            attributes={name: tuple(values) for name, values in self._attributes.items()},
            tally=plain_tally(tally),
            limits=self._limits(),
        )
        return IndexedFile(columns=Columns(**columns), facts=facts)

    def _identifiers(self, record: Record, row: int) -> None:
        put = self._columns
        for name, found in identifiers(record).items():
            key = self._keys.get(name)
            if key is None:
                if len(self._keys) >= KEYS_MAX:
                    self._left_out += 1
                    continue
                key = self._keys[name] = _Key(len(self._keys))
            key.names[found.name] += 1
            key.numeric += found.value.isdigit()
            put["row"].append(row)
            put["key"].append(key.number)
            put["value"].append(value_hash(found.value))

    def _take_attributes(self, record: Record, row: int) -> None:
        """Fields that have few values in this file; what had more is left out in the end."""
        put = self._columns
        for name, value in record.entry.fields.items():
            if name in self._varied or not is_attribute(name, value):
                continue
            values = self._attributes.get(name)
            if values is None:
                if len(self._attributes) >= KEYS_MAX:
                    continue
                values = self._attributes[name] = {}
            text = redact(str(value))
            number = values.setdefault(text, len(values))
            if number >= ATTRIBUTE_VALUES_MAX:
                self._varied.add(name)
                continue
            put["attribute_row"].append(row)
            put["attribute_key"].append(list(self._attributes).index(name))
            put["attribute_value"].append(number)

    def _limits(self) -> tuple[str, ...]:
        if not self._left_out:
            return ()
        return (
            f"only the first {KEYS_MAX} fields that may be identifiers were kept; "
            f"{self._left_out:,} values of others were not",
        )

    def _number(self, kind: str, name: str) -> int:
        return self._names[kind].setdefault(name, len(self._names[kind]))


def plain_tally(tally: FileTally) -> dict[str, Any]:
    """Its fields, so that they can be stored."""
    known = {one.name: getattr(tally, one.name) for one in fields(FileTally)}
    return known | {
        name: dict.fromkeys(sorted(known[name]), 1) for name in ("formats", "envelopes")
    }


def tally_from(known: dict[str, Any]) -> FileTally:
    """The other way round."""
    counted = {name: Counter(known[name]) for name in ("formats", "envelopes")}
    return FileTally(**(known | counted))


def _code(kind: type[np.generic[Any]]) -> str:
    return np.dtype(kind).char if kind is not np.int64 else "q"
