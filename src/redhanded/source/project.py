"""The project that files belong to: what has to be read to understand them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.source.files import SKIPPED_FOLDERS, TEST_FOLDERS
from redhanded.source.git import top_of
from redhanded.source.plain import plain_bytes

MARKS = (
    "redhanded.toml",
    "package.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "manage.py",
    "requirements.txt",
    "Pipfile",
    "deno.json",
)
"""A folder with one of these is a project."""
WORKSPACES = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json", "rush.json")
"""A folder with one of these holds several that belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A root, and what of it was asked for."""

    root: Path
    asked: tuple[str, ...]
    """Relative to the root, with forward slashes; ``.`` is all of it."""
    repository: Path | None
    """Top of the git repository around it."""

    def holds(self, path: str) -> bool:
        """Whether a file is among what was asked for."""
        return any(one == "." or path == one or path.startswith(f"{one}/") for one in self.asked)


def project_of(paths: Sequence[Path]) -> Project:
    """The project around these files and folders.

    In a git repository it is the nearest folder with a mark of a project, or the one that unites
    several of them; otherwise, and for what a map leaves out, the folder itself. Raises
    ``InputError`` for a path that is not there.
    """
    given = [_there(path) for path in paths] or [Path.cwd()]
    folders = [path if path.is_dir() else path.parent for path in given]
    common = Path(os.path.commonpath(folders))
    repository = top_of(common)
    root = _root(common, repository, whole=all(path.is_dir() for path in given))
    asked = dict.fromkeys(Path(os.path.relpath(path, root)).as_posix() for path in given)
    return Project(root=root, asked=tuple(asked), repository=repository)


def _there(path: Path) -> Path:
    try:
        found = path.resolve(strict=True)
        if found.is_dir() or found.is_file():
            return found
        raise InputError(f"{path} is neither a folder nor a file; name files or folders")
    except FileNotFoundError:
        raise InputError(
            f"there is no {path}; name files or folders of the program, or nothing for all here"
        ) from None
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "a loop of links"
        raise InputError(f"{path} cannot be read: {why}") from None


def _root(folder: Path, repository: Path | None, *, whole: bool) -> Path:
    if repository is None:
        return folder if whole else next(iter(_marked(folder, Path.home())), folder)
    inside = [one for one in (folder, *folder.parents) if one.is_relative_to(repository)]
    united = [one for one in inside if _unites(one)]
    root = united[-1] if united else next((one for one in inside if _is_marked(one)), folder)
    between = frozenset(folder.relative_to(root).parts)
    return folder if between & (SKIPPED_FOLDERS | TEST_FOLDERS) else root


def _marked(folder: Path, home: Path) -> list[Path]:
    above = [one for one in (folder, *folder.parents) if one != home and one.parent != one]
    return [one for one in above if _is_marked(one)]


def _is_marked(folder: Path) -> bool:
    return any((folder / name).is_file() for name in MARKS)


def _unites(folder: Path) -> bool:
    if any((folder / name).is_file() for name in WORKSPACES):
        return True
    return b'"workspaces"' in (plain_bytes(folder / "package.json") or b"")
