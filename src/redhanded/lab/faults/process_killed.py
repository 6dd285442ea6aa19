"""A process dies after a service did what it was asked to, and is started again.

Out of memory, a node that goes away, a deploy: everything that the process had in its memory is
gone, its connections are closed by the kernel, open transactions are rolled back. A supervisor
starts it again; the trial goes on when it serves.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import WIRE, Fault, Place, miss, record, release_unanswered
from redhanded.lab.programs import replace_program


def _applies(operation: Operation, run: Run) -> bool:
    """Where its process would have sent more: dying at the very end changes nothing."""
    if operation.name.protocol == "delivery" or operation.name.access != "write":
        return False
    return any(
        later.index > operation.index
        and later.process == operation.process
        and later.name.task == operation.name.task
        for later in run.operations
    )


def _begin(place: Place) -> None:
    if place.held.process in place.running.programs:
        release_unanswered(place)
    else:
        miss(place, f"{place.held.process} is not a process of the system")


def _end(place: Place) -> None:
    held, running = place.held, place.running
    happened = record(place, held.role, f"{held.process} was killed and started again")
    callers = [each for each in running.traffic.states if each.route.service == held.process]
    replace_program(running, held.process)
    for channel in callers:
        running.traffic.causes.tell(channel.route.process, happened)


FAULT = Fault(
    kind="process killed",
    protocols=WIRE,
    applies=_applies,
    begin=_begin,
    end=_end,
)
