"""A text in files that were read before: found in their bytes, read only where it stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from redhanded.logs.envelopes.colours import without_escapes
from redhanded.logs.files import LogFile
from redhanded.logs.identifiers import identifiers
from redhanded.logs.index.building import Index
from redhanded.logs.index.identity import identity
from redhanded.logs.index.ranges import lines_of, records_at
from redhanded.logs.index.rows import IndexedFile
from redhanded.logs.index.tables import activity_of, markers_of, profile_of, tally_of
from redhanded.logs.search import MATCHES_MAX, Search, match_of, needles_of, search
from redhanded.logs.templates.masks import shown

_PLAIN = re.compile(r"[A-Za-z0-9 _.-]{3,}")


def search_in(
    known: Index, text: str, say: Callable[[str], None] = lambda sentence: None
) -> Search:
    """As ``search``, of files that are indexed: only entries that may hold ``text`` are read.

    Where they stand is kept, so that the same question costs no look at the other bytes. Where
    entries cannot be read alone, everything is read again.
    """
    core = max(_PLAIN.findall(text), key=len, default="").strip().lower().encode()
    needles = needles_of(text)
    found = Search(
        profile=profile_of(known),
        tally=tally_of(known),
        activity=activity_of(known),
        marked=markers_of(known),
    )
    for file, part in zip(known.files, known.parts, strict=True):
        rows = _rows(known, file, part, core)[: MATCHES_MAX + 1]
        records = records_at(file, part, rows) if core else None
        if records is None:
            return search(known.files, text, say)
        for record in records:
            lowered = record.text.lower()
            if any(needle in lowered for needle in needles):
                found.note(match_of(record, identifiers(record), needles, len(found.matches)))
    if not found.matches:
        _complain(known, found)
    return found


def _rows(known: Index, file: LogFile, part: IndexedFile, core: bytes) -> list[int]:
    """The entries with ``core`` in one of their lines, whatever the case."""
    if not core:
        return []
    kept = _kept_at(known, file, core)
    if kept is not None and kept.is_file():
        try:
            return [int(row) for row in np.load(kept, allow_pickle=False)]
        except (OSError, ValueError, EOFError):
            kept.unlink(missing_ok=True)
    lines = lines_of(file, part)
    rows = list(dict.fromkeys(row for row, data in lines if core in _plain(data).lower()))
    rows = [row for row in rows if row >= 0]
    if kept is not None:
        _keep(kept, rows)
    return rows


def _plain(data: bytes) -> bytes:
    """A line without the colours that may stand within the words."""
    if b"\x1b" not in data:
        return data
    return without_escapes(data.decode("latin-1")).encode("latin-1")


def _kept_at(known: Index, file: LogFile, core: bytes) -> Path | None:
    if known.folder is None:
        return None
    now = identity(file)
    home = known.folder / now.key()
    state = f"{now.size} {now.modified_ns} {now.tail}".encode()
    name = hashlib.blake2b(core + b"\0" + state, digest_size=8).hexdigest()
    return home / f"found-{name}.npy" if (home / "facts.json").is_file() else None


def _keep(path: Path, rows: list[int]) -> None:
    draft = path.with_suffix(".part")
    try:
        with draft.open("wb") as stream:
            np.save(stream, np.array(rows, np.int64), allow_pickle=False)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)


def _complain(known: Index, found: Search) -> None:
    """Templates of warnings and errors with their entries."""
    for part in known.parts:
        columns = part.columns
        bad = columns.template[(columns.severity > 0) & (columns.level >= 0)]
        counts = np.bincount(bad) if len(bad) else np.zeros(0, np.int64)
        for number in np.flatnonzero(counts).tolist():
            found.complaints[shown(part.facts.templates.masks[number])] += int(counts[number])
