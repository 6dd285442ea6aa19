"""Who changed the lines of a path and when, and what was committed just before something began.

Plain git, read only (``source/history.py``); without it, or outside of a repository, a limit says
so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as Folder

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.source.commits import commits_between
from redhanded.source.flow.events import Path
from redhanded.source.history import LOCATIONS_MAX, git, touched

WINDOW_MS = 7 * 24 * 3_600_000.0
"""How long before an onset a commit may lie to be named: a week."""
SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PathHistory:
    """The commits behind the lines of a path."""

    commits: tuple[Commit, ...] = ()
    """Newest first, each with the lines of the path that it changed."""
    limits: tuple[str, ...] = ()

    def of(self, location: Location) -> tuple[Commit, ...]:
        """Those that changed one line, newest first."""
        wanted = (location.path, location.line)
        return tuple(
            one for one in self.commits if any((at.path, at.line) == wanted for at in one.locations)
        )


def history_of(root: Folder, path: Path, suspicious: Sequence[Location] = ()) -> PathHistory:
    """The commits that touched the lines of a path.

    ``suspicious``: lines to ask for first, since the number of lines is bounded. Then come events
    that do something to the world, then the calls that lead to them.
    """
    lines = list(_lines(path, suspicious))
    found = touched(root, lines)
    limits = found.limits
    if len(lines) > LOCATIONS_MAX:
        limits = (*limits, f"{len(lines)} lines are on the path {path.entry.name}")
    return PathHistory(commits=found.commits, limits=limits)


def _lines(path: Path, suspicious: Sequence[Location]) -> Iterable[Location]:
    acting = [one for one in path.events if one.effect is not None]
    every = [
        *suspicious,
        *(one.location for one in acting),
        *(at for one in acting for at in one.stack),
        path.entry.location,
    ]
    return dict.fromkeys(replace(one, function=None) for one in every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A commit of the checked-out branch made before an onset."""

    commit: Commit
    """With the lines of the path that it changed, if any."""
    before_ms: float
    """How long before the onset it was made; deployed is later, and not known here."""
    files: tuple[str, ...] = ()
    """Files of the path that it changed, other lines of them included."""


def before(
    root: Folder,
    onset_ms: float,
    path: Path | None = None,
    *,
    known: PathHistory | None = None,
    window_ms: float = WINDOW_MS,
) -> tuple[Recent, ...]:
    """What was committed in the time before ``onset_ms`` (epoch): what touched the path's lines
    first, then its files, then the rest; within these the latest first."""
    on_lines = {one.sha: one for one in known.commits} if known is not None else {}
    wanted = {one.location.path for one in path.events} if path is not None else set()
    wanted |= {path.entry.location.path} if path is not None else set()
    found = [
        Recent(
            commit=on_lines.get(commit.sha, commit),
            before_ms=onset_ms - at_ms,
            files=tuple(one for one in _files(root, commit.sha) if one in wanted),
        )
        for at_ms, commit in commits_between(root, onset_ms - window_ms, onset_ms)
    ]
    found.sort(key=lambda one: (not one.commit.locations, not one.files, one.before_ms))
    return tuple(found[:SHOWN_MAX])


def _files(root: Folder, sha: str) -> list[str]:
    """Paths that a commit changed, relative to ``root``."""
    if not re.fullmatch(r"[0-9a-f]{40,64}", sha):
        return []
    text = git(root, "show", "--format=", "--name-only", "--relative", "-z", sha)
    return [one for one in (text or "").replace("\n", "\x00").split("\x00") if one]
