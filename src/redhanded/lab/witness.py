"""A failing run as constraints: its dependent operations in the order in which they went."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from redhanded.case.operation import Operation, OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab.chains import depend


def witnesses(run: Run, deliveries: int) -> Iterator[Schedule]:
    """Schedules that may show the failure of ``run`` again, those that say least first.

    If operations depend on each other as their touches say, the first is enough. The second holds
    the run to each of its switches between tasks, the third to both.
    """
    dependences, switches = ordered(run), switched(run)
    yield Schedule(constraints=dependences, deliveries=deliveries)
    yield Schedule(constraints=switches, deliveries=deliveries)
    both = tuple(dict.fromkeys((*dependences, *switches)))
    yield Schedule(constraints=both, deliveries=deliveries)


def ordered(run: Run) -> tuple[Constraint, ...]:
    """Pairs of dependent operations that only this order puts so, without those that follow.

    A pair follows from others if a chain of them, of causes and of what one process sends on one
    connection leads from the first to the second.
    """
    chosen = [operation for operation in run.operations if _is_choice(operation)]
    before: list[set[int]] = []
    found = []
    for place, later in enumerate(chosen):
        closed = _given(place, chosen, before)
        for other in range(place - 1, -1, -1):
            earlier = chosen[other]
            if other in closed or not depend(earlier, later):
                continue
            if earlier.name != later.name:
                found.append(Constraint(before=earlier.name, after=later.name))
            closed |= {other} | before[other]
        before.append(closed)
    return _without_repeated_names(found, chosen)


def pairs(run: Run) -> tuple[Constraint, ...]:
    """All pairs of dependent operations of different tasks, in the order in which they went."""
    chosen = [operation for operation in run.operations if _is_choice(operation)]
    found = [
        Constraint(before=earlier.name, after=later.name)
        for place, later in enumerate(chosen)
        for earlier in chosen[:place]
        if earlier.name.task != later.name.task and depend(earlier, later)
    ]
    return _without_repeated_names(found, chosen)


def switched(run: Run) -> tuple[Constraint, ...]:
    """The switches between tasks."""
    chosen = [operation for operation in run.operations if _is_choice(operation)]
    return tuple(
        dict.fromkeys(
            Constraint(before=one.name, after=other.name)
            for one, other in pairwise(chosen)
            if one.name.task != other.name.task
        )
    )


def _is_choice(operation: Operation) -> bool:
    return not operation.ambient and bool(operation.name.task)


def _given(place: int, chosen: list[Operation], before: list[set[int]]) -> set[int]:
    """What comes before ``place`` in any order: its cause, what its connection carried."""
    later = chosen[place]
    closed: set[int] = set()
    for other in range(place):
        earlier = chosen[other]
        caused = earlier.index == later.parent
        connected = (
            earlier.service == later.service
            and earlier.process == later.process
            and earlier.connection == later.connection
            and earlier.name.task == later.name.task
        )
        if caused or connected:
            closed |= {other} | before[other]
    return closed


def _without_repeated_names(
    found: list[Constraint], chosen: list[Operation]
) -> tuple[Constraint, ...]:
    """Names that two operations of the run share cannot be ordered."""
    counts: dict[OperationName, int] = {}
    for operation in chosen:
        counts[operation.name] = counts.get(operation.name, 0) + 1
    return tuple(
        dict.fromkeys(
            constraint
            for constraint in found
            if counts[constraint.before] == counts[constraint.after] == 1
        )
    )
