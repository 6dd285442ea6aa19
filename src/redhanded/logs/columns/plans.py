"""Where time, level and identifiers stand in lines of one shape, asked of the record reader.

Lines of one shape differ only in tokens that hold a digit. So what the record reader makes of one
of them holds for all, but for those tokens; which of them are the time and the level is found by
changing them and looking what changes. Where this is not clear there is no plan, and the record
reader reads each such line itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from redhanded.logs.columns.values import level_place, value_hash
from redhanded.logs.files import LogFile
from redhanded.logs.identifiers import identifiers
from redhanded.logs.lines import Line
from redhanded.logs.read import FileTally, LineReader
from redhanded.logs.record import Record
from redhanded.logs.templates.shapes import SEPARATORS, VARIES, shape, varying

LINE_BYTES_MAX = 8192
"""Longer lines have no plan."""
_FILE = LogFile(path=Path("/dev/null"), name="?", size=0)
_SAMPLES = (b"7", b"64")
"""Stand for tokens of which only the place matters."""
_LEVELS = {b"20": "debug", b"50": "error"}
_TIMES_MAX = 4
_BETWEEN = frozenset(bytes([byte]) for byte in SEPARATORS + b"#[]")
_BETWEEN_MAX = 4
_WORD = re.compile(rb"[\w-]")
_ISO_START = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_ISO = re.compile(_ISO_START.pattern + rb"(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_EPOCH = re.compile(rb"[1-3]\d{12}")
_NUMERIC_LEVEL = re.compile(rb"[1-6]0")


class Named(NamedTuple):
    """An identifier: from the start of one varying token to the end of another."""

    key: str
    first: int
    """-1 for a value that does not vary."""
    last: int
    value: int
    """Its hash where it does not vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to read lines of one shape. Tokens are counted among those of the line that vary."""

    iso: bool
    """Whether the time is written out; else it is in milliseconds since 1970."""
    time: int
    """The token that the time begins with."""
    level: int
    """Place in ``LEVELS``, -1 for none."""
    level_token: int
    """The token that is the level, -1 if it does not vary."""
    message: bytes
    """Shape of the message."""
    named: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line taken apart at its varying tokens."""

    between: list[bytes]
    values: list[bytes]

    def filled(self, changes: dict[int, bytes], sample: bytes | None = None) -> bytes:
        """With other values, and with ``sample`` for all that are not changed if it is given."""
        parts = [self.between[0]]
        for place, value in enumerate(self.values):
            parts += [changes.get(place, sample or value), self.between[place + 1]]
        return b"".join(parts)


def plan_of(line: bytes, line_shape: bytes) -> Plan | None:
    """The plan for ``line`` and all others of its shape; None if each has to be read by itself."""
    if len(line) > LINE_BYTES_MAX or not (line[:1] == b"{" or _ISO_START.match(line.lstrip(b"["))):
        return None
    parts = _Line(between=line_shape.split(VARIES), values=varying(line))
    record = _read(line)
    if record is None:
        return None
    time = _time(parts, line, record)
    if time is None:
        return None
    place, iso, clock = time
    level_token = _level_token(parts, record)
    kept = {token: parts.values[token] for token in clock}
    if level_token >= 0:
        kept[level_token] = parts.values[level_token]
    samples = [_read(parts.filled(kept, sample)) for sample in _SAMPLES]
    messages = {_message_shape(sample) for sample in (record, *samples) if sample is not None}
    if None in samples or len(messages) != 1 or not all(_agree(record, one) for one in samples):
        return None
    named = _named(parts, samples[0], kept)
    if named is None:
        return None
    return Plan(
        iso=iso,
        time=place,
        level=level_place(record.entry.level),
        level_token=level_token,
        message=messages.pop(),
        named=named,
    )


def _read(line: bytes) -> Record | None:
    """What the record reader makes of it alone; None if more than this line decides that."""
    try:
        text = line.decode().removesuffix("\r")
    except UnicodeDecodeError:
        return None
    reader = LineReader(_FILE, FileTally())
    records = [*reader.feed(Line(1, 0, line, True)), *reader.end()]
    if len(records) != 1:
        return None
    (record,) = records
    entry = record.entry
    alone = not any(getattr(entry, name, "") for name in ("continues", "writer", "lacks"))
    if entry.at_ms is None or not entry.whole or record.source != _FILE.name or not alone:
        return None
    return record if record.text == text else None


