"""PostgreSQL ends a transaction because it waits in a circle with others (SQLSTATE 40P01).

Any statement that waits for a lock while its transaction holds another may be the victim (manual,
section 13.3.4); the others may be of programs that are not in the lab.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab import protection
from redhanded.lab.faults.fault import Fault, Place
from redhanded.lab.faults.refusal import deliver, refuse


def _applies(operation: Operation, run: Run) -> bool:
    """A write in a transaction that has written before."""
    locks = operation.name.protocol == "postgres" and operation.name.access == "write"
    if not locks or operation.transaction is None or operation.name.kind == "COMMIT":
        return False
    return any(
        earlier.index < operation.index
        and earlier.name.access == "write"
        and protection.same_transaction(earlier, operation)
        for earlier in run.operations
    )


def _begin(place: Place) -> None:
    refuse(place, "40P01", "deadlock detected")


FAULT = Fault(
    kind="deadlock victim",
    protocols=("postgres",),
    applies=_applies,
    begin=_begin,
    end=deliver,
)
