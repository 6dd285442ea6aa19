"""A lost update as the lab measured it: two deliveries read a balance, and each writes it back."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.codemap import DataAccess
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.case.operation import Access, Operation
from redhanded.case.reproduction import RootCause
from redhanded.case.symptom import Symptom
from redhanded.hunt import repair


def read_then_written(
    ground: repair.Ground,
    *,
    path: str,
    library: str,
    lines: tuple[int, int] = (2, 3),
    in_transaction: bool = True,
    transaction: int | None = 1,
) -> repair.Ground:
    """``ground`` with that as its cause: wallets, read and written at two lines of ``path``."""
    run = ground.reproduction.run
    assert run is not None
    like = run.operations[6]
    look, write = (Location(path=path, line=line) for line in lines)

    def operation(index: int, task: int, kind: str, place: Location) -> Operation:
        name = replace(
            like.name,
            task=f"delivery {task}",
            kind=kind,
            target="wallets",
            access="read" if kind == "SELECT" else "write",
        )
        return replace(
            like,
            index=index,
            name=name,
            location=place,
            stack=(place,),
            touches=(),
            transaction=transaction,
        )

    operations = (
        operation(0, 1, "SELECT", look),
        operation(1, 2, "SELECT", look),
        operation(2, 1, "UPDATE", write),
        operation(3, 1, "COMMIT", write),
        operation(4, 2, "UPDATE", write),
    )
    places: tuple[tuple[Location, Access], ...] = ((look, "read"), (write, "write"))
    accesses = tuple(
        DataAccess(
            model="Wallet",
            table="wallets",
            method="get",
            access=access,
            library=library,
            location=place,
            in_transaction=in_transaction,
        )
        for place, access in places
    )
    locations = (
        RootLocation(path=place.path, line=place.line, role=role, text="")
        for role, place in (("look-up", look), ("write", write))
    )
    return replace(
        ground,
        code=replace(ground.code, accesses=accesses, constraints=()),
        cause=RootCause(
            mechanism="read-modify-write", title="", sentence="", locations=tuple(locations)
        ),
        reproduction=replace(
            ground.reproduction, constraint=None, run=replace(run, operations=operations)
        ),
        symptom=Symptom(text="balance", invariants=("balance",)),
    )
