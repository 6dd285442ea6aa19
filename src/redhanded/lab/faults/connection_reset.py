"""The connection breaks before the service has got what was sent."""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import WIRE, Fault, Place, cut, record


def _applies(operation: Operation, _run: Run) -> bool:
    return operation.name.protocol != "delivery"


def _begin(place: Place) -> None:
    held = place.held
    text = f"{held.process} lost its connection to {held.service}"
    happened = record(place, held.target, text)
    if held.channel is not None:
        cut(place, held.channel, happened)


FAULT = Fault(
    kind="connection reset",
    protocols=WIRE,
    applies=_applies,
    begin=_begin,
)
