"""Entries that the record reader has to read, as rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from redhanded.case.errors import InputError
from redhanded.logs.columns.values import level_place, value_hash
from redhanded.logs.files import LogFile
from redhanded.logs.identifiers import identifiers
from redhanded.logs.read import read
from redhanded.logs.record import Record


class Row(NamedTuple):
    """An entry as the record reader gives it."""

    line: int
    """In the text that was read, counted from 1."""
    offset: int
    lines: int
    at_ms: float
    level: int
    message: bytes
    source: str
    named: tuple[tuple[str, int], ...]
    """Keys and hashes of its identifiers."""


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


def read_lines(file: LogFile, lines: Sequence[bytes]) -> list[Row]:
    """What the record reader makes of some lines of ``file`` alone."""
    text = b"\n".join(lines) + b"\n"
    with _in_memory(text) as path:
        try:
            return list(rows_of(read([replace(file, path=path, size=len(text))])))
        except InputError:
            if any(line.strip() for line in lines):
                raise
            return []  # nothing but blank lines


@contextmanager
def _in_memory(text: bytes) -> Iterator[Path]:
    """A file that no disk holds."""
    number = os.memfd_create("lines")
    try:
        left = memoryview(text)
        while left:
            left = left[os.write(number, left) :]
        yield Path(f"/proc/self/fd/{number}")
    finally:
        os.close(number)
