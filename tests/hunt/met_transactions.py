"""Transactions that get in each other's way, as the lab measured it."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.codemap import DataAccess
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.case.operation import Operation
from redhanded.case.reproduction import RootCause
from redhanded.case.symptom import Symptom
from redhanded.hunt import repair


def crossed(
    ground: repair.Ground,
    *,
    path: str,
    library: str,
    lines: tuple[int, ...],
    mechanism: str = "opposite-lock-order",
    callers: tuple[Location, ...] = (),
) -> repair.Ground:
    """``ground`` with two deliveries that do the same in a transaction each: a statement on
    accounts at each of ``lines`` of ``path``, called from ``callers``."""
    run = ground.reproduction.run
    assert run is not None
    like = run.operations[6]

    def operation(task: int, line: int) -> Operation:
        place = Location(path=path, line=line)
        return replace(
            like,
            index=task * len(lines) + lines.index(line),
            name=replace(like.name, task=f"delivery {task}", kind="UPDATE", target="accounts"),
            location=place,
            stack=(place, *callers),
            touches=(),
            connection=task,
            transaction=1,
        )

    operations = tuple(operation(task, line) for task in (1, 2) for line in lines)
    role = "lock" if mechanism == "opposite-lock-order" else "write"
    return replace(
        ground,
        code=replace(
            ground.code,
            accesses=tuple(
                DataAccess(
                    model="Account",
                    table="accounts",
                    method="update",
                    access="write",
                    library=library,
                    location=Location(path=path, line=line),
                    in_transaction=True,
                )
                for line in lines
            ),
            constraints=(),
            enqueues=(),
        ),
        cause=RootCause(
            mechanism=mechanism,
            title="",
            sentence="",
            locations=tuple(RootLocation(path=path, line=line, role=role) for line in lines),
        ),
        reproduction=replace(
            ground.reproduction, constraint=None, run=replace(run, operations=operations)
        ),
        symptom=Symptom(text="deadlock detected"),
    )
