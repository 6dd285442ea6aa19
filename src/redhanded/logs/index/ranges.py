"""Entries of indexed files by their number: only their own bytes are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from redhanded.logs.files import LogFile
from redhanded.logs.index.rows import LEVELS, IndexedFile
from redhanded.logs.lines import physical_lines
from redhanded.logs.read import read
from redhanded.logs.record import Record
from redhanded.logs.scratch import scratch_folder

RANGE_BYTES_MAX = 1024 * 1024
"""Of one entry; what is behind is left out, as reading itself would."""
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh", b"PK\x03\x04")


def records_at(file: LogFile, part: IndexedFile, rows: Sequence[int]) -> list[Record] | None:
    """The entries ``rows`` (ascending), as reading the whole file gives them.

    None where they cannot be read alone: lines before them say how they are to be read, or the file
    is another one by now.
    """
    pieces = list(_pieces(file, part, rows))
    if len(pieces) != len(rows):
        return None
    records = read_alone(file, pieces)
    if len(records) != len(rows):
        return None
    return [_placed(record, file, part, row) for record, row in zip(records, rows, strict=True)]


def lines_of(file: LogFile, part: IndexedFile) -> Iterator[tuple[int, bytes]]:
    """Each physical line with the number of the entry that it belongs to; -1 before the first."""
    offsets = part.columns.offset
    row, count = -1, len(offsets)
    following = int(offsets[0]) if count else -1
    for line in physical_lines(file):
        while row + 1 < count and line.offset >= following:
            row += 1
            following = int(offsets[row + 1]) if row + 1 < count else -1
        yield row, line.data


def _pieces(file: LogFile, part: IndexedFile, rows: Sequence[int]) -> Iterator[bytes]:
    if is_plain(file):
        yield from _sought(file, part, rows)
        return
    wanted = set(rows)
    last = max(rows, default=-1)
    held: list[bytes] = []
    current = -1
    for row, data in lines_of(file, part):
        if row != current:
            if current in wanted:
                yield _cut(b"\n".join(held) + b"\n")
            if row > last:
                return
            held, current = [], row
        if row in wanted:
            held.append(data)
    if current in wanted:
        yield _cut(b"\n".join(held) + b"\n")


def _sought(file: LogFile, part: IndexedFile, rows: Sequence[int]) -> Iterator[bytes]:
    offsets = part.columns.offset
    with file.path.open("rb") as stream:
        for row in rows:
            begin = int(offsets[row])
            end = int(offsets[row + 1]) if row + 1 < len(offsets) else file.size
            stream.seek(begin)
            data = stream.read(min(end - begin, RANGE_BYTES_MAX))
            yield data if data.endswith(b"\n") else data + b"\n"


def _cut(data: bytes) -> bytes:
    return data if len(data) <= RANGE_BYTES_MAX else data[:RANGE_BYTES_MAX] + b"\n"


def is_plain(file: LogFile) -> bool:
    """Whether an offset in the text is one in the file."""
    if getattr(file, "member", None) is not None:
        return False
    with file.path.open("rb") as stream:
        return not stream.read(8).startswith(_PACKED)


def read_alone(file: LogFile, pieces: Iterable[bytes]) -> list[Record]:
    """The records of pieces of a file, if each piece is one; otherwise none."""
    starts, size = [], 0
    with scratch_folder() as folder:
        path = folder / f"entries{file.path.suffix if is_plain(file) else ''}"
        with path.open("wb") as stream:
            for piece in pieces:
                starts.append(size)
                size += stream.write(piece)
        if not size:
            return []
        alone = LogFile(path=path, name=file.name, size=size)
        records = list(read([alone]))
    if [record.offset for record in records] != starts:
        return []
    return records


def _placed(record: Record, file: LogFile, part: IndexedFile, row: int) -> Record:
    """``record`` where it stands in the whole file, with the time that was read there."""
    columns = part.columns
    at_ms = float(columns.at_ms[row])
    level = int(columns.level[row])
    return replace(
        record,
        line=int(columns.line[row]),
        offset=int(columns.offset[row]),
        source=part.facts.sources[int(columns.source[row])],
        entry=replace(
            record.entry,
            at_ms=None if np.isnan(at_ms) else at_ms,
            level=None if level < 0 else LEVELS[level],
        ),
    )
