"""The fewest constraints and events that make a run fail: what shrinking is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, Schedule
from redhanded.lab.witness import pairs

Follow = Callable[[Schedule], Run]
OPERATIONS_MAX = 14
"""Dependent operations of different tasks, up to which it is worth trying."""


def optimum(
    failing: Run,
    deliveries: int,
    follow: Follow,
    size_max: int,
    events: Sequence[Event] = (),
) -> Schedule | None:
    """A smallest schedule under which it fails again; None if more than ``size_max`` are needed.

    Made of the dependent operations of ``failing`` in either order, and of ``events``. ValueError
    if there are more than ``OPERATIONS_MAX`` of them: it takes a run for each set.
    """
    forward = pairs(failing)
    operations = {name for each in forward for name in (each.before, each.after)}
    if len(operations) > OPERATIONS_MAX:
        raise ValueError(
            f"{len(operations)} operations depend on others; {OPERATIONS_MAX} are the most that "
            "all sets of constraints are tried for"
        )
    either: tuple[Constraint | Event, ...] = (
        *forward,
        *(each.flipped() for each in forward),
        *events,
    )
    for size in range(size_max + 1):
        for chosen in combinations(either, size):
            schedule = Schedule(deliveries=deliveries).demanding(chosen)
            run = follow(schedule)
            if run.failed and run.followed.following == "followed":
                return schedule
    return None
