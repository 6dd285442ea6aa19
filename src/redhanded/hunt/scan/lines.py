"""Whether a failure that the lab made is the one that a finding speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.operation import Operation
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Schedule

TEXT_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a finding rests on."""

    subject: str
    lines: frozenset[tuple[str, int]]
    """The line to change, and those of its steps."""
    functions: tuple[tuple[str, int, int], ...]
    """Path, first and last line of the functions in which these, and its reasons, stand."""


def ground(finding: Finding, span: Callable[[Location], tuple[int, int]]) -> Ground:
    """``span`` gives the first and the last line of the function around a place."""
    steps = (finding.location, *(step.location for step in finding.steps))
    reasons = (one.location for one in finding.reasons if one.location is not None)
    return Ground(
        subject=finding.subject,
        lines=frozenset((one.path, one.line) for one in steps),
        functions=tuple(dict.fromkeys((one.path, *span(one)) for one in (*steps, *reasons))),
    )


def at_lines(run: Run, of: Ground) -> tuple[Operation, ...]:
    """The operations that its lines sent, directly or through a function that they call."""
    return tuple(
        one
        for one in run.operations
        if any((place.path, place.line) in of.lines for place in _places(one))
    )


def in_functions(run: Run, of: Ground) -> tuple[Operation, ...]:
    """Those that its functions sent."""
    return tuple(
        one
        for one in run.operations
        if any(
            place.path == path and first <= place.line <= last
            for place in _places(one)
            for path, first, last in of.functions
        )
    )


def _places(operation: Operation) -> tuple[Location, ...]:
    own = (operation.location,) if operation.location is not None else ()
    return (*own, *operation.stack)


def concerns(run: Run, of: Ground) -> bool:
    """Whether a run failed in what the lines of a finding touch: at one of them, or in a table or
    key that they read or write."""
    return about(run, of) is not None


def about(run: Run, of: Ground) -> Failure | None:
    """The failure that is the finding's."""
    operations = at_lines(run, of)
    resources = {touch.resource for one in operations for touch in one.touches} - {"*"}
    resources |= {of.subject} - {""}
    places = {one.index for one in operations}
    found = (one for one in run.failures if _is_about(one, places, resources))
    return next(found, None)


def _is_about(failure: Failure, places: set[int], resources: Iterable[str]) -> bool:
    if failure.operation is not None and failure.operation in places:
        return True
    if failure.table is not None:
        return failure.table in resources
    return any(one in failure.text for one in resources)


def ordered(run: Run, schedule: Schedule, of: Ground) -> bool:
    """Whether the order that fails is one of operations that the finding's functions sent."""
    wanted = {str(one) for one in schedule.names()}
    return any(str(one.name) in wanted for one in in_functions(run, of))


def failure_said(run: Run, of: Ground) -> str:
    """How it failed: what the service answered, where that was seen, else the line or state."""
    failure = about(run, of) or run.failures[0]
    place = failure.operation
    if place is not None and 0 <= place < len(run.operations):
        answer = run.operations[place].failure
        if answer is not None:
            return f"{answer.code} {answer.message}"[:TEXT_MAX]
    refused = next((one.failure for one in run.operations if one.failure is not None), None)
    if failure.kind == "symptom" and refused is not None:
        return f"{refused.code} {refused.message}"[:TEXT_MAX]
    return " ".join(failure.text.split())[:TEXT_MAX]
