"""A run that failed, stated as a schedule under which it fails again.

What fails once may have failed by chance: by something that no order and no event of the lab's
decided. It is an answer only if it comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.lab.explorers import Explorer, Straight
from redhanded.lab.witness import witnesses

AGAIN = 5
"""Runs that have to fail as well: an order that says too little fails in some of them by chance."""
AGAIN_UNFORCED = 8
"""The same, where nothing is forced: what fails in two of five runs by itself fails in six in a
row every two hundredth time, in nine every four thousandth."""


class Stated(NamedTuple):
    """A schedule that failed again."""

    schedule: Schedule
    runs: int
    """In a row; each of them failed."""


class Played(Protocol):
    """A run."""

    @property
    def run(self) -> Run: ...


class Lab(Protocol):
    """What runs are repeated in."""

    def play(self, explorer: Explorer, deliveries: int | None = None) -> Played: ...

    def follow(self, schedule: Schedule) -> Run: ...


def stated_of(
    lab: Lab,
    run: Run,
    deliveries: int,
    wanted: Callable[[Run], bool],
    *,
    serial: bool = False,
    forced: Schedule | None = None,
) -> Stated | None:
    """A schedule under which ``run`` fails again; None if none of those tried does it each time.

    ``serial``: it was one without preemption, which needs no order. ``forced``: it was made by
    following that schedule.
    """
    if forced is not None and run.followed.following == "followed":
        return Stated(forced, AGAIN) if _comes_again(lab, forced, AGAIN, wanted) else None
    if serial:
        runs = (lab.play(Straight(), deliveries).run for _ in range(AGAIN_UNFORCED))
        again = all(each.failed and wanted(each) for each in runs)
        return Stated(Schedule(deliveries=deliveries), AGAIN_UNFORCED) if again else None
    for schedule in witnesses(run, deliveries):
        times = AGAIN if schedule.parts else AGAIN_UNFORCED
        if _comes_again(lab, schedule, times, wanted):
            return Stated(schedule, times)
    return None


def _comes_again(lab: Lab, schedule: Schedule, times: int, wanted: Callable[[Run], bool]) -> bool:
    return all(_fails(lab.follow(schedule), wanted) for _ in range(times))


def _fails(run: Run, wanted: Callable[[Run], bool]) -> bool:
    return run.failed and wanted(run) and run.followed.following == "followed"
