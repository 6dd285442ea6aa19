"""Pipes, which can be read only once, as files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.logs.scratch import kept_folder

STANDARD_INPUT = "-"

_CHUNK_BYTES = 1024 * 1024
_files: dict[str, Path] = {}


def spooled(path: Path) -> Path:
    """A private file that holds what came through the pipe ``path`` (``-``: standard input).

    Read to its end, on first call; later calls give the same file. It is removed when the process
    ends. Raises ``InputError`` where the pipe cannot be read or the disk is full.
    """
    key = str(path)
    if key not in _files:
        copy = kept_folder() / f"pipe-{len(_files)}"
        try:
            _copy(path, copy)
        except OSError as error:
            raise InputError(
                f"What came through {path} could not be kept in {copy.parent}: {error.strerror}; "
                "write it to a file and name that."
            ) from error
        _files[key] = copy
    return _files[key]


def _copy(path: Path, copy: Path) -> None:
    with copy.open("wb") as kept:
        if str(path) == STANDARD_INPUT:
            shutil.copyfileobj(sys.stdin.buffer, kept, _CHUNK_BYTES)
            return
        with path.open("rb") as pipe:
            shutil.copyfileobj(pipe, kept, _CHUNK_BYTES)