def _time(parts: _Line, line: bytes, record: Record) -> tuple[int, bool, tuple[int, ...]] | None:
    """The token that the time begins with, whether it is written out, and all its tokens."""
    at = 0
    starts = []
    for between, value in zip(parts.between, parts.values, strict=False):
        at += len(between)
        starts.append(at)
        at += len(value)
    candidates = (
        place
        for place, start in enumerate(starts)
        if _ISO_START.match(line, start) or _EPOCH.fullmatch(parts.values[place])
    )
    for place in islice(candidates, _TIMES_MAX):
        value, written = parts.values[place], _ISO.match(line, starts[place])
        iso = written is not None
        end = written.end() if written else starts[place] + 1
        moved, step_ms = _later_year(value) if iso else (_later_second(value), 1000.0)
        changed = _read(parts.filled({place: moved}))
        if changed is None or changed.entry.at_ms is None or record.entry.at_ms is None:
            continue
        if abs(changed.entry.at_ms - record.entry.at_ms) >= step_ms - 1:
            clock = (token for token in range(place, len(starts)) if starts[token] < end)
            return place, iso, tuple(clock)
    return None


def _later_second(value: bytes) -> bytes:
    return b"%d" % (int(value) + 1000)


def _later_year(value: bytes) -> tuple[bytes, float]:
    return b"%04d" % ((int(value[:4]) + 4) % 10_000) + value[4:], 86_400_000.0


def _level_token(parts: _Line, record: Record) -> int:
    for place, value in enumerate(parts.values):
        if _NUMERIC_LEVEL.fullmatch(value):
            changed = (_read(parts.filled({place: number})) for number in _LEVELS)
            levels = [one.entry.level if one else None for one in changed]
            if levels == list(_LEVELS.values()):
                return place
    return -1


def _message_shape(record: Record) -> bytes:
    return shape((record.entry.message or record.text).encode())


def _agree(record: Record, sample: Record | None) -> bool:
    return (
        sample is not None
        and sample.entry.at_ms == record.entry.at_ms
        and sample.entry.level == record.entry.level
    )


def _named(parts: _Line, sample: Record | None, kept: dict[int, bytes]) -> tuple[Named, ...] | None:
    """Where the identifiers of the sample stand; None if one of them cannot be found."""
    if sample is None:
        return ()
    found = []
    line = parts.filled(kept, _SAMPLES[0])
    spans = list(_spans(parts, kept))
    for key, identifier in identifiers(sample).items():
        leaf = identifier.name.rpartition(".")[2].encode()
        value = identifier.value.encode()
        end = _end_of(line, leaf, value)
        if end is None:
            return None
        placed = _placed(spans, end - len(value), end)
        if placed is not None:
            found.append(Named(key, *placed, 0))
        elif any(char in b"0123456789" for char in value):
            return None
        elif constant := value_hash(value):
            found.append(Named(key, -1, -1, constant))
    return tuple(found)


def _end_of(line: bytes, leaf: bytes, value: bytes) -> int | None:
    """Behind the first ``value`` that follows its name, with at most four other characters
    between."""
    at = line.find(leaf)
    while at >= 0:
        start = at + len(leaf)
        begin = start
        while begin - start < _BETWEEN_MAX and line[begin : begin + 1] in _BETWEEN:
            begin += 1
        end = begin + len(value)
        alone = not _WORD.match(line, at - 1) if at else True
        if begin > start and alone and line.startswith(value, begin) and not _WORD.match(line, end):
            return end
        at = line.find(leaf, at + 1)
    return None


def _spans(parts: _Line, kept: dict[int, bytes]) -> Iterator[tuple[int, int]]:
    at = 0
    for place in range(len(parts.values)):
        at += len(parts.between[place])
        length = len(kept.get(place, _SAMPLES[0]))
        yield at, at + length
        at += length


def _placed(spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    firsts = [place for place, span in enumerate(spans) if span[0] == start]
    lasts = [place for place, span in enumerate(spans) if span[1] == end]
    return (firsts[0], lasts[0]) if firsts and lasts else None
