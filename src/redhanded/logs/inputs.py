"""From what a person names (files, folders, patterns, ``-``) to log files that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redhanded.logs.files import LogFile, log_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Log files and what is to be said of them."""

    files: tuple[LogFile, ...]
    limits: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """As they lie on disk."""
        return sum(file.size for file in self.files)


def inputs(paths: Sequence[Path]) -> Inputs:
    """The files behind ``paths``; see ``log_files``. What came through a pipe is gone afterwards,
    and a limit says so."""
    files, limits = log_files(paths)
    gone = tuple(
        f"{file.name} could be read only once: its lines cannot be looked up again"
        for file in files
        if file.member is None and file.name != str(file.path)
    )
    return Inputs(files=files, limits=(*limits, *gone))
