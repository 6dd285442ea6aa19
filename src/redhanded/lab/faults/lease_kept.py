"""The lifetime of a key in Redis does not end within the trial: the counterfactual of a lease that
ends.

Without it a lease may end by itself while the lab holds its holder up.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import EVERYTHING, Fault, Place, release
from redhanded.lab.faults.lease_ended import leases

KEPT_MS = 3_600_000


def _applies(_operation: Operation, _run: Run) -> bool:
    """It disturbs nothing, so it is never searched for."""
    return False


def _end(place: Place) -> None:
    for client, key, _ in leases(place):
        client.pexpire(key, KEPT_MS)


FAULT = Fault(kind="lease kept", protocols=EVERYTHING, applies=_applies, begin=release, end=_end)
