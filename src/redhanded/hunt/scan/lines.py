"""Whether a failure that the lab made is the one that a finding speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.operation import Operation
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Event
from redhanded.case.system import Invariant
from redhanded.case.wording import brief

TEXT_MAX = 200
SERIAL = Invariant(name="as one after the other", serial=True)
"""What is watched besides what the contract says."""

_VARIABLE = re.compile(r"\\\{[^}]*\}|\\\*|\\\?")
"""A part of a key that varies, in an escaped subject."""

Bearing = Literal["at", "near"]
"""``at``: it failed at one of the finding's lines, or in a table or key that they touch. ``near``:
it failed in what these lines led to, or where is not seen and their functions ran in the process
that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a finding rests on."""

    subject: str
    lines: frozenset[tuple[str, int]]
    """The line to change, and those of its steps."""
    functions: tuple[tuple[str, int, int], ...]
    """Path, first and last line of the functions in which these, and its reasons, stand."""
    questions: Mapping[str, str] = field(default_factory=dict)
    """Name of an invariant to what it asks: a statement, keys; empty where that cannot be read."""


def ground(
    finding: Finding,
    span: Callable[[Location], tuple[int, int]],
    questions: Mapping[str, str] | None = None,
) -> Ground:
    """``span`` gives the first and the last line of the function around a place."""
    steps = (finding.location, *(step.location for step in finding.steps))
    reasons = (one.location for one in finding.reasons if one.location is not None)
    return Ground(
        subject=finding.subject,
        lines=frozenset((one.path, one.line) for one in steps),
        functions=tuple(dict.fromkeys((one.path, *span(one)) for one in (*steps, *reasons))),
        questions=questions or {},
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
    """Whether a run failed in what the finding is about, as far as can be seen."""
    return about(run, of) is not None


def about(run: Run, of: Ground) -> tuple[Failure, Bearing] | None:
    """The failure that is the finding's: one at its lines before one near them."""
    if not run.failures:
        return None
    operations = at_lines(run, of)
    places = {one.index for one in operations}
    touched = _touched(operations, of)
    for failure in run.failures:
        if _is_at(failure, places, touched, of):
            return failure, "at"
    processes = {one.process for one in in_functions(run, of)}
    led_to = _led_to(run, places)
    for failure in run.failures:
        if _is_near(failure, processes, led_to, of):
            return failure, "near"
    return None


def _touched(operations: Collection[Operation], of: Ground) -> frozenset[str]:
    """Tables and keys that its lines touch: of the service that holds its subject, and where that
    is not seen, of databases before others. A queue keeps books of its own, which differ whenever
    the order does."""
    touches = [
        (touch, one.name.protocol == "postgres")
        for one in operations
        for touch in one.touches
        if touch.resource != "*"
    ]
    is_subject = re.compile(_VARIABLE.sub(".+", re.escape(of.subject)))
    holding = {one.service for one, _ in touches if is_subject.fullmatch(one.resource)}
    holding = holding or {one.service for one, in_database in touches if in_database}
    found = {one.resource for one, _ in touches if not holding or one.service in holding}
    return frozenset(found | ({of.subject} - {""}))


def _is_at(failure: Failure, places: set[int], touched: frozenset[str], of: Ground) -> bool:
    if failure.operation is not None and failure.operation in places:
        return True
    if failure.table is not None:
        return failure.table in touched
    asked = of.questions.get(_name(failure), "")
    return any(_names(one, failure.text) or _names(one, asked) for one in touched)


def _is_near(failure: Failure, processes: set[str], led_to: set[int], of: Ground) -> bool:
    if failure.operation is not None:
        return failure.operation in led_to
    if failure.table is not None:
        return False
    if failure.kind == "invariant":
        return of.questions.get(_name(failure)) == ""
    return failure.process is None or failure.process in processes


def _led_to(run: Run, places: set[int]) -> set[int]:
    """Operations that others caused, which come before them in a run."""
    found: set[int] = set()
    for one in run.operations:
        if one.parent is not None and (one.parent in places or one.parent in found):
            found.add(one.index)
    return found


def _name(failure: Failure) -> str:
    return failure.text.partition(":")[0] if failure.kind == "invariant" else ""


def _names(resource: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(resource)}(?!\w)", text) is not None


def ordered(run: Run, part: Constraint | Event, of: Ground, bearing: Bearing) -> bool:
    """Whether what has to happen for it to fail is of an operation that the finding's functions
    sent; its very lines, where the failure itself was only seen near them."""
    own = at_lines(run, of) if bearing == "near" else in_functions(run, of)
    named = {str(one.name) for one in own}
    names = (part.before, part.after) if isinstance(part, Constraint) else part.names
    return any(str(name) in named for name in names)


def failure_said(run: Run, of: Ground) -> str:
    """How it failed: what the service answered, where that was seen, else the line or state."""
    found = about(run, of)
    failure = found[0] if found is not None else run.failures[0]
    place = failure.operation
    if place is not None and 0 <= place < len(run.operations):
        answer = run.operations[place].failure
        if answer is not None:
            return f"{answer.code} {answer.message}"[:TEXT_MAX]
    refused = next((one.failure for one in run.operations if one.failure is not None), None)
    if failure.kind == "symptom" and refused is not None:
        return f"{refused.code} {refused.message}"[:TEXT_MAX]
    return brief(failure.text.removeprefix(f"{SERIAL.name}: "), length=TEXT_MAX)
