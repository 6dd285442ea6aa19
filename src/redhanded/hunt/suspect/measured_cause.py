"""The root cause as the failing order itself shows it, where no hypothesis explains it.

Only what was measured counts: the operations of the smallest failing run, of a passing one beside
it, their lines, and what the environment did.
"""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.codemap import CodeMap
from redhanded.case.reproduction import Counterfactual, Reproduction, RootCause
from redhanded.case.wording import capital
from redhanded.hunt.suspect import acted_late, disturbances, leases, races, tried_again
from redhanded.hunt.suspect.telling import Explained, locations
from redhanded.hunt.suspect.trail import Trail, trail

RACES: tuple[Callable[[Trail, Trail | None], Explained | None], ...] = (
    races.opposite_locks,
    races.queued_early,
    leases.lease_over,
    acted_late.acted_on_stale,
    races.out_of_order,
    tried_again.refused_by_itself,
    tried_again.repeated,
)
"""Tried in this order: the more specific first."""


def measured_cause(reproduction: Reproduction | None, code: CodeMap) -> RootCause | None:
    """What the replayed order says; None where it was not replayed or fits no known pattern."""
    if reproduction is None or reproduction.run is None or not holds(reproduction):
        return None
    failing = trail(reproduction.run)
    passing = trail(reproduction.passing) if reproduction.passing is not None else None
    events = reproduction.schedule.events if reproduction.schedule is not None else ()
    found = disturbances.disturbed(events, failing, passing) or _raced(failing, passing)
    if found is None:
        return None
    return RootCause(
        mechanism=found.mechanism,
        title=found.title,
        sentence=capital(found.sentence),
        locations=locations(found, failing, code),
    )


def _raced(failing: Trail, passing: Trail | None) -> Explained | None:
    return next((said for each in RACES if (said := each(failing, passing)) is not None), None)


def holds(reproduction: Reproduction) -> bool:
    """Whether every replay failed, and no run in which a part of the order was taken back."""
    replayed = 0 < reproduction.replays == reproduction.replays_failed
    return replayed and not any(_fails(each) for each in reproduction.counterfactuals)


def _fails(flip: Counterfactual) -> bool:
    """What could not be followed says nothing."""
    return flip.failures > 0 and flip.infeasible < flip.runs
