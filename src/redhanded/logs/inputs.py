"""From what a person names (files, folders, patterns, ``-``) to files that can be read twice."""

from __future__ import annotations

import glob
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from redhanded.case.errors import InputError
from redhanded.logs.files import LogFile, log_files

STANDARD_INPUT = "standard input"
_PATTERN = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Log files and what is to be said of them."""

    files: tuple[LogFile, ...]
    limits: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """As they lie on disk."""
        return sum(file.size for file in self.files)


@contextmanager
def inputs(paths: Sequence[Path], standard_input: BinaryIO | None = None) -> Iterator[Inputs]:
    """The files behind ``paths``, each once, for as long as the block lasts.

    A pattern that no shell has expanded is expanded here. ``-`` and pipes can be read only once, so
    what comes from them is kept in a temporary file, for its owner alone, until the block ends.
    Raises ``InputError`` as ``log_files`` does, and for a pattern that fits nothing.
    """
    with tempfile.TemporaryDirectory(prefix="redhanded-logs-") as folder:
        named, kept = [], []
        for number, path in enumerate(_expanded(paths)):
            if str(path) == "-":
                source = standard_input or sys.stdin.buffer
                kept.append(_kept(source, Path(folder, f"{number}.log"), STANDARD_INPUT))
            elif _is_pipe(path):
                with path.open("rb") as stream:
                    kept.append(_kept(stream, Path(folder, f"{number}.log"), str(path)))
            else:
                named.append(path)
        files, limits = log_files(named) if named or not kept else ((), ())
        gone = tuple(
            f"{file.name} could be read only once: its lines cannot be looked up again"
            for file in kept
        )
        yield Inputs(files=(*files, *kept), limits=(*limits, *gone))


def _expanded(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        text = str(path)
        if text == "-" or path.exists() or not any(mark in text for mark in _PATTERN):
            yield path
            continue
        found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  patterns may be absolute
        if not found:
            raise InputError(f"The pattern {text} fits no file; check it, or name the logs.")
        yield from map(Path, found)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def _kept(source: BinaryIO, path: Path, name: str) -> LogFile:
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except OSError as error:
        raise InputError(
            f"{name} could not be kept in {path.parent}: {error.strerror}; point TMPDIR to a disk "
            "with room for it, or write it to a file and name that."
        ) from error
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{name} is empty; pipe the log that holds the failure into it.")
    return LogFile(path=path, name=name, size=size)
