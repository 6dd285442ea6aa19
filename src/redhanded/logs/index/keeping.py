"""Indexed files on disk: one folder each, whole or not at all, and no more than there is room for.

A folder holds one ``.npy`` per column and ``facts.json``, which names the file that was read and
the format of this folder. It is written under another name and renamed when all of it is on the
disk. What cannot be read, in whatever way, is not there: it is read from the log again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from redhanded.logs.index.identity import FileIdentity
from redhanded.logs.index.rows import COLUMN_NAMES, Columns, FileFacts, IndexedFile

VERSION = 2
BYTES_MAX = 4 * 1024**3
"""Of all that is kept in one place; the longest unused goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    version: int
    identity: FileIdentity
    facts: FileFacts


def load(folder: Path, key: str) -> tuple[FileIdentity, IndexedFile] | None:
    """What was kept under ``key``, and the state of the file that it is of; None if nothing was."""
    found = load_arrays(folder, key, COLUMN_NAMES)
    if found is None:
        return None
    try:
        kept = msgspec.json.decode(found[0], type=_Kept)
    except msgspec.MsgspecError:
        return None
    columns = found[1]
    if kept.version != VERSION:
        return None
    if any(len(columns[name]) != kept.facts.records for name in ("offset", "template", "at_ms")):
        return None
    return kept.identity, IndexedFile(columns=Columns(**columns), facts=kept.facts)


def save(
    folder: Path, known: FileIdentity, indexed: IndexedFile, *, bytes_max: int = BYTES_MAX
) -> tuple[str, ...]:
    """Keeps it, and lets go of what has been unused for longest; sentences on what was not kept."""
    arrays = {name: getattr(indexed.columns, name) for name in COLUMN_NAMES}
    facts = _Kept(version=VERSION, identity=known, facts=indexed.facts)
    return save_arrays(
        folder, known.key(), arrays, msgspec.json.encode(facts), known.name, bytes_max=bytes_max
    )


def load_arrays(
    folder: Path, key: str, names: Sequence[str]
) -> tuple[bytes, dict[str, NDArray[Any]]] | None:
    """Facts and arrays that were kept under ``key``; None if nothing whole was."""
    home = folder / key
    try:
        facts = (home / "facts.json").read_bytes()
        arrays = {
            name: np.load(home / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in names
        }
        os.utime(home)
    except (OSError, ValueError, EOFError):
        return None
    return facts, arrays


def save_arrays(
    folder: Path,
    key: str,
    arrays: Mapping[str, NDArray[Any]],
    facts: bytes,
    name: str,
    *,
    bytes_max: int = BYTES_MAX,
) -> tuple[str, ...]:
    """Keeps arrays of ``name`` under ``key``, and lets go of what has been unused for longest;
    sentences on what was not kept."""
    size = sum(array.nbytes for array in arrays.values())
    if size > bytes_max:
        return (
            f"the index of {name} takes {size / 1e9:,.1f} GB and more than "
            f"{bytes_max / 1e9:,.1f} GB are not kept: another question reads the log again",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder, key, arrays, facts)
        _make_room(folder, bytes_max, keep=folder / key)
    except OSError as error:
        return (
            f"the index of {name} cannot be kept in {folder}: {error.strerror}; another question "
            "reads the log again",
        )
    return ()


def _write(folder: Path, key: str, arrays: Mapping[str, NDArray[Any]], facts: bytes) -> None:
    draft = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    try:
        for name, array in arrays.items():
            with (draft / f"{name}.npy").open("wb") as stream:
                np.save(stream, array, allow_pickle=False)
                _flush(stream.fileno())
        with (draft / "facts.json").open("wb") as stream:
            stream.write(facts)
            stream.flush()
            _flush(stream.fileno())
        home = folder / key
        if home.exists():
            home.rename(draft / "before")
        draft.rename(home)
        shutil.rmtree(home / "before", ignore_errors=True)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)


def _make_room(folder: Path, bytes_max: int, *, keep: Path) -> None:
    """Removes whole folders, the longest unused first, and drafts that a crash has left."""
    homes = []
    for home in folder.iterdir():
        if home == keep or not home.is_dir():
            continue
        if home.name.startswith(".part-"):
            if not _is_recent(home):
                shutil.rmtree(home, ignore_errors=True)
            continue
        homes.append((home.stat().st_mtime, _size(home), home))
    total = _size(keep) + sum(size for _, size, _ in homes)
    for _, size, home in sorted(homes):
        if total <= bytes_max:
            return
        shutil.rmtree(home, ignore_errors=True)
        total -= size


def _is_recent(draft: Path) -> bool:
    """Whether another process may still be writing it: newer than an hour, by the disk's clock."""
    probe = draft.parent / ".now"
    probe.touch()
    return probe.stat().st_mtime - draft.stat().st_mtime < 3600


def _size(home: Path) -> int:
    return sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
