"""Log files to their columns: from what was kept, or by reading them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.logs.files import LogFile
from redhanded.logs.index.growing import grown, has_grown
from redhanded.logs.index.identity import identity
from redhanded.logs.index.keeping import load, save
from redhanded.logs.index.rows import IndexedFile, RowsBuilder
from redhanded.logs.progress import told
from redhanded.logs.read import read
from redhanded.logs.tally import FileTally, Tally

KEPT_FROM_BYTES = 2_000_000
"""Smaller files are read faster than it is worth to keep them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The columns of several files, in the order in which they were named."""

    files: tuple[LogFile, ...]
    parts: tuple[IndexedFile, ...]
    """One for each file."""
    folder: Path | None
    """Where they are kept."""
    kept: int
    """Files that did not have to be read."""
    limits: tuple[str, ...]

    @property
    def entries(self) -> int:
        return sum(len(part.columns) for part in self.parts)


def index(
    files: Sequence[LogFile],
    folder: Path | None,
    say: Callable[[str], None] = lambda sentence: None,
    *,
    kept_from_bytes: int = KEPT_FROM_BYTES,
) -> Index:
    """The columns of ``files``, kept in ``folder`` for the next question where one is given.

    Files below ``kept_from_bytes`` and what came through a pipe are not kept. Of a file that has
    grown only what is new is read; one that changed in any other way is read again.

    Raises ``InputError`` as ``read`` does.
    """
    parts: list[IndexedFile] = []
    limits: list[str] = []
    kept = 0
    refused: list[InputError] = []
    for file in files:
        if folder is None or file.size < kept_from_bytes or not _lasts(file):
            part = _read_or_left_out(file, say, refused)
        else:
            part, was_kept, told = _kept_or_read(file, folder, say, refused)
            kept += was_kept
            limits.extend(told)
        limits.extend(part.facts.limits)
        parts.append(part)
    if refused and len(refused) == len(parts):
        raise refused[0]
    return Index(
        files=tuple(files), parts=tuple(parts), folder=folder, kept=kept, limits=tuple(limits)
    )


def _kept_or_read(
    file: LogFile, folder: Path, say: Callable[[str], None], refused: list[InputError]
) -> tuple[IndexedFile, bool, tuple[str, ...]]:
    try:
        now = identity(file)
    except InputError:
        return _read_or_left_out(file, say, refused), False, ()
    found = load(folder, now.key())
    part = None
    if found is not None:
        known, kept = found
        if known == now:
            return kept, True, ()
        if has_grown(known, file, now):
            part = grown(kept, known, file, partial(read_file, say=say))
    if part is None:
        part = _read_or_left_out(file, say, refused)
    told = () if part.facts.tally["refused"] else save(folder, now, part)
    return part, False, told


def _read_or_left_out(
    file: LogFile, say: Callable[[str], None], refused: list[InputError]
) -> IndexedFile:
    """A file that cannot be read is a limit, where others can be."""
    try:
        return read_file(file, say)
    except InputError as error:
        refused.append(error)
        return RowsBuilder().finish(FileTally(refused=str(error)))


def _lasts(file: LogFile) -> bool:
    """Whether it can be named again: not what was kept of a pipe."""
    return getattr(file, "member", None) is not None or file.name == str(file.path)


def read_file(file: LogFile, say: Callable[[str], None] = lambda sentence: None) -> IndexedFile:
    """Reads one file from its begin to its end."""
    tally: Tally = {}
    builder = RowsBuilder()
    for record in told(read([file], tally), say, "reading"):
        builder.add(record)
    return builder.finish(tally[file.name])
