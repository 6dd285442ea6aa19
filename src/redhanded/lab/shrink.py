"""The smallest schedule that still fails: fewest deliveries, fewest constraints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule

Follow = Callable[[Schedule], Run]
RUNS_EACH = 3


def shrink(schedule: Schedule, follow: Follow) -> tuple[Schedule, int]:
    """A schedule in which nothing can be left out, and how many runs that took.

    1-minimal: with any one constraint or delivery less, none of ``RUNS_EACH`` runs fails.
    """
    runs = 0

    def fails(candidate: Schedule) -> bool:
        nonlocal runs
        for _ in range(RUNS_EACH):
            runs += 1
            run = follow(candidate)
            if run.failed and run.followed.following == "followed":
                return True
        return False

    current = schedule
    for deliveries in range(1, current.deliveries):
        smaller = replace(current, deliveries=deliveries)
        if fails(smaller):
            current = smaller
            break
    place = 0
    while place < len(current.constraints):
        less = current.constraints[:place] + current.constraints[place + 1 :]
        candidate = replace(current, constraints=less)
        if fails(candidate):
            current = candidate
        else:
            place += 1
    return current, runs


def flip(schedule: Schedule, place: int) -> tuple[Schedule, tuple[Constraint, ...]]:
    """The schedule with one constraint turned round, and the others that had to go for it.

    As few as possible are dropped for no cycle to be left; of sets of the same size, late ones.
    """
    flipped = schedule.constraints[place].flipped()
    others = [other for number, other in enumerate(schedule.constraints) if number != place]
    for size in range(len(others) + 1):
        for dropped in combinations(range(len(others) - 1, -1, -1), size):
            kept = [other for number, other in enumerate(others) if number not in dropped]
            if not _cyclic([flipped, *kept]):
                gone = tuple(others[number] for number in sorted(dropped))
                return replace(schedule, constraints=(flipped, *kept)), gone
    return replace(schedule, constraints=(flipped,)), tuple(others)


def _cyclic(constraints: list[Constraint]) -> bool:
    after: dict[str, set[str]] = {}
    for constraint in constraints:
        after.setdefault(str(constraint.before), set()).add(str(constraint.after))
    for start in after:
        seen, pending = set(), [start]
        while pending:
            for following in after.get(pending.pop(), ()):
                if following == start:
                    return True
                if following not in seen:
                    seen.add(following)
                    pending.append(following)
    return False
