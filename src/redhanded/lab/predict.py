"""From one serial run to the orders that may fail.

Two operations of different deliveries that depend on each other, in the order in which a serial run
had them, are turned round: that is the smallest schedule under which the second delivery acts on
something the first has not done yet (the idea of ACIDRain, Warszawski and Bailis, SIGMOD 2017, with
a schedule instead of a report). Each prediction is a schedule of one constraint; the lab decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """An order that may fail, and why it was thought of."""

    schedule: Schedule
    first: int
    """Index in the serial run of the operation that is to come late."""
    second: int
    """Index of the one that is to come early."""
    why: str


def predict(
    serial: Run, *, tables: Collection[str] = (), deliveries: int
) -> tuple[Prediction, ...]:
    """Predictions, most promising first.

    Reads that a task acts on (a later write of the same task, or one caused by it, to the same
    resource) come before others, the tables in ``tables`` before others, databases before queues.
    """
    operations = [operation for operation in serial.operations if not operation.ambient]
    found = []
    for place, later in enumerate(operations):
        for earlier in operations[:place]:
            if earlier.name.task == later.name.task or not earlier.name.task:
                continue
            if dependent(_candidate(earlier), _candidate(later)):
                found.append((_rank(earlier, later, operations, tables), earlier, later))
    found.sort(key=lambda item: item[0])
    unique_pairs: dict[tuple[str, str], Prediction] = {}
    for _, earlier, later in found:
        unique_pairs.setdefault(
            (str(earlier.name), str(later.name)), _prediction(earlier, later, deliveries)
        )
    return tuple(unique_pairs.values())


def _prediction(earlier: Operation, later: Operation, deliveries: int) -> Prediction:
    constraint = Constraint(before=later.name, after=earlier.name)
    return Prediction(
        schedule=Schedule(constraints=(constraint,), deliveries=deliveries),
        first=earlier.index,
        second=later.index,
        why=f"{later.name} sees what {earlier.name} leaves behind",
    )


def _rank(
    earlier: Operation, later: Operation, operations: Sequence[Operation], tables: Collection[str]
) -> tuple[int, int, int, int]:
    """Smaller is more promising."""
    shared = {
        touch.resource
        for touch in earlier.touches
        for other in later.touches
        if touch.conflicts(other)
    }
    named = 0 if shared & set(tables) or "*" in shared else 1
    stale = 0 if later.name.access == "read" and earlier.name.access == "write" else 1
    database = 0 if later.name.protocol == "postgres" else 1
    return (named, stale, database, later.index)


def _candidate(operation: Operation) -> Candidate:
    return Candidate(
        name=operation.name,
        process=operation.process,
        touches=operation.touches,
        uncommitted=operation.transaction is not None and operation.name.kind != "COMMIT",
        cause=operation.parent,
    )
