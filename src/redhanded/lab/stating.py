"""A run that failed, stated as a schedule under which it fails again.

What fails once may have failed by chance: by something that no order and no event of the lab's
decided. It is an answer only if it comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.lab.explorers import Explorer, Straight
from redhanded.lab.witness import witnesses

AGAIN = 2
"""Runs that have to fail as well."""


class Played(Protocol):
    """A run."""

    @property
    def run(self) -> Run: ...


class Lab(Protocol):
    """What runs are repeated in."""

    def play(self, explorer: Explorer, deliveries: int | None = None) -> Played: ...

    def follow(self, schedule: Schedule) -> Run: ...


def stated(
    lab: Lab,
    run: Run,
    deliveries: int,
    wanted: Callable[[Run], bool],
    *,
    serial: bool = False,
    forced: Schedule | None = None,
) -> Schedule | None:
    """A schedule under which ``run`` fails again; None if none of those tried does it each time.

    ``serial``: it was one without preemption, which needs no order. ``forced``: it was made by
    following that schedule.
    """
    if forced is not None and run.followed.following == "followed":
        return forced if _fails(lab.follow(forced), wanted) else None
    if serial:
        runs = (lab.play(Straight(), deliveries).run for _ in range(AGAIN))
        again = all(each.failed and wanted(each) for each in runs)
        return Schedule(deliveries=deliveries) if again else None
    for schedule in witnesses(run, deliveries):
        if all(_fails(lab.follow(schedule), wanted) for _ in range(AGAIN)):
            return replace(schedule, deliveries=deliveries)
    return None


def _fails(run: Run, wanted: Callable[[Run], bool]) -> bool:
    return run.failed and wanted(run) and run.followed.following == "followed"
