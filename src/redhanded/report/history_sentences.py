"""Who changed what, and what came before failures began, in sentences; the terminal and the page
share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.case.journey import Beginning, Recent
from redhanded.case.symptom import Marker, Symptom
from redhanded.case.times import clock, span

SHA_LENGTH = 10
PLACES_SHOWN = 6
NO_COMMITS = "git tells of no commit that changed these lines"
NO_SUSPICION = "no rule of redhanded scan finds fault with these lines"


def commit(value: Commit) -> str:
    """``0a1b2c3d4e of 2026-01-02 by Ada: subject``."""
    inside = f" in {value.repository}" if value.repository else ""
    sha = value.sha[:SHA_LENGTH]
    return f"{sha}{inside} of {value.date[:10]} by {value.author}: {value.subject}"


def _as_it_is(path: str) -> str:
    return path


def lines(places: Sequence[Location], opened: Callable[[str], str] = _as_it_is) -> str:
    """``src/a.js:3, 17; src/b.js:9``; ``opened`` gives a path as it can be opened."""
    by_file: dict[str, dict[int, None]] = {}
    for one in places:
        by_file.setdefault(one.path, {})[one.line] = None
    shown = [
        f"{opened(path)}:{', '.join(map(str, sorted(numbers)[:PLACES_SHOWN]))}"
        + (f" and {len(numbers) - PLACES_SHOWN} more" if len(numbers) > PLACES_SHOWN else "")
        for path, numbers in by_file.items()
    ]
    more = f"; and {len(shown) - PLACES_SHOWN} more files" if len(shown) > PLACES_SHOWN else ""
    return "; ".join(shown[:PLACES_SHOWN]) + more


def changed(commits: Sequence[Commit]) -> tuple[str, ...]:
    """Who changed a line: the last change, and how it came to be before that."""
    if not commits:
        return ("git does not tell who changed it",)
    last, *earlier = commits
    said = [f"last changed by {commit(last)}"]
    if earlier:
        more = f"{len(earlier)} earlier changes, the first" if len(earlier) > 1 else "before that"
        said.append(f"{more} {commit(earlier[-1])}")
    return tuple(said)


def began(value: Beginning) -> str:
    """When it began, and by what that is told."""
    when = f"{clock(value.at_ms, date=True)} UTC"
    if value.is_onset:
        return f"more frequent since {when}, by {value.source}: {value.symptom}"
    untold = "no change of its rate can be told"
    return f"first seen {when}, by {value.source} ({untold}): {value.symptom}"


def marker(value: Marker, at_ms: float) -> str:
    """A deploy or start, and how long before."""
    place = f" [{value.place.path}:{value.place.line}]" if value.place is not None else ""
    return f"{value.kind} {span(at_ms - value.at_ms)} before: {value.says}{place}"


def recent(value: Recent, opened: Callable[[str], str] = _as_it_is) -> str:
    """A commit, how long before, and what of the path it changed."""
    touches = "changed nothing shown here"
    if value.commit.locations:
        touches = f"changed {lines(value.commit.locations, opened)}"
    elif value.files:
        more = f" and {len(value.files) - 3} more" if len(value.files) > 3 else ""
        touches = f"changed other lines of {', '.join(map(opened, value.files[:3]))}{more}"
    return f"commit {span(value.before_ms)} before: {commit(value.commit)} ({touches})"


def before_it_began(value: Commit, symptom: Symptom) -> str:
    """How long before the failures of a log a commit was made; empty where that is not known."""
    at_ms = symptom.onset.at_ms if symptom.onset is not None else symptom.first_ms
    if at_ms is None or value.at_ms is None:
        return ""
    apart = at_ms - value.at_ms
    return span(apart) if apart >= 0 else f"{span(-apart)} after"


def nothing_before(value: Beginning) -> str | None:
    """Where neither a deploy nor a commit is known."""
    if value.markers or value.commits:
        return None
    return "no deploy in the logs, and no commit within a week before it"
