"""Stack traces in text: the application's own frames, innermost first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from redhanded.case.evidence import Location

_V8 = re.compile(
    r"^\s*at (?:async )?(?:(?P<function>[^\s(][^(\n]*?) (?:\[as [^\]]+\] )?)?"
    r"\(?(?P<path>(?:file://|[A-Za-z]:[\\/]|/|\.{1,2}/|[\w@.-]+/)[^():\n]*|[A-Za-z]:[^():\n]*)"
    r":(?P<line>\d+)(?::\d+)?\)?\s*$",
    re.MULTILINE,
)
_CPYTHON = re.compile(
    r'^\s*File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>[^\n]+))?', re.MULTILINE
)
_FOREIGN = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages)/|^node:|^internal/|^<|"
    r"(?:^|/)lib/python\d|^webpack/"
)
_FRAMES_MAX = 50


def application_frames(text: str, exists: Callable[[str], bool]) -> tuple[Location, ...]:
    """Frames of the V8 and CPython traces in ``text`` that lie in the application, innermost first.

    Frames of the runtime and of installed packages are left out. A path is cut to its longest
    suffix for which ``exists`` says yes (it is asked for paths relative to the target's root), and
    stays as it is where none does. At most 50 frames.
    """
    frames = [*_V8.finditer(text), *reversed(list(_CPYTHON.finditer(text)))]
    found: dict[Location, None] = {}
    for frame in frames:
        path = frame["path"].removeprefix("file://").replace("\\", "/")
        if _FOREIGN.search(path):
            continue
        location = Location(
            path=_relative(path, exists),
            line=int(frame["line"]),
            function=_function(frame["function"]),
        )
        found.setdefault(location)
    return tuple(found)[:_FRAMES_MAX]


def deepest(texts: Iterable[str], exists: Callable[[str], bool]) -> tuple[Location, ...]:
    """The application frames of the text that names most of them (an error and its causes each
    carry a stack, and a driver's own ends before the application)."""
    best: tuple[Location, ...] = ()
    for text in texts:
        frames = application_frames(text, exists)
        if len(frames) > len(best):
            best = frames
    return best


def exists_below(root: Path | None) -> Callable[[str], bool]:
    """Whether a relative path is a file below ``root``; never, without a root."""
    known: dict[str, bool] = {}

    def exists(relative: str) -> bool:
        if root is None:
            return False
        if relative not in known:
            known[relative] = (root / relative).is_file()
        return known[relative]

    return exists


def _relative(path: str, exists: Callable[[str], bool]) -> str:
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
    for start in range(len(parts)):
        suffix = "/".join(parts[start:])
        if exists(suffix):
            return suffix
    return path


def _function(name: str | None) -> str | None:
    if name is None or name in ("<anonymous>", "<module>"):
        return None
    return name.removeprefix("new ").removeprefix("Object.").strip()
