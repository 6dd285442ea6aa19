"""Large logs in columns, read the fast way, by several processes; kept for the next question."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from redhanded.logs.columns import Columns, Rows, read_columns
from redhanded.logs.files import LogFile
from redhanded.logs.index.identity import FileIdentity, identity
from redhanded.logs.index.keeping import VERSION, load_arrays, save_arrays
from redhanded.logs.index.ranges import RANGE_BYTES_MAX, is_plain, read_alone
from redhanded.logs.lines import physical_lines
from redhanded.logs.read import read
from redhanded.logs.record import Record
from redhanded.logs.redact import redact

PROCESSES_MAX = 8
_NAMES = tuple(one.name for one in fields(Rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """Columns of files."""

    columns: Columns
    files: tuple[LogFile, ...]
    kept: bool
    """Whether they did not have to be read."""
    limits: tuple[str, ...]

    def record(self, row: int) -> Record | None:
        """The entry of a row, read again; None where it cannot be read alone."""
        columns = self.columns
        file = self.files[int(columns.file[row])]
        if not is_plain(file):
            return None
        begin, end = int(columns.offset[row]), file.size
        if row + 1 < len(columns) and columns.file[row + 1] == columns.file[row]:
            end = int(columns.offset[row + 1])
        with file.path.open("rb") as stream:
            stream.seek(begin)
            data = stream.read(min(end - begin, RANGE_BYTES_MAX)).rstrip(b"\n") + b"\n"
        found = read_alone(file, [data])
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    version: int
    identities: tuple[FileIdentity, ...]
    files: tuple[str, ...]
    sources: tuple[str, ...]
    keys: tuple[str, ...]
    templates: tuple[str, ...]
    limits: tuple[str, ...]


def large(files: Sequence[LogFile], folder: Path | None, say: Callable[[str], None]) -> Large:
    """The columns of ``files``; those kept in ``folder`` if none of the files has changed since.

    Raises ``InputError`` as ``read_columns`` does.
    """
    own = tuple(files)
    lasting = all(file.member is not None or file.name == str(file.path) for file in own)
    known = tuple(identity(file) for file in own) if folder is not None and lasting else ()
    key = (
        "l"
        + hashlib.blake2b("".join(one.key() for one in known).encode(), digest_size=15).hexdigest()
    )
    if folder is not None and known:
        columns = _load(folder, key, known)
        if columns is not None:
            return Large(columns=columns, files=own, kept=True, limits=columns.limits)
    processes = min(len(os.sched_getaffinity(0)), PROCESSES_MAX)
    say(f"reading with {processes} processes")
    columns = read_columns(own, processes=processes)
    if not len(columns):
        # The record reader says what is wrong with them.
        next(read(own), None)
    told = _save(folder, key, known, columns) if folder is not None and known else ()
    return Large(columns=columns, files=own, kept=False, limits=(*columns.limits, *told))


def rows_with(known: Large, text: str) -> NDArray[np.int64]:
    """The entries with ``text`` in one of their lines, whatever the case, as it is or as JSON
    escapes it. Looks at every byte, and reads nothing."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    wanted = tuple({one.lower().encode(errors="replace") for one in (text, escaped)})
    found: list[NDArray[np.int64]] = []
    for number, file in enumerate(known.files):
        begin, end = np.searchsorted(known.columns.file, [number, number + 1])
        offsets = [
            line.offset
            for line in physical_lines(file)
            if any(one in line.data.lower() for one in wanted)
        ]
        own = known.columns.offset[begin:end]
        rows = np.searchsorted(own, np.array(offsets, np.int64), "right") - 1
        found.append(np.unique(rows[rows >= 0]) + int(begin))
    return np.concatenate([*found, np.zeros(0, np.int64)])


def _load(folder: Path, key: str, known: tuple[FileIdentity, ...]) -> Columns | None:
    found = load_arrays(folder, key, _NAMES)
    if found is None:
        return None
    try:
        facts = msgspec.json.decode(found[0], type=_Facts)
    except msgspec.MsgspecError:
        return None
    if facts.version != VERSION or facts.identities != known:
        return None
    return Columns(
        **found[1],
        files=facts.files,
        sources=facts.sources,
        keys=facts.keys,
        templates=facts.templates,
        limits=facts.limits,
    )


def _save(
    folder: Path, key: str, known: tuple[FileIdentity, ...], columns: Columns
) -> tuple[str, ...]:
    facts = _Facts(
        version=VERSION,
        identities=known,
        files=columns.files,
        sources=columns.sources,
        keys=columns.keys,
        templates=tuple(redact(template) for template in columns.templates),
        limits=columns.limits,
    )
    arrays = {name: getattr(columns, name) for name in _NAMES}
    name = known[0].name if len(known) == 1 else f"{len(known):,} files"
    return save_arrays(folder, key, arrays, msgspec.json.encode(facts), name)
