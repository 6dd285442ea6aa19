"""What the environment may do to a system, one fault a file: each is a choice like an order.

The network, the machines and the clocks promise less than most tests assume. An ``Event`` of a
schedule names a fault and the operation at which it happens, so it can be replayed, left out and
shrunk like a constraint. Late and reordered deliveries need no file: they are orders.
"""

from __future__ import annotations

from redhanded.case.schedule import EventKind
from redhanded.lab.faults import (
    connection_reset,
    deadlock_victim,
    delivered_twice,
    lease_ended,
    lease_kept,
    overlap,
    process_killed,
    reply_lost,
    serialization_failure,
    timer_fires,
    writes_lost,
)
from redhanded.lab.faults.fault import ENVIRONMENT, Fault, Place

__all__ = ["ENVIRONMENT", "FAULTS", "Fault", "Place", "fault_of"]

FAULTS = (
    process_killed.FAULT,
    reply_lost.FAULT,
    connection_reset.FAULT,
    serialization_failure.FAULT,
    deadlock_victim.FAULT,
    writes_lost.FAULT,
    delivered_twice.FAULT,
    lease_ended.FAULT,
    lease_kept.FAULT,
    overlap.FAULT,
    timer_fires.FAULT,
)


def fault_of(kind: EventKind) -> Fault:
    """The one of that name."""
    return next(fault for fault in FAULTS if fault.kind == kind)
