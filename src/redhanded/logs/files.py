"""From paths a user named to log files that can be read."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.case.inert import inert
from redhanded.logs.envelopes.archive import is_archive, members
from redhanded.logs.envelopes.compression import PIECE_BYTES, Unpacked, unpacked
from redhanded.logs.spool import STANDARD_INPUT, spooled

_LOG_NAME = re.compile(
    r"\.(?:log|jsonl|ndjson|json|txt|out|err|csv|trace)(?:[.-]\d[\d.-]*)?"
    r"(?:\.(?:gz|zst|xz|bz2|tar|tgz))*$|\.(?:tar|tgz|txz|tzst)$|\.tar\.(?:gz|zst|xz|bz2)$"
    r"|(?:^|/)(?:syslog|messages|auth\.log|kern\.log|daemon\.log)(?:[.-]\d+)?(?:\.gz)?$",
    re.IGNORECASE,
)
_GLOB = re.compile(r"[*?\[]")
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file that holds log lines, perhaps compressed, perhaps within an archive."""

    path: Path
    """Where its bytes are; those of a pipe were written to a file first."""
    name: str
    """As the user named it."""
    size: int
    """Bytes on disk when it was found; what is appended later is not read."""
    member: str | None = None
    """Its name in the archive that ``path`` is."""


def log_files(paths: Sequence[Path]) -> tuple[tuple[LogFile, ...], tuple[str, ...]]:
    """The files behind ``paths``, each once, and sentences on what was left out.

    A directory stands for the files in it (and below) that are named like logs, a pattern
    (``*.log``) for what it matches, an archive for its members, ``-`` for standard input. Pipes are
    read to their end here, since the logs are read more than once. Empty files are left out if
    others hold something. Raises ``InputError`` for a path that does not exist or cannot be read,
    and if all are empty.
    """
    if not paths:
        raise InputError("No log file was named; pass one or more with --logs.")
    found: dict[tuple[Path, str | None], LogFile] = {}
    limits: list[str] = []
    for path in paths:
        for file in _below(path, limits):
            found.setdefault((file.path.resolve(), file.member), file)
    filled = tuple(file for file in found.values() if file.size > 0)
    empty = [file for file in found.values() if file.size == 0]
    if not filled:
        name = empty[0].name if empty else str(paths[0])
        raise InputError(f"The log {name} is empty; name the file that holds the failure.")
    limits.extend(f"{file.name} is empty" for file in empty)
    return filled, tuple(limits)


def _below(path: Path, limits: list[str]) -> list[LogFile]:
    if str(path) == STANDARD_INPUT:
        return _opened(spooled(path), "standard input", limits)
    mode = _mode(path)
    if mode is None:
        return _matching(path, limits)
    if stat.S_ISREG(mode):
        return _opened(path, str(path), limits)
    if stat.S_ISDIR(mode):
        return _in_directory(path, limits)
    if stat.S_ISFIFO(mode):
        return _opened(spooled(path), str(path), limits)
    raise InputError(f"{path} is not a regular file; write its lines to a file and name that.")


def _matching(path: Path, limits: list[str]) -> list[LogFile]:
    names = _matches(path)
    if not names:
        what = f"that matches {path}" if _GLOB.search(str(path)) else str(path)
        raise InputError(f"There is no log {what}; check the path given to --logs.")
    return [file for name in names for file in _below(name, limits)]


def _matches(pattern: Path) -> list[Path]:
    """The files that a pattern stands for, by name."""
    fixed = list(takewhile(lambda part: not _GLOB.search(part), pattern.parts))
    rest = pattern.parts[len(fixed) :]
    if not rest:
        return []
    return sorted(found for found in Path(*fixed).glob("/".join(rest)) if found.is_file())


def _in_directory(path: Path, limits: list[str]) -> list[LogFile]:
    try:
        inside = sorted(entry for entry in path.rglob("*") if entry.is_file())
    except OSError as error:
        raise InputError(f"The folder {path} cannot be read: {error.strerror}.") from error
    named = [entry for entry in inside if _LOG_NAME.search(str(entry))]
    files = [file for entry in named for file in _opened(entry, str(entry), limits)]
    if not any(file.size for file in files):
        raise InputError(
            f"The folder {path} holds no log files (*.log, *.jsonl, *.json, *.txt, also packed) "
            "with anything in them; name the files themselves."
        )
    return files


def _opened(path: Path, name: str, limits: list[str]) -> list[LogFile]:
    """The file itself, or the files in it if it is an archive. That it cannot be read is said when
    it is read: others may be."""
    size = path.stat().st_size
    whole = LogFile(path=path, name=inert(name), size=size)
    try:
        inside = _inside(path, name)
    except OSError:
        return [whole]
    if inside is None:
        return [whole]
    files = [
        LogFile(path=path, name=inert(f"{name}:{member}"), size=length, member=member)
        for member, length in inside
        if _LOG_NAME.search(member) or len(inside) == 1
    ]
    left = len(inside) - len(files)
    if left:
        limits.append(f"{name} holds {left} more files that are not named like logs: not read")
    if not files:
        raise InputError(f"The archive {name} holds no log files; unpack it and name them.")
    return files


def _inside(path: Path, name: str) -> list[tuple[str, int]] | None:
    """Names and sizes of an archive's members; None for a file that is none."""
    with path.open("rb") as raw:
        plain = unpacked(iter(lambda: raw.read(PIECE_BYTES), b""), Unpacked(name=name))
        if not is_archive(next(plain, b"")[:_HEAD_BYTES]):
            return None
        raw.seek(0)
        plain = unpacked(iter(lambda: raw.read(PIECE_BYTES), b""), Unpacked(name=name))
        return list(members(plain, name))


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"The log {path} cannot be read: {error.strerror}.") from error
