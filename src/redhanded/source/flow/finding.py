"""Which files of a tree are its source, with what tells whether one has changed.

The rules are those of ``source/files.py``; beside the files it gives the manifests that module
resolution needs, since the names of all files are seen here anyway.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.source.files import SIZE_MAX_BYTES, SKIPPED_FOLDERS, TEST_ENDING, TEST_FOLDERS

FILES_MAX = 100_000
ENTRIES_MAX = 2_000_000
"""Names that are looked at; a tree with more is read in part."""

TOO_LARGE = f"above {SIZE_MAX_BYTES // 1_000_000} MB"

WRITTEN_BY_TOOLS = frozenset(
    ("site-packages", "__pypackages__", "storybook-static", "jspm_packages")
)
NOT_WRITTEN = (".d.ts", ".d.mts", ".d.cts", ".min.js", ".min.mjs", ".bundle.js", ".pyi")
PYTHON_TEST = re.compile(r"^(test_.*|.*_test|conftest)\.py$")
MANIFEST = re.compile(
    r"^(package\.json|pnpm-workspace\.yaml|lerna\.json|[tj]sconfig.*\.json"
    r"|pyproject\.toml|setup\.(py|cfg)|manage\.py|Pipfile|requirements.*\.txt|.*\.prisma)$"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file is written: size, times in ns, and the file's own number."""

    size: int
    modified: int
    changed: int
    number: int


@dataclass(slots=True, kw_only=True)
class Found:
    """The files of a tree."""

    stamps: dict[str, Stamp] = field(default_factory=dict)
    """By path from the root, with forward slashes, in order."""
    manifests: list[str] = field(default_factory=list)
    """Files that say how modules are resolved, also those in folders above."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Why, and which, the first of them first."""
    entries: int = 0

    def leave(self, why: str, path: str) -> None:
        self.left_out.setdefault(why, []).append(path)


def find(
    root: Path,
    folders: Collection[str],
    suffixes: Collection[str],
    *,
    files_max: int = FILES_MAX,
) -> Found:
    """Files under ``folders`` (relative to ``root``) that end in one of ``suffixes``.

    Links are never followed. A folder that is asked for by name is read whatever it is called.
    """
    found = Found()
    endings = tuple(suffixes)
    for folder in folders or (".",):
        relative = posixpath.normpath(folder.replace(os.sep, "/"))
        relative = "" if relative == "." else relative
        start = root / relative
        if not start.exists():
            found.leave("does not exist", folder)
            continue
        if not start.resolve().is_relative_to(root.resolve()):
            found.leave("outside of the source tree", folder)
            continue
        _above(root, relative, found)
        if not start.is_dir():
            _file(root, relative, endings, found)
        elif _is_text(relative, found):
            for path, stamp in _walk(root, relative, endings, found):
                if path not in found.stamps and len(found.stamps) >= files_max:
                    found.leave(f"beyond the first {files_max:,}", path)
                else:
                    found.stamps[path] = stamp
    found.stamps = dict(sorted(found.stamps.items()))
    found.manifests = sorted(set(found.manifests))
    return found


def _file(root: Path, path: str, suffixes: tuple[str, ...], found: Found) -> None:
    """A file that is asked for by name: a test, too, and one that is declared only."""
    if not path.endswith(suffixes) or not (root / path).is_file():
        found.leave("not in a language that can be read", path)
        return
    try:
        status = (root / path).stat()
    except OSError:
        found.leave("could not be read", path)
        return
    if status.st_size > SIZE_MAX_BYTES:
        found.leave(TOO_LARGE, path)
    elif _is_text(path, found):
        found.stamps[path] = _stamp(status)


def _above(root: Path, folder: str, found: Found) -> None:
    """Manifests in the folders above one that is read."""
    while folder:
        folder = posixpath.dirname(folder)
        for place in (folder, posixpath.join(folder, "prisma")):
            try:
                names = [one.name for one in os.scandir(root / place) if MANIFEST.match(one.name)]
            except OSError:
                names = []
            found.manifests += [posixpath.join(place, one) for one in names]


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _walk(
    root: Path, start: str, suffixes: tuple[str, ...], found: Found
) -> Iterator[tuple[str, Stamp]]:
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                listed = sorted(entries, key=lambda one: one.name)
        except OSError:
            found.leave("could not be read", folder)
            continue
        found.entries += len(listed)
        if found.entries > ENTRIES_MAX:
            found.leave(f"beyond the first {ENTRIES_MAX:,} names", folder)
            return
        if any(one.name == "pyvenv.cfg" for one in listed):
            continue  # a virtual environment of Python, whatever it is called
        deeper = []
        for entry in listed:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if _is_source_folder(entry.name) and _is_text(path, found):
                    deeper.append(path)
                continue
            if MANIFEST.match(entry.name) and _is_text(path, found):
                found.manifests.append(path)
            wanted = entry.name.endswith(suffixes) and _is_written(entry.name)
            if wanted and _is_text(path, found):
                yield from _checked(entry, path, found)
        waiting += reversed(deeper)


def _is_source_folder(name: str) -> bool:
    if name in SKIPPED_FOLDERS or name in TEST_FOLDERS or name in WRITTEN_BY_TOOLS:
        return False
    return not name.startswith(".") and not name.endswith(".egg-info")


def _is_written(name: str) -> bool:
    """Whether a person wrote it, and not as a test."""
    if name.endswith(NOT_WRITTEN) or TEST_ENDING.search(name):
        return False
    return not PYTHON_TEST.match(name)


def _is_text(path: str, found: Found) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        found.leave("names that are not UTF-8", ascii(path))
        return False
    return True


def _checked(entry: os.DirEntry[str], path: str, found: Found) -> Iterator[tuple[str, Stamp]]:
    try:
        if entry.is_symlink():
            found.leave("links", path)
            return
        status = entry.stat(follow_symlinks=False)
        if not entry.is_file(follow_symlinks=False):
            found.leave("pipes, sockets or devices", path)
            return
    except OSError:
        found.leave("vanished while reading", path)
        return
    if status.st_size > SIZE_MAX_BYTES:
        found.leave(TOO_LARGE, path)
        return
    yield path, _stamp(status)
