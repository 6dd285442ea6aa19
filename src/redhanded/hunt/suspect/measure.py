"""What a failing run shows: who delivered, who enqueued, who worked, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from redhanded.case.codemap import CodeMap, Enqueue
from redhanded.case.evidence import Location
from redhanded.case.operation import Operation
from redhanded.case.reproduction import Alternative, Reproduction
from redhanded.case.run import Run

UNIQUE_VIOLATION = "23505"
NOT_TWICE = "it fails although no event is delivered twice"


def times_delivered(operations: Iterable[Operation]) -> int:
    """How often the request that came most often was delivered in a run."""
    sent = Counter(
        (each.name.kind, each.text) for each in operations if each.name.protocol == "delivery"
    )
    return max(sent.values(), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """The failing run, taken apart. Empty parts were not seen."""

    run: Run
    deliveries: tuple[Operation, ...]
    enqueues: tuple[Operation, ...]
    """One for each job that was put on a queue."""
    refused: Operation | None
    """The write that the database refused."""
    first: Operation | None
    """The same write of the other task, which was accepted before."""
    look_ups: tuple[Operation, ...]
    """Reads of the same table by the process that took the delivery."""
    first_commit: Operation | None


def take_apart(reproduction: Reproduction | None, code: CodeMap) -> Caught | None:
    """None without a failing run."""
    if reproduction is None or reproduction.run is None or not reproduction.run.failed:
        return None
    run = reproduction.run
    refused = _refused(run, reproduction.constraint)
    table = refused.name.target if refused else None
    receivers = {child.name.role for child in run.operations if _delivered(run, child)}
    return Caught(
        run=run,
        deliveries=tuple(each for each in run.operations if each.name.protocol == "delivery"),
        enqueues=_enqueues(run, code, receivers),
        refused=refused,
        first=_first_write(run, refused),
        look_ups=tuple(
            each
            for each in run.operations
            if each.name.protocol == "postgres"
            and each.name.kind == "SELECT"
            and each.name.target == table
            and each.name.role in receivers
            and (refused is None or each.index < refused.index)
        ),
        first_commit=_first_commit(run, refused),
    )


def overlap(caught: Caught) -> bool | None:
    """Whether the two jobs ran at the same time; None where there are not two."""
    if caught.refused is None or caught.first is None:
        return None
    one, other = _span(caught, caught.first), _span(caught, caught.refused)
    if one is None or other is None or caught.first.name.task == caught.refused.name.task:
        return None
    return one[0] < other[1] and other[0] < one[1]


def by_two_jobs(caught: Caught) -> bool:
    """Whether the two writes are of two jobs: of two deliveries, or, where both jobs have the same
    name and so count for one, each caused by another enqueue."""
    if caught.refused is None or caught.first is None:
        return False
    if caught.refused.name.task != caught.first.name.task:
        return True
    one, other = _queued_by(caught, caught.first), _queued_by(caught, caught.refused)
    return one is not None and other is not None and one != other


def _queued_by(caught: Caught, write: Operation) -> int | None:
    """Index of the enqueue that led to a write."""
    parents = {each.index: each.parent for each in caught.run.operations}
    queued = {each.index for each in caught.enqueues}
    at = write.parent
    while at is not None and at not in queued:
        at = parents.get(at)
    return at


def forced_apart(reproduction: Reproduction) -> Alternative | None:
    """The trial in which jobs were forced one after the other, where it was made."""
    words = ("same time", "overlap", "at once", "one after", "simultaneous", "parallel", "two work")
    for each in reproduction.alternatives:
        if any(word in each.question.lower() for word in words):
            return each
    return None


def matches(code: CodeMap, location: Location | None) -> Enqueue | None:
    """The enqueue of the code map that stands at ``location``, within a statement's length."""
    near = [
        each
        for each in code.enqueues
        if location is not None
        and each.location.path == location.path
        and abs(each.location.line - location.line) <= 3
    ]
    line = 0 if location is None else location.line
    return min(near, key=lambda each: abs(each.location.line - line), default=None)


def frames(operation: Operation) -> tuple[Location, ...]:
    """Application frames, innermost first."""
    if operation.stack:
        return operation.stack
    return () if operation.location is None else (operation.location,)


def _refused(run: Run, constraint: str | None) -> Operation | None:
    refused = [each for each in run.operations if each.failure is not None]
    for each in refused:
        if constraint and each.failure is not None and each.failure.constraint == constraint:
            return each
    for each in refused:
        if each.failure is not None and each.failure.code == UNIQUE_VIOLATION:
            return each
    return None


def _delivered(run: Run, operation: Operation) -> bool:
    if operation.parent is None or operation.name.protocol == "delivery":
        return False
    parent = next((each for each in run.operations if each.index == operation.parent), None)
    return parent is not None and parent.name.protocol == "delivery"


def _enqueues(run: Run, code: CodeMap, receivers: set[str]) -> tuple[Operation, ...]:
    redis = [each for each in run.operations if each.name.protocol == "redis" and not each.ambient]
    named = [
        each
        for each in redis
        if any(matches(code, frame) is not None for frame in frames(each))
        and each.name.access == "write"
    ]
    if not named:
        named = [
            each
            for each in redis
            if each.name.role in receivers
            and each.name.access == "write"
            and _causes_work_elsewhere(run, each)
        ]
    seen: dict[str, Operation] = {}
    for each in named:
        seen.setdefault(each.name.task, each)
    return tuple(seen.values())


def _causes_work_elsewhere(run: Run, operation: Operation) -> bool:
    below = {operation.index}
    for each in run.operations:
        if each.parent in below:
            below.add(each.index)
            if each.name.role != operation.name.role:
                return True
    return False


def _first_write(run: Run, refused: Operation | None) -> Operation | None:
    if refused is None:
        return None
    for each in run.operations:
        if (
            each.index < refused.index
            and each.failure is None
            and each.name.kind == refused.name.kind
            and each.name.target == refused.name.target
            and each.name.protocol == refused.name.protocol
        ):
            return each
    return None


def _first_commit(run: Run, refused: Operation | None) -> Operation | None:
    first = _first_write(run, refused)
    if first is None:
        return None
    for each in run.operations:
        if (
            each.index > first.index
            and each.name.kind == "COMMIT"
            and each.process == first.process
            and (each.connection == first.connection or each.name.task == first.name.task)
        ):
            return each
    return None


def _span(caught: Caught, write: Operation) -> tuple[int, int] | None:
    """First and last index of what the writing process did for the write's task."""
    mine = [
        each.index
        for each in caught.run.operations
        if each.process == write.process
        and each.name.task == write.name.task
        and each.name.protocol != "redis"
        and not each.ambient
    ]
    return (min(mine), max(mine)) if mine else None
