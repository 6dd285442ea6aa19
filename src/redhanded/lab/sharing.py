"""Operations that share a connection: which orders of their causes let one go before the other.

What is sent on one connection is answered in the order in which it was sent, so the later of two
can come first only if it is sent first: its cause has to be answered before the other's cause is
released. Clients of Redis in one process commonly share a connection; those of PostgreSQL take one
of a pool, and are given another when the first is busy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redhanded.case.operation import Operation
from redhanded.case.schedule import Constraint


def orders_to_turn(
    early: Operation, late: Operation, operations: Sequence[Operation]
) -> tuple[Constraint, ...]:
    """What has to hold for ``early`` to go before ``late``: that, and the same of their causes for
    as long as these share a connection too."""
    by_index = {operation.index: operation for operation in operations}
    found = [Constraint(before=early.name, after=late.name)]
    while _shared(early, late):
        cause, other = _cause(early, by_index), _cause(late, by_index)
        if cause is None or other is None or cause.name.task == other.name.task:
            break
        early, late = cause, other
        found.append(Constraint(before=early.name, after=late.name))
    return tuple(found)


def _shared(one: Operation, other: Operation) -> bool:
    return one.name.protocol == "redis" and (one.process, one.service, one.connection) == (
        other.process,
        other.service,
        other.connection,
    )


def _cause(operation: Operation, by_index: Mapping[int, Operation]) -> Operation | None:
    return None if operation.parent is None else by_index.get(operation.parent)
