"""From paths a user named to log files that can be read."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import InputError

_LOG_NAME = re.compile(
    r"\.(?:log|jsonl|ndjson|json|txt|out|err)(?:[.-]\d[\d.-]*)?(?:\.gz)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A regular file that holds log lines, perhaps compressed."""

    path: Path
    name: str
    """As the user named it."""
    size: int
    """Bytes on disk when it was found; what is appended later is not read."""


def log_files(paths: Sequence[Path]) -> tuple[tuple[LogFile, ...], tuple[str, ...]]:
    """The files behind ``paths``, each once, and sentences on what was left out.

    A directory stands for the files in it (and below) that are named like logs. Raises
    ``InputError`` for a path that does not exist, is no regular file, is empty or holds no log.
    """
    if not paths:
        raise InputError("No log file was named; pass one or more with --logs.")
    found: dict[Path, LogFile] = {}
    limits: list[str] = []
    for path in paths:
        for file in _below(path, limits):
            found.setdefault(file.path.resolve(), file)
    return tuple(found.values()), tuple(limits)


def _below(path: Path, limits: list[str]) -> list[LogFile]:
    mode = _mode(path)
    if stat.S_ISREG(mode):
        file = _measured(path)
        if file.size == 0:
            raise InputError(f"The log {path} is empty; name the file that holds the failure.")
        return [file]
    if not stat.S_ISDIR(mode):
        raise InputError(f"{path} is not a regular file; write its lines to a file and name that.")
    return _in_directory(path, limits)


def _in_directory(path: Path, limits: list[str]) -> list[LogFile]:
    try:
        inside = sorted(entry for entry in path.rglob("*") if entry.is_file())
    except OSError as error:
        raise InputError(f"The folder {path} cannot be read: {error.strerror}.") from error
    named = [_measured(entry) for entry in inside if _LOG_NAME.search(entry.name)]
    limits.extend(f"{file.name} is empty" for file in named if file.size == 0)
    files = [file for file in named if file.size > 0]
    if not files:
        raise InputError(
            f"The folder {path} holds no log files (*.log, *.jsonl, *.json, *.txt, also .gz); "
            "name the files themselves."
        )
    return files


def _measured(path: Path) -> LogFile:
    return LogFile(path=path, name=str(path), size=path.stat().st_size)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"There is no log {path}; check the path given to --logs.") from error
    except OSError as error:
        raise InputError(f"The log {path} cannot be read: {error.strerror}.") from error
