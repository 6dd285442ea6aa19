"""The calls that a finding speaks of: through which others they are reached, and how they read.

What is wrong may stand in a caller; and a call is the same however its line is formatted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Step
from redhanded.hunt.scan.shapes import balanced, call_in, shape
from redhanded.source.flow.events import Event, Path

Place = tuple[str, int]
LINES_MAX = 200
STATEMENT_LINES_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An event at a place that a finding names, or one that a call there leads to."""

    entry: str
    """From which it is reached."""
    event: Event
    stack: tuple[Location, ...]
    """The calls that lead to the place."""
    is_there: bool
    """The event itself stands at the place."""


def met_by(findings: Sequence[Finding], paths: Iterable[Path]) -> dict[Place, list[Met]]:
    """The events at the lines and steps of findings, and those that calls there lead to."""
    wanted = {_place(at) for one in findings for at in _places(one)}
    met: dict[Place, list[Met]] = {}
    for path in paths if wanted else ():
        for event in path.events:
            for depth, at in enumerate((*event.stack, event.location)):
                if (place := _place(at)) in wanted:
                    one = Met(
                        entry=path.entry.name,
                        event=event,
                        stack=event.stack[:depth],
                        is_there=depth == len(event.stack),
                    )
                    met.setdefault(place, []).append(one)
    return met


def with_callers(finding: Finding, met: Mapping[Place, Sequence[Met]]) -> Finding:
    """The finding, each step with the calls that lead to it from the finding's entry.

    Where the entry does not come to a step (it is in the job that is queued), the calls are told if
    they are the same from everywhere, and left out otherwise.
    """
    return replace(finding, steps=tuple(_called(finding, met)))


def _called(finding: Finding, met: Mapping[Place, Sequence[Met]]) -> Iterator[Step]:
    """Its steps; of several ways from the entry the first that goes on after the step before."""
    reached = -1
    for step in finding.steps:
        every = met.get(_place(step.location), ())
        own = [one for one in every if one.entry == finding.entry]
        stacks = {one.stack for one in every}
        if own:
            taken = next((one for one in own if one.event.number >= reached), own[0])
            reached = taken.event.number
            yield replace(step, via=taken.stack)
        elif len(stacks) == 1:
            yield replace(step, via=stacks.pop())
        else:
            yield step


def shape_of(
    finding: Finding, met: Mapping[Place, Sequence[Met]], text: Callable[[Location], str]
) -> str:
    """How the finding's call reads, whatever its lines and their formatting; the statement where
    no call is known there. ``text`` gives a source line."""
    at = finding.location

    def lines(last: int) -> Iterator[str]:
        return (text(replace(at, line=line)) for line in range(at.line, last + 1))

    calls = dict.fromkeys(
        (one.event.callee, min(one.event.end_line, at.line + LINES_MAX), _is_about(one, finding))
        for one in met.get(_place(at), ())
        if one.is_there
    )
    found: list[tuple[bool, int, str]] = []
    for callee, last, is_about in calls:
        call = call_in("\n".join(lines(max(last, at.line))), callee)
        if call is not None:
            found.append((not is_about, -len(call), call))
    return min(found)[2] if found else shape(balanced(lines(at.line + STATEMENT_LINES_MAX)))


def _is_about(one: Met, finding: Finding) -> bool:
    effect = one.event.effect
    return effect is not None and finding.subject in (effect.subject, effect.model)


def _places(finding: Finding) -> Iterator[Location]:
    yield finding.location
    yield from (step.location for step in finding.steps)


def _place(at: Location) -> Place:
    return (at.path, at.line)
