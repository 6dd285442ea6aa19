"""The past of what `redhanded explore` shows: who changed it, and what came just before failures
began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.journey import Access, Beginning, History, Hop, SuspiciousCall
from redhanded.case.symptom import Marker, Symptom
from redhanded.hunt.scan.reading import Source
from redhanded.hunt.scan.suppression import suppressions
from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.asking import look
from redhanded.hunt.suspect.rules.rule import Rule
from redhanded.source.flow.history import before, history_of, lines_of, of_line
from redhanded.source.flow.values import finished

MARKERS_MAX = 3
MARKS = ("deploy", "start")


def past(
    root: Path,
    source: Source,
    hops: Sequence[Hop],
    accesses: Sequence[Access],
    *,
    failure: tuple[Symptom, str] | None = None,
    rules: Sequence[Rule] = RULES,
) -> History:
    """The commits behind these lines, those of calls that a rule finds fault with first.

    ``failure`` is what logs show, and where they are from; what came before it is told then.
    """
    lines = lines_of(hops, accesses)
    found = tuple(_suspicious(source, lines, rules))
    known = history_of(root, lines, [one.location for _, one in found])
    suspicious = tuple(
        SuspiciousCall(
            rule=rule.name,
            title=rule.title,
            location=one.location,
            commits=of_line(known.commits, one.location),
        )
        for rule, one in found
    )
    limits = known.limits
    beginning = None
    if failure is not None:
        beginning = _beginning(root, *failure, lines, known.commits)
        if beginning is None:
            limits = (*limits, f"{failure[1]}: no line of the failure has a time")
    return History(suspicious=suspicious, commits=known.commits, beginning=beginning, limits=limits)


def _suspicious(
    source: Source, lines: Iterable[Location], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, Finding]]:
    """What the rules find in which these lines take part and nobody has accepted, the most certain
    first."""
    wanted = {(one.path, one.line) for one in lines}
    comments = suppressions(source.notes, [one.name for one in rules], source.reading.text)
    with finished():
        found = [(rule, one) for rule in rules for one in look(rule, source.reading)]
    found.sort(key=lambda one: -one[1].score)
    for rule, one in found:
        places = (one.location, *(step.location for step in one.steps))
        here = any((at.path, at.line) in wanted for at in places)
        if here and one.score >= rule.threshold and comments.of(one) is None:
            yield rule, one


def _beginning(
    root: Path,
    symptom: Symptom,
    source: str,
    lines: Sequence[Location],
    commits: Sequence[Commit],
) -> Beginning | None:
    at_ms = symptom.onset.at_ms if symptom.onset is not None else symptom.first_ms
    if at_ms is None:
        return None
    return Beginning(
        symptom=symptom.template or symptom.text,
        at_ms=at_ms,
        is_onset=symptom.onset is not None,
        source=source,
        markers=_markers(symptom.markers, at_ms),
        commits=before(root, at_ms, lines, commits),
    )


def _markers(markers: Iterable[Marker], at_ms: float) -> tuple[Marker, ...]:
    """The nearest deploys and starts before it, each text once; in the order of time."""
    last: dict[tuple[str, str], Marker] = {}
    for one in markers:
        if one.kind in MARKS and one.at_ms <= at_ms:
            last[one.kind, one.says] = one
    kept: list[Marker] = []
    for kind in MARKS:
        near = sorted(
            (one for one in last.values() if one.kind == kind), key=lambda one: -one.at_ms
        )
        kept += near[:MARKERS_MAX]
    return tuple(sorted(kept, key=lambda one: one.at_ms))
