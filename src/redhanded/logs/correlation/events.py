"""Entries of logs in columns: template, time, level, source, identifiers and attributes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.distinct import SPREADS
from redhanded.logs.identifiers import canonical, identifiers, is_identifier
from redhanded.logs.record import Record, Scalar
from redhanded.logs.search import headline
from redhanded.logs.templates import template

Ints = NDArray[np.int64]
Whole = NDArray[np.signedinteger[Any]]
"""Whole numbers, as narrow as whoever read the logs keeps them: widen before multiplying."""

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
_COMPLAINTS = frozenset(("warn", "error", "fatal"))
_VALUES_MAX = 64
"""A field with more values than this is no attribute by which stories are compared."""
_LENGTH_MAX = 64
_KEYS_MAX = 128
_ATTRIBUTES_MAX = 256
_TEMPLATES_MAX = 200_000
_REST = "<other lines>"
_NOT_ATTRIBUTES = frozenset(
    ("msg", "message", "time", "timestamp", "ts", "@timestamp", "level", "severity", "v", "stack")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Arrays of one element per entry (n), in the order of reading, and triplets beside them."""

    file: Whole
    """Index into ``files``."""
    line: Whole
    """From 1."""
    at_ms: NDArray[np.float64]
    """Epoch; NaN if the entry has no time."""
    level: Whole
    """Index into ``LEVELS``; -1 if none."""
    template: Whole
    """Index into ``templates``."""
    source: Whole
    """Index into ``sources``: the process or stream that wrote it."""
    id_row: Whole
    """Identifiers in three arrays of equal length: the entry, the key, and the value's hash."""
    id_key: Whole
    id_value: NDArray[np.uint64]
    files: tuple[str, ...]
    sources: tuple[str, ...]
    templates: tuple[str, ...]
    keys: tuple[str, ...]
    """Names of identifiers, in their canonical spelling."""
    numeric: tuple[bool, ...] = ()
    """Of each key, whether most values are plain numbers, which mean nothing without their key."""
    attribute_row: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Attributes in three arrays of equal length: the entry, the field, the value."""
    attribute_key: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    attribute_value: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    attribute_keys: tuple[str, ...] = ()
    attribute_values: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    """What was too much to keep apart."""

    def place(self, row: int) -> tuple[str, int]:
        """File and line of an entry."""
        return self.files[self.file[row]], int(self.line[row])


def events(records: Iterable[Record], *, template_of: Callable[[str], str] = template) -> Events:
    """The columns of ``records``, all of them: some hundred bytes for each entry."""
    builder = _Builder(template_of)
    for record in records:
        builder.add(record)
    return builder.finish()


class ColumnsLike(Protocol):
    """Entries in columns, as the fast reader of logs gives them."""

    @property
    def file(self) -> NDArray[Any]: ...
    @property
    def line(self) -> NDArray[Any]: ...
    @property
    def at_ms(self) -> NDArray[Any]: ...
    @property
    def level(self) -> NDArray[Any]: ...
    @property
    def template(self) -> NDArray[Any]: ...
    @property
    def source(self) -> NDArray[Any]: ...
    @property
    def id_row(self) -> NDArray[Any]: ...
    @property
    def id_key(self) -> NDArray[Any]: ...
    @property
    def id_value(self) -> NDArray[Any]: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def sources(self) -> tuple[str, ...]: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def templates(self) -> tuple[str, ...]: ...


def events_of(columns: ColumnsLike) -> Events:
    """The same entries, without a copy. Columns do not say which keys are plain numbers; all are
    taken to be, so that no two keys are merged."""
    return Events(
        file=columns.file,
        line=columns.line,
        at_ms=columns.at_ms,
        level=columns.level,
        template=columns.template,
        source=columns.source,
        id_row=columns.id_row,
        id_key=columns.id_key,
        id_value=columns.id_value,
        files=columns.files,
        sources=columns.sources,
        templates=columns.templates,
        keys=columns.keys,
        numeric=(True,) * len(columns.keys),
    )


def keyed(key: Whole, value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 bits that stand for a value under its key."""
    found = key.astype(np.uint64)
    found *= SPREADS
    found ^= value
    return found


@lru_cache(maxsize=1 << 16)
def hash_of(value: str) -> int:
    """64 bits that stand for a value, the same in every run."""
    return int.from_bytes(blake2b(value.encode(errors="replace"), digest_size=8).digest(), "little")


