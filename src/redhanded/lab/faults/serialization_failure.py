"""PostgreSQL refuses a statement or a COMMIT because it could not serialize the transaction.

At REPEATABLE READ and SERIALIZABLE any statement may end so (SQLSTATE 40001; manual, section 13.2),
also without any conflict that an application could see: it has to try the whole transaction again.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab import protection
from redhanded.lab.faults.fault import Fault, Place
from redhanded.lab.faults.refusal import deliver, refuse


def _applies(operation: Operation, run: Run) -> bool:
    in_transaction = operation.name.protocol == "postgres" and operation.transaction is not None
    if not in_transaction or operation.name.kind in ("BEGIN", "ROLLBACK"):
        return False
    return protection.level(operation, run.operations) != "read committed"


def _begin(place: Place) -> None:
    refuse(place, "40001", "could not serialize access due to concurrent update")


FAULT = Fault(
    kind="serialization failure",
    protocols=("postgres",),
    applies=_applies,
    begin=_begin,
    end=deliver,
)
