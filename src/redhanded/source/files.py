"""Which files of a tree are its source."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

SIZE_MAX_BYTES = 2_000_000
FILES_MAX = 20_000

SKIPPED_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".redhanded",
        ".next",
        ".nuxt",
        ".cache",
        ".venv",
        "__pycache__",
        "node_modules",
        "bower_components",
        "vendor",
        "dist",
        "build",
        "out",
        "coverage",
    ]
)
"""What tools write or download; a folder that is asked for by name is read all the same."""

TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "__mocks__", "spec", "e2e", "cypress"))
TEST_ENDING = re.compile(r"[.-](test|spec|e2e|stories)\.[cm]?[jt]sx?$")
"""Tests are not the program; they are read only where a folder of them is asked for by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFiles:
    """The files to read, and what was left out."""

    paths: tuple[str, ...]
    """Relative to the root, with forward slashes, sorted."""
    limits: tuple[str, ...] = ()


def source_files(
    root: Path, folders: Collection[str], suffixes: Collection[str], *, files_max: int = FILES_MAX
) -> SourceFiles:
    """Files under ``folders`` (relative to ``root``) that end in one of ``suffixes``.

    Links are not followed, so a loop of links ends. Files above ``SIZE_MAX_BYTES`` are left out.
    """
    found: dict[str, None] = {}
    limits: list[str] = []
    too_large: list[str] = []
    for folder in folders or (".",):
        start = root / folder
        if not start.exists():
            limits.append(f"source folder {folder} does not exist")
            continue
        for path in _walk(start, tuple(suffixes)):
            if len(found) >= files_max:
                limits.append(f"only the first {files_max} source files were read")
                return SourceFiles(paths=tuple(sorted(found)), limits=tuple(limits))
            relative = Path(os.path.relpath(path, root)).as_posix()
            if path.stat().st_size > SIZE_MAX_BYTES:
                too_large.append(relative)
            else:
                found[relative] = None
    if too_large:
        limits.append(
            f"{len(too_large)} files above {SIZE_MAX_BYTES // 1_000_000} MB were not read"
            f" (first: {too_large[0]})"
        )
    return SourceFiles(paths=tuple(sorted(found)), limits=tuple(limits))


def _walk(start: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    if start.is_file():
        if start.name.endswith(suffixes):
            yield start
        return
    for folder, folders, names in os.walk(start):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS - TEST_FOLDERS)
        for name in sorted(names):
            written = not name.endswith((".d.ts", ".min.js")) and not TEST_ENDING.search(name)
            if name.endswith(suffixes) and written:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink():
                    yield path
