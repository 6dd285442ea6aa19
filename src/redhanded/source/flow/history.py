"""Who changed the lines that are drawn and when, and what was committed just before something
began.

Plain git, read only (``source/history.py``); without it, or outside of a repository, a limit says
so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.case.journey import Access, Hop, Recent
from redhanded.source.commits import commits_between
from redhanded.source.git import Repository, git, repositories
from redhanded.source.history import History, touched

WINDOW_MS = 7 * 24 * 3_600_000.0
"""How long before an onset a commit may lie to be named: a week. What changed the lines themselves
is named however long ago it was."""
SECONDS_MAX = 10.0
RECENT_MAX = 10
OLDER_MAX = 3
ACTING = ("read", "write", "statement", "key", "lock", "transaction", "enqueue", "send")


def lines_of(hops: Iterable[Hop], accesses: Iterable[Access] = ()) -> tuple[Location, ...]:
    """The lines of what is drawn, each once: what acts on the world first, then the calls and
    entries that lead there. Constraints stand in migrations, which are not changed."""
    every = [*_inside(hops)]
    acting = [one.location for one in every if one.kind in ACTING]
    leading = [one.location for one in every if one.kind in ("call", "job", "entry")]
    places = (*(one.location for one in accesses), *acting, *leading)
    return tuple(dict.fromkeys(replace(one, function=None) for one in places if one is not None))


def _inside(hops: Iterable[Hop]) -> Iterator[Hop]:
    for hop in hops:
        yield hop
        yield from _inside(hop.hops)


def history_of(
    root: Path,
    lines: Sequence[Location],
    suspicious: Sequence[Location] = (),
    seconds: float = SECONDS_MAX,
) -> History:
    """The commits that touched these lines.

    ``suspicious``: lines to ask for first, since the number of lines, and the time, are bounded.
    """
    first = (replace(one, function=None) for one in suspicious)
    return touched(root, dict.fromkeys((*first, *lines)), seconds)


def of_line(commits: Iterable[Commit], at: Location) -> tuple[Commit, ...]:
    """Those that changed one line, newest first."""
    wanted = (at.path, at.line)
    return tuple(
        one for one in commits if any((place.path, place.line) == wanted for place in one.locations)
    )


def before(
    root: Path,
    onset_ms: float,
    lines: Sequence[Location],
    commits: Sequence[Commit],
    *,
    window_ms: float = WINDOW_MS,
    seconds: float = SECONDS_MAX,
) -> tuple[Recent, ...]:
    """What was committed before ``onset_ms`` (epoch): what changed the lines first (``commits``, as
    `history_of` gives them), then their files, then the rest; within these the latest first."""
    root = root.resolve()
    files = tuple(dict.fromkeys(one.path for one in lines))
    around = dict.fromkeys(repositories(root, files or (".",)).of.values())
    found: dict[str, Recent] = {}
    for repository in around:
        made = tuple(_within(repository, onset_ms, window_ms, seconds))
        changed = _files(repository, [one.sha for one in made], seconds)
        for commit in made:
            found[commit.sha] = Recent(
                commit=replace(commit, repository=repository.name),
                before_ms=onset_ms - (commit.at_ms or 0.0),
                files=_met(root, repository, changed.get(commit.sha, frozenset()), files),
            )
    for commit in _on_lines(commits, onset_ms, found):
        found[commit.sha] = Recent(
            commit=commit,
            before_ms=onset_ms - (commit.at_ms or 0.0),
            files=tuple(dict.fromkeys(at.path for at in commit.locations)),
        )
    ordered = sorted(
        found.values(), key=lambda one: (not one.commit.locations, not one.files, one.before_ms)
    )
    return tuple(ordered[:RECENT_MAX])


def _on_lines(
    commits: Sequence[Commit], onset_ms: float, found: Collection[str]
) -> Iterator[Commit]:
    """Those that changed the lines: all of the window, and the last ones before it."""
    made = [one for one in commits if one.at_ms is not None and one.at_ms <= onset_ms]
    older = [one for one in made if one.sha not in found]
    yield from (one for one in made if one.sha in found)
    yield from older[:OLDER_MAX]


def _within(
    repository: Repository, onset_ms: float, window_ms: float, seconds: float
) -> Iterator[Commit]:
    first_ms = onset_ms - window_ms
    for _, commit in commits_between(repository.top, first_ms, onset_ms, seconds=seconds):
        if commit.sha not in repository.boundary:
            yield commit


def _files(
    repository: Repository, commits: Sequence[str], seconds: float
) -> dict[str, frozenset[str]]:
    """The files that each commit changed, relative to the top."""
    known = [one for one in commits if re.fullmatch(r"[0-9a-f]{40,64}", one)]
    if not known:
        return {}
    shown = ("--format=%x01%H", "--name-only", "-m", "--first-parent", "-z")
    text = git(repository.top, "show", *shown, *known, seconds=seconds) or ""
    found = {}
    for record in text.split("\x01")[1:]:
        sha, *names = record.replace("\n", "\x00").split("\x00")
        found[sha] = frozenset(one for one in names if one)
    return found


def _met(
    root: Path, repository: Repository, changed: frozenset[str], wanted: Sequence[str]
) -> tuple[str, ...]:
    """Those of ``wanted`` (relative to ``root``) that were changed, by themselves or with the
    submodule that they are in."""
    inside = {path: root / path for path in wanted if (root / path).is_relative_to(repository.top)}
    return tuple(
        path
        for path, whole in inside.items()
        if changed
        & {
            repository.inside(one)
            for one in (whole, *whole.parents)
            if one.is_relative_to(repository.top)
        }
    )
