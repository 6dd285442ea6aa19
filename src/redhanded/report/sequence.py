"""Which operations of a run tell the story, and between whom they went.

A run has dozens of operations, most of them a queue's own bookkeeping. Kept are deliveries, the
operations that the schedule orders, the ones that failed, writes that an application line sent,
and everything on the tables concerned. What stands between them is folded into one step that says
how many there were; nothing is left out of the count.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from redhanded.case import wording
from redhanded.case.operation import Operation, OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, Schedule

LaneKind = Literal["outside", "process", "postgres", "redis", "http"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One vertical line."""

    name: str
    kind: LaneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A step takes part in constraint ``number``, as the one that must come first or then."""

    number: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation, or several that are folded."""

    operations: tuple[Operation, ...]
    words: str
    """What the first of them is, in a few words."""
    marks: tuple[Mark, ...] = ()
    failed: bool = False

    @property
    def folded(self) -> bool:
        return len(self.operations) > 1

    @property
    def operation(self) -> Operation:
        return self.operations[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaving:
    """A run, ready to be drawn."""

    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    constraints: tuple[Constraint, ...]
    """Numbered from 1 in this order; as the run kept them."""
    hidden: int
    """Operations that stand folded."""


def lay_out(run: Run, schedule: Schedule | None, *, fold: bool = True) -> Interleaving:
    """The steps of ``run`` in the order of release, with the schedule's constraints marked.

    A constraint that the run had the other way round is marked as it happened.
    """
    constraints = schedule.constraints if schedule else ()
    found = _found(run.operations, constraints)
    marks = _marks(found)
    failing = {failure.operation for failure in run.failures} | {
        operation.index for operation in run.operations if operation.failure is not None
    }
    told = set(marks) | _disturbed(run.operations, schedule.events if schedule else ())
    kept = _kept(run.operations, told, failing) if fold else {o.index for o in run.operations}
    steps: list[Step] = []
    for operation in run.operations:
        if operation.index in kept or not steps or steps[-1].operation.index in kept:
            steps.append(
                Step(
                    operations=(operation,),
                    words=wording.said(operation, run.operations),
                    marks=tuple(marks.get(operation.index, ())),
                    failed=operation.index in failing,
                )
            )
        else:
            steps[-1] = replace(steps[-1], operations=(*steps[-1].operations, operation))
    return Interleaving(
        lanes=_lanes(run.operations),
        steps=tuple(steps),
        constraints=constraints,
        hidden=sum(len(step.operations) for step in steps if step.folded),
    )


def place(operation: Operation, length: int) -> str:
    """The source line in at most ``length`` characters: whole folders are left out first."""
    if operation.location is None:
        return ""
    text = str(operation.location)
    while len(text) > length and "/" in text.removeprefix("…/"):
        text = "…/" + text.removeprefix("…/").partition("/")[2]
    return text if len(text) <= length else "…" + text[1 - length :]


def answered(operation: Operation) -> str:
    """What came back, where that is worth saying."""
    if operation.failure is not None:
        constraint = operation.failure.constraint
        return f"{operation.failure.code} {constraint or operation.failure.message}".strip()
    if operation.rows is None or operation.name.protocol != "postgres":
        return ""
    if operation.name.kind in ("BEGIN", "COMMIT", "ROLLBACK"):
        return ""
    return f"{operation.rows} row{'' if operation.rows == 1 else 's'}"


def _found(
    operations: Sequence[Operation], constraints: Sequence[Constraint]
) -> list[tuple[int | None, int | None]]:
    """For each constraint the indexes of its two operations.

    Tasks are variables: when the names as written find less than the same names with the tasks
    exchanged, the exchange is taken.
    """
    tasks = sorted(
        {o.name.task for o in operations} | {n.task for c in constraints for n in _two(c)}
    )
    best: list[tuple[int | None, int | None]] = []
    best_count = -1
    for order in itertools.islice(itertools.permutations(tasks), 24):
        renamed = dict(zip(tasks, order, strict=True))
        by_name = {
            replace(operation.name, task=renamed[operation.name.task]): operation.index
            for operation in reversed(operations)
        }
        pairs = [(by_name.get(c.before), by_name.get(c.after)) for c in constraints]
        count = sum(index is not None for pair in pairs for index in pair)
        if count > best_count:
            best, best_count = pairs, count
    return best


def _disturbed(operations: Sequence[Operation], events: Sequence[Event]) -> set[int]:
    """Operations at which something happens."""
    names = {name for event in events for name in (event.at, event.other) if name is not None}
    return {operation.index for operation in operations if operation.name in names}


def _two(constraint: Constraint) -> tuple[OperationName, OperationName]:
    return constraint.before, constraint.after


def _marks(found: Iterable[tuple[int | None, int | None]]) -> dict[int, list[Mark]]:
    marks: dict[int, list[Mark]] = {}
    for number, pair in enumerate(found, start=1):
        present = sorted(index for index in pair if index is not None)
        for index in present:
            first = len(present) == 2 and index == present[0]
            marks.setdefault(index, []).append(Mark(number=number, first=first))
    return marks


def _kept(operations: Sequence[Operation], marked: set[int], failing: set[int | None]) -> set[int]:
    concerned = {
        operation.name.target
        for operation in operations
        if operation.name.protocol == "postgres"
        and (operation.index in marked or operation.index in failing)
    } - {""}
    return {
        operation.index
        for operation in operations
        if operation.name.protocol in ("delivery", "fault")
        or operation.index in marked
        or operation.index in failing
        or (operation.name.protocol == "postgres" and operation.name.target in concerned)
        or (_application_write(operation) and operation.name.kind != "BEGIN")
    }


def _application_write(operation: Operation) -> bool:
    known = operation.location is not None and not operation.ambient
    return known and (operation.name.access == "write" or operation.name.protocol == "http")


def _lanes(operations: Sequence[Operation]) -> tuple[Lane, ...]:
    """The outside, then processes by name, then what they talk to: databases, queues, others."""
    processes = sorted({o.process for o in operations if o.name.protocol != "delivery"})
    lanes = [Lane(name="outside", kind="outside")]
    lanes += [Lane(name=name, kind="process") for name in processes]
    known = {lane.name for lane in lanes}
    kinds: dict[str, LaneKind] = {
        "postgres": "postgres",
        "redis": "redis",
        "http": "http",
        "delivery": "process",
    }
    for protocol, kind in kinds.items():
        for operation in operations:
            target = receiver(operation, processes)
            if operation.name.protocol == protocol and target not in known:
                known.add(target)
                lanes.append(Lane(name=target, kind=kind))
    return tuple(lanes)


def receiver(operation: Operation, processes: Iterable[str]) -> str:
    """The lane an operation goes to: a service, or the replica that bears the role's name."""
    names = list(processes)
    if operation.service in names:
        return operation.service
    return next(
        (name for name in names if name.startswith(f"{operation.service}.")), operation.service
    )
