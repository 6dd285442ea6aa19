"""Entries that the record reader has to read, as rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from redhanded.logs.columns.values import level_place, value_hash
from redhanded.logs.files import LogFile
from redhanded.logs.identifiers import identifiers
from redhanded.logs.lines import Line
from redhanded.logs.read import FileTally, LineReader
from redhanded.logs.record import Record

REACH_LINES = 200
"""So far behind an entry that tells of an error the record reader still finds lines of its trace,
when others write between them."""


class Row(NamedTuple):
    """An entry as the record reader gives it."""

    line: int
    offset: int
    lines: int
    at_ms: float
    level: int
    message: bytes
    source: str
    named: tuple[tuple[str, int], ...]
    """Keys and hashes of its identifiers."""


class Asked:
    """The record reader, given only those lines of a file that it has to see."""

    def __init__(self, file: LogFile) -> None:
        self._reader = LineReader(file, FileTally())
        self._fed: deque[int] = deque()

    def feed(self, lines: Iterable[Line]) -> list[Row]:
        """The entries that are complete when it has seen these lines too."""
        found: list[Row] = []
        for line in lines:
            self._fed.append(line.number)
            found.extend(rows_of(self._reader.feed(line)))
        if found:
            last = found[-1].line
            while self._fed and self._fed[0] <= last:
                self._fed.popleft()
        return found

    def end(self) -> list[Row]:
        """The entries that were still open."""
        self._fed.clear()
        return list(rows_of(self._reader.end()))

    @property
    def open_line(self) -> int | None:
        """The first line that may start an entry which was not given yet; None if there is none."""
        return self._fed[0] if self._fed else None


def rows_of(records: Iterable[Record]) -> Iterator[Row]:
    """One row for each record."""
    for record in records:
        entry = record.entry
        found = ((key, value_hash(one.value.encode())) for key, one in identifiers(record).items())
        first, _, _ = record.text.partition("\n")
        yield Row(
            line=record.line,
            offset=record.offset,
            lines=record.text.count("\n") + 1,
            at_ms=float("nan") if entry.at_ms is None else entry.at_ms,
            level=level_place(entry.level),
            message=(entry.message or first).encode(errors="replace"),
            source=record.source,
            named=tuple((key, value) for key, value in found if value is not None),
        )