class _Builder:
    def __init__(self, template_of: Callable[[str], str]) -> None:
        self._template_of = template_of
        self._columns = {
            name: array("q") for name in ("file", "line", "level", "template", "source")
        }
        self._at_ms = array("d")
        self._tables: dict[str, dict[str, int]] = {}
        self._row, self._key, self._value = array("q"), array("q"), array("Q")
        self._digits: dict[int, list[int]] = {}
        self._attributes = array("q"), array("q"), array("q")
        self._values_of: dict[int, set[int]] = {}
        self._left_out: dict[str, int] = {}

    def add(self, record: Record) -> None:
        row, entry = len(self._at_ms), record.entry
        self._at_ms.append(float("nan") if entry.at_ms is None else entry.at_ms)
        message = (entry.message or record.text).partition("\n")[0]
        if entry.level in _COMPLAINTS:  # The cause tells one "job failed" from another.
            message = headline(record) or message
        numbers = {
            "file": self._index("files", record.path),
            "line": record.line,
            "level": LEVELS.index(entry.level) if entry.level in LEVELS else -1,
            "template": self._template(message),
            "source": self._index("sources", source_of(record)),
        }
        for name, number in numbers.items():
            self._columns[name].append(number)
        for key, identifier in identifiers(record).items():
            if self._is_full("keys", key, _KEYS_MAX):
                continue
            place = self._index("keys", key)
            self._row.append(row)
            self._key.append(place)
            self._value.append(hash_of(identifier.value))
            seen = self._digits.setdefault(place, [0, 0])
            seen[0] += identifier.value.isdigit()
            seen[1] += 1
        for name, value in entry.fields.items():
            if is_attribute(name, value) and not self._is_full("attributes", name, _ATTRIBUTES_MAX):
                self._add_attribute(row, name, str(value))

    def finish(self) -> Events:
        row, key, value = (np.asarray(each, np.int64) for each in self._attributes)
        names = tuple(self._table("attributes"))
        telling = np.asarray(
            [2 <= len(self._values_of[at]) <= _VALUES_MAX for at in range(len(names))], bool
        )
        kept = telling[key] if len(key) else np.zeros(0, bool)
        columns: dict[str, Any] = {
            name: np.asarray(column, np.int64) for name, column in self._columns.items()
        }
        return Events(
            at_ms=np.asarray(self._at_ms, float),
            id_row=np.asarray(self._row, np.int64),
            id_key=np.asarray(self._key, np.int64),
            id_value=np.asarray(self._value, np.uint64),
            files=tuple(self._table("files")),
            sources=tuple(self._table("sources")),
            templates=tuple(self._table("templates")),
            keys=tuple(self._table("keys")),
            numeric=tuple(
                2 * self._digits[at][0] > self._digits[at][1]
                for at in range(len(self._table("keys")))
            ),
            attribute_row=row[kept],
            attribute_key=key[kept],
            attribute_value=value[kept],
            attribute_keys=names,
            attribute_values=tuple(self._table("values")),
            limits=self._limits(),
            **columns,
        )

    def _add_attribute(self, row: int, name: str, value: str) -> None:
        key = self._index("attributes", name)
        seen = self._values_of.setdefault(key, set())
        if len(seen) > _VALUES_MAX:
            return
        number = self._index("values", value)
        seen.add(number)
        for column, each in zip(self._attributes, (row, key, number), strict=True):
            column.append(each)

    def _template(self, message: str) -> int:
        text = self._template_of(message)
        return self._index("templates", _REST if self._is_full("templates", text, _TEMPLATES_MAX)
                           else text)  # fmt: skip

    def _is_full(self, name: str, value: str, most: int) -> bool:
        """Whether a value would be one more than a table may hold; counted, to be said."""
        table = self._table(name)
        if value in table or len(table) < most:
            return False
        self._left_out[name] = self._left_out.get(name, 0) + 1
        return True

    def _limits(self) -> tuple[str, ...]:
        said = {
            "templates": f"lines are of templates after the first {_TEMPLATES_MAX:,}: taken as one",
            "keys": f"identifiers have names after the first {_KEYS_MAX}: they join nothing",
            "attributes": f"values have names after the first {_ATTRIBUTES_MAX}: not compared",
        }
        return tuple(f"{count:,} {said[name]}" for name, count in self._left_out.items())

    def _table(self, name: str) -> dict[str, int]:
        return self._tables.setdefault(name, {})

    def _index(self, name: str, value: str) -> int:
        table = self._table(name)
        return table.setdefault(value, len(table))


def source_of(record: Record) -> str:
    """Who wrote the entry: its stream, and its process or container where it names one."""
    for name in ("pid", "process.pid", "process", "hostname", "host", "pod", "container", "worker"):
        value = record.entry.fields.get(name)
        if value is not None:
            return f"{record.source} ({name} {value})"
    return record.source


def is_attribute(name: str, value: Scalar) -> bool:
    """Whether a field may be compared by its values: short texts and numbers that name nothing."""
    if name.lower() in _NOT_ATTRIBUTES or isinstance(value, float):
        return False
    text = str(value)
    if not 0 < len(text) <= _LENGTH_MAX or "\n" in text:
        return False
    return canonical(name) is None or not is_identifier(value)
