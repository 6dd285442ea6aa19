"""Through which calls the steps of a finding are reached: what is wrong may stand in the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Step
from redhanded.source.flow.events import Path

Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """An event at a place."""

    entry: str
    number: int
    stack: tuple[Location, ...]


def with_callers(findings: Sequence[Finding], paths: Iterable[Path]) -> list[Finding]:
    """The findings, each step with the calls that lead to it from the finding's entry.

    Where the entry does not come to a step (it is in the job that is queued), the calls are told if
    they are the same from everywhere, and left out otherwise.
    """
    wanted = {_place(step.location) for one in findings for step in one.steps}
    met: dict[Place, list[_Met]] = {}
    for path in paths:
        for event in path.events:
            if (place := _place(event.location)) in wanted:
                one = _Met(entry=path.entry.name, number=event.number, stack=event.stack)
                met.setdefault(place, []).append(one)
    return [replace(one, steps=tuple(_called(one, met))) for one in findings]


def _called(finding: Finding, met: dict[Place, list[_Met]]) -> Iterator[Step]:
    """Its steps; of several ways from the entry the first that goes on after the step before."""
    reached = -1
    for step in finding.steps:
        every = met.get(_place(step.location), [])
        own = [one for one in every if one.entry == finding.entry]
        stacks = {one.stack for one in every}
        if own:
            taken = next((one for one in own if one.number >= reached), own[0])
            reached = taken.number
            yield replace(step, via=taken.stack)
        elif len(stacks) == 1:
            yield replace(step, via=stacks.pop())
        else:
            yield step


def _place(at: Location) -> Place:
    return (at.path, at.line)
