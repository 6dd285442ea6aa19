"""Plain git, read only, within a bound of time; and which repository a file is in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

CALL_MAX_S = 20.0
"""How long one call may take."""


def git(root: Path, command: str, *arguments: str, seconds: float = CALL_MAX_S) -> str | None:
    """The output of a git command that only reads; None where it fails, takes longer than
    ``seconds``, or git is missing.

    Settings of the repository that would run programs are switched off, and nothing is fetched,
    also where a partial clone lacks an object.
    """
    quiet = ("--no-ext-diff", "--no-textconv") if command in ("log", "show") else ()
    call = [
        *("git", "--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"),
        *("-c", "log.showSignature=false", "-c", "core.quotePath=false", "-c", "color.ui=false"),
        *("-c", "protocol.allow=never", command, *quiet, *arguments),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            call,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A working tree with commits."""

    top: Path
    name: str
    """Relative to the root that was asked about; empty for the repository around it."""
    boundary: frozenset[str] = field(default_factory=frozenset)
    """Commits at which a shallow clone ends: git takes all that they hold for theirs."""

    def inside(self, file: Path) -> str:
        """The path of a file below the top."""
        return file.relative_to(self.top).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repositories:
    """The repositories that some files are in."""

    of: dict[str, Repository]
    """Path relative to the root, for those that are in one."""
    limits: tuple[str, ...] = ()


def top_of(folder: Path) -> Path | None:
    """The top of the working tree around a folder, by looking for ``.git`` (a file in submodules
    and worktrees), without starting git."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def repositories(root: Path, paths: Iterable[str]) -> Repositories:
    """For each file its own repository, submodules told apart from what is around them.

    A limit says why a file has none: no git, no repository, no commit yet.
    """
    if shutil.which("git") is None:
        return Repositories(of={}, limits=("git is missing: no history",))
    root = root.resolve()
    known: dict[Path, tuple[Repository | None, str]] = {}
    of: dict[str, Repository] = {}
    limits: dict[str, None] = {}
    for path in paths:
        place = root / path
        top = top_of(place if place.is_dir() else place.parent)
        if top is None:
            limits[f"{root.name} is not in a git repository: no history"] = None
            continue
        if top not in known:
            known[top] = _opened(root, top)
        repository, limit = known[top]
        if repository is not None:
            of[path] = repository
        if limit:
            limits[limit] = None
    return Repositories(of=of, limits=tuple(limits))


def _opened(root: Path, top: Path) -> tuple[Repository | None, str]:
    name = "" if root.is_relative_to(top) else top.relative_to(root).as_posix()
    called = name or top.name
    if git(top, "rev-parse", "--is-inside-work-tree") is None:
        return None, f"git cannot read the repository {called}: no history of its files"
    if git(top, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return None, f"the git repository {called} has no commit yet: no history"
    boundary = _boundary(top)
    repository = Repository(top=top, name=name, boundary=boundary)
    return repository, _shallow(repository, called) if boundary else ""


def _boundary(top: Path) -> frozenset[str]:
    if (git(top, "rev-parse", "--is-shallow-repository") or "").strip() != "true":
        return frozenset()
    where = (git(top, "rev-parse", "--git-path", "shallow") or "").rstrip("\n")
    try:
        return frozenset((top / where).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return frozenset()


def _shallow(repository: Repository, called: str) -> str:
    ends = ("log", "--no-walk", "--date-order", "--format=%cs", *sorted(repository.boundary))
    first = (git(repository.top, *ends) or "").split()
    since = f" before {first[0]}" if first else ""
    return (
        f"the clone of {called} is shallow: who changed a line{since} is not known; "
        "`git fetch --unshallow` gets it"
    )
