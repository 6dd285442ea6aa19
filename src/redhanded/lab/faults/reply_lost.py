"""The service did what it was asked to, and the process never learns of it.

A connection that breaks between a COMMIT and its answer, a client's time-out: the caller cannot
know whether to try again (Gray, "Notes on Data Base Operating Systems", 1978, the generals'
paradox).
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import WIRE, Fault, Place, cut, record, release_unanswered


def _applies(operation: Operation, _run: Run) -> bool:
    return operation.name.access == "write" and operation.name.protocol != "delivery"


def _end(place: Place) -> None:
    held = place.held
    text = f"the answer to {held.kind} {held.target} was lost: {held.process}"
    happened = record(place, held.target, text)
    if held.channel is not None:
        cut(place, held.channel, happened)


FAULT = Fault(
    kind="reply lost",
    protocols=WIRE,
    applies=_applies,
    begin=release_unanswered,
    end=_end,
)
