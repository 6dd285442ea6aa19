"""Log files to their columns: from what was kept, or by reading them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redhanded.logs.files import LogFile
from redhanded.logs.index.growing import grown, has_grown
from redhanded.logs.index.identity import identity
from redhanded.logs.index.keeping import load, save
from redhanded.logs.index.rows import IndexedFile, RowsBuilder
from redhanded.logs.progress import told
from redhanded.logs.read import Tally, read

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
    for file in files:
        if folder is None or file.size < kept_from_bytes or not _lasts(file):
            part = read_file(file, say)
        else:
            part, was_kept, told = _kept_or_read(file, folder, say)
            kept += was_kept
            limits.extend(told)
        limits.extend(part.facts.limits)
        parts.append(part)
    return Index(
        files=tuple(files), parts=tuple(parts), folder=folder, kept=kept, limits=tuple(limits)
    )


def _kept_or_read(
    file: LogFile, folder: Path, say: Callable[[str], None]
) -> tuple[IndexedFile, bool, tuple[str, ...]]:
    now = identity(file)
    found = load(folder, now.key())
    part = None
    if found is not None:
        known, kept = found
        if known == now:
            return kept, True, ()
        if has_grown(known, file, now):
            part = grown(kept, known, file, partial(read_file, say=say))
    if part is None:
        part = read_file(file, say)
    return part, False, save(folder, now, part)


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
