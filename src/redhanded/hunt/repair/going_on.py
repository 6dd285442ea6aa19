"""What a delivery still does after the function that created the row has come back.

A row that is found instead of refused lets the caller go on. What it does then was never done twice
as long as the second row was refused, so each remedy that finds has to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.hunt.repair.remedy import Ground

_BORDERS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_LOCK = "advisory lock"
"""Taken or given back (asyncpg does so with each connection that returns to its pool), it is
nothing that stays."""


def effects(ground: Ground) -> tuple[Operation, ...]:
    """Writes of the failing and the passing run that follow the first row outside of the function
    that created it, each line once.

    What these cause in turn is left out: whoever repeats one repeats all that comes of it.
    """
    found: dict[str, Operation] = {}
    for run in (ground.reproduction.run, ground.reproduction.passing):
        for each in _after_the_first(ground, run) if run is not None else ():
            found.setdefault(f"{each.name.kind} {each.name.target} {each.location}", each)
    return tuple(found.values())


def told(operations: tuple[Operation, ...]) -> str:
    """What they do and where, as a list in a sentence."""
    return ", ".join(
        f"{each.name.kind} {each.name.target} ({each.location})" for each in operations
    )


def caution(ground: Ground) -> str:
    """For the person at the gate: what was measured; empty where there is nothing."""
    measured = effects(ground)
    if not measured:
        return ""
    return (
        f" Its caller goes on with the row that was there: {told(measured)} is done once for each "
        "delivery, unless you leave it out where the row is not new."
    )


def _after_the_first(ground: Ground, run: Run) -> Iterator[Operation]:
    create = ground.place("create")
    written = [
        each
        for each in run.operations
        if (each.name.protocol, each.name.target) == ("postgres", ground.table)
        and each.name.access == "write"
        and each.failure is None
        and create is not None
        and any(frame.path == create.path for frame in each.stack)
    ]
    if create is None or not written:
        return
    first = written[0]
    causes = {each.index: each.parent for each in run.operations}
    known: set[int] = set()
    for each in run.operations:
        if (
            each.index > first.index
            and (each.name.task, each.process) == (first.name.task, first.process)
            and each.name.access == "write"
            and each.name.kind not in _BORDERS
            and each.name.target != _LOCK
            and each.stack
            and not any(
                (frame.path, frame.function) == (create.path, create.function)
                for frame in each.stack
            )
            and not _comes_of(each, known, causes)
        ):
            known.add(each.index)
            yield each


def _comes_of(operation: Operation, known: set[int], causes: dict[int, int | None]) -> bool:
    at = operation.parent
    while at is not None:
        if at in known:
            return True
        at = causes.get(at)
    return False
