"""Names, operations and candidates for tests, with as little said as possible."""

from __future__ import annotations

from redhanded.case.operation import Access, Operation, OperationName, Protocol, Touch
from redhanded.lab.explorers import Candidate, Step

WRITES = {"INSERT", "UPDATE", "DELETE", "COMMIT", "POST"}


def name(
    task: int, kind: str, target: str = "seats", *, role: str = "web", nth: int = 1
) -> OperationName:
    """An SQL operation of a delivery; a POST is the delivery itself."""
    protocol: Protocol = "delivery" if kind == "POST" else "postgres"
    return OperationName(
        task=f"delivery {task}",
        role="outside" if kind == "POST" else role,
        protocol=protocol,
        kind=kind,
        target=target,
        access="write" if kind in WRITES else "read",
        occurrence=nth,
    )


def touch(resource: str, access: Access, service: str = "db", **row: str) -> Touch:
    return Touch(service=service, resource=resource, access=access, row=tuple(row.items()))


def candidate(called: OperationName, *touches: Touch, uncommitted: bool = False) -> Candidate:
    return Candidate(
        name=called,
        process=called.role,
        touches=touches or (touch(called.target, called.access),),
        uncommitted=uncommitted,
    )


def operation(index: int, called: OperationName, *, parent: int | None = None) -> Operation:
    touches = () if called.protocol == "delivery" else (touch(called.target, called.access),)
    return Operation(
        index=index,
        name=called,
        process=called.role,
        service="db",
        text=str(called),
        fingerprint=called.kind,
        parent=parent,
        touches=touches,
    )


def step(
    *candidates: Candidate, current: str | None = None, answered: list[OperationName] | None = None
) -> Step:
    return Step(candidates=candidates, current=current, answered=answered or [])
