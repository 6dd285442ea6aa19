"""The outside world delivers a request again, because it has not seen that the first was done.

Webhooks and queues promise at least one delivery, not one. The second one is a task of its own, so
any schedule may put it early, late, or before the first.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import Fault, Place, miss, record


def _applies(operation: Operation, _run: Run) -> bool:
    return operation.name.protocol == "delivery"


def _begin(place: Place) -> None:
    if place.deliver_again(place.held):
        place.release(place.held)
        record(place, place.held.target, f"{place.held.kind} {place.held.target} came again")
    else:
        miss(place, f"{place.held.target} is a program, not a request")


FAULT = Fault(
    kind="delivered twice",
    protocols=("delivery",),
    applies=_applies,
    begin=_begin,
)
