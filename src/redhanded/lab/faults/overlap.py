"""Two statements that both take their snapshot before either of them has written.

``INSERT … SELECT … WHERE NOT EXISTS (…)`` and ``UPDATE … WHERE (SELECT …)`` look and write in one
statement, which READ COMMITTED does not make atomic: each looks at its own snapshot.
"""

from __future__ import annotations

import psycopg

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import Fault, Place, record
from redhanded.lab.faults.gate import Gate, locks_for

NO_LOCK = "there is no lock that both statements need after their snapshot"


def _applies(_operation: Operation, _run: Run) -> bool:
    """Pairs of statements are predicted, not tried everywhere."""
    return False


def _begin(place: Place) -> None:
    """The first statement to come is held back inside, and the second one too."""
    gate = place.gates.get(place.event) or _close_gate(place)
    if gate is not None:
        gate.waiting += 1
    place.release(place.held)


def _close_gate(place: Place) -> Gate | None:
    held = place.held
    server = place.running.servers.get(held.service)
    if place.event in place.missed or server is None or server.admin is None:
        return None
    tables = sorted({touch.resource for touch in held.touches if touch.access == "write"})
    try:
        locks = locks_for(server.admin, held.kind, tables)
        if locks:
            place.gates[place.event] = gate = Gate(server.admin, locks)
            text = f"statements on {held.target} are held back between snapshot and write"
            record(place, held.target, text)
            return gate
    except psycopg.Error as error:
        place.missed[place.event] = f"not controlled: {str(error).strip()}"
        return None
    place.missed[place.event] = f"not controlled: {NO_LOCK} ({held.kind} {held.target})"
    return None


FAULT = Fault(
    kind="overlap",
    protocols=("postgres",),
    applies=_applies,
    begin=_begin,
)
