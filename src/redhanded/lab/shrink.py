"""The smallest schedule that still fails: fewest deliveries, events and constraints.

Delta debugging (Zeller and Hildebrandt, 2002) takes large parts away first; then each constraint
or event alone, until none can go. That is 1-minimal, not smallest: where more than one is left,
fewer among all orders of dependent operations of the failing run are tried too, as far as a number
of runs goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, Schedule
from redhanded.lab.witness import pairs

Follow = Callable[[Schedule], Run]
Wanted = Callable[[Run], bool]
RUNS_EACH = 3
"""Of a schedule that is said to fail, each time, or not to."""
FEWER_RUNS = 60
"""Spent on looking for fewer constraints than a 1-minimal schedule has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A schedule in which nothing can be left out."""

    schedule: Schedule
    runs: int
    needed: tuple[tuple[Constraint | Event, int, int], ...] = ()
    """Each constraint and event, with the runs without it and how many of those failed: none, but
    for chance."""
    confirmed: bool = True
    """False: the schedule that was given did not fail, and was not shrunk."""


def shrink(
    schedule: Schedule,
    follow: Follow,
    wanted: Wanted = lambda run: run.failed,
    *,
    failed: int = 0,
) -> tuple[Schedule, int]:
    """A schedule in which nothing can be left out, and how many runs that took."""
    found = smallest(schedule, follow, wanted, failed=failed)
    return found.schedule, found.runs


def smallest(
    schedule: Schedule,
    follow: Follow,
    wanted: Wanted = lambda run: run.failed,
    *,
    failed: int = 0,
) -> Shrunk:
    """The same, with what was seen where a constraint was left out.

    ``failed``: in so many runs in a row, just before, ``schedule`` failed; these count.

    1-minimal: with any one constraint or delivery less, it does not fail in each of ``RUNS_EACH``
    runs, and but for chance in none. A run in which the constraints could not be met counts as one
    that does not fail.
    """
    search = _Shrinking(follow, wanted, schedule.events, seen={schedule: (failed, failed)})
    if not search.fails(schedule):
        return Shrunk(schedule=schedule, runs=search.runs, confirmed=False)
    current = search.fewest_deliveries(schedule)
    current = search.by_parts(current)
    current = search.one_by_one(current)
    fewer = search.fewer(current)
    if fewer is not None:
        current = search.one_by_one(fewer)
    return Shrunk(
        schedule=current,
        runs=search.runs,
        needed=tuple(
            (part, *search.counted(_without(current, {place})))
            for place, part in enumerate(current.parts)
        ),
    )


@dataclass(slots=True)
class _Shrinking:
    """What was tried so far."""

    follow: Follow
    wanted: Wanted
    events: tuple[Event, ...]
    """Of the schedule that is shrunk."""
    runs: int = 0
    seen: dict[Schedule, tuple[int, int]] = field(default_factory=dict)
    """Schedule to its runs, and how many of them failed."""
    failing: Run | None = None
    """The last one that failed."""

    def fails(self, candidate: Schedule) -> bool:
        """Whether each of ``RUNS_EACH`` runs fails: the first that does not ends it.

        One that fails in some is one that fails by chance, or that says too little.
        """
        runs, failures = self.seen.get(candidate, (0, 0))
        while runs == failures < RUNS_EACH:
            runs, failures = self._again(candidate)
        return runs == failures

    def counted(self, candidate: Schedule) -> tuple[int, int]:
        """``RUNS_EACH`` runs at least, and how many of them failed."""
        runs, failures = self.seen.get(candidate, (0, 0))
        while runs < RUNS_EACH:
            runs, failures = self._again(candidate)
        return runs, failures

    def _again(self, candidate: Schedule) -> tuple[int, int]:
        self.runs += 1
        run = self.follow(self.calm(candidate))
        failed = self.wanted(run) and run.followed.following == "followed"
        if failed:
            self.failing = run
        runs, failures = self.seen.get(candidate, (0, 0))
        self.seen[candidate] = found = (runs + 1, failures + failed)
        return found

    def calm(self, candidate: Schedule) -> Schedule:
        """Leases that end no more are kept: they might end by themselves in a trial that waits."""
        kept = tuple(
            replace(event, kind="lease kept")
            for event in self.events
            if event.kind == "lease ended" and event not in candidate.events
        )
        return replace(candidate, events=(*candidate.events, *kept))

    def fewest_deliveries(self, schedule: Schedule) -> Schedule:
        for deliveries in range(1, schedule.deliveries):
            smaller = replace(schedule, deliveries=deliveries)
            if self.fails(smaller):
                return smaller
        return schedule

    def by_parts(self, schedule: Schedule) -> Schedule:
        """Delta debugging: leaves out halves, then quarters, until parts are single constraints."""
        parts = 2
        current = schedule
        while len(current.parts) > 2 and parts <= len(current.parts):
            smaller = next(
                (less for less in _with_a_part_less(current, parts) if self.fails(less)), None
            )
            if smaller is not None:
                current, parts = smaller, max(2, parts - 1)
            elif parts == len(current.parts):
                break
            else:
                parts = min(len(current.parts), 2 * parts)
        return current

    def one_by_one(self, schedule: Schedule) -> Schedule:
        """Leaves out one after the other, from the start again after each success."""
        current, place = schedule, 0
        while place < len(current.parts):
            smaller = _without(current, {place})
            if self.fails(smaller):
                current, place = smaller, 0
            else:
                place += 1
        return current

    def fewer(self, schedule: Schedule) -> Schedule | None:
        """A schedule with fewer constraints, made of other orders that the failing run had."""
        if len(schedule.constraints) < 2:
            return None
        if self.failing is None:
            self._again(schedule)
        if self.failing is None:
            return None
        limit = self.runs + FEWER_RUNS
        others = pairs(self.failing)
        for size in range(1, len(schedule.constraints)):
            for chosen in combinations(others, size):
                if self.runs >= limit:
                    return None
                candidate = replace(schedule, constraints=chosen)
                if self.fails(candidate):
                    return candidate
        return None


def _with_a_part_less(schedule: Schedule, parts: int) -> Iterator[Schedule]:
    count = len(schedule.parts)
    edges = [count * part // parts for part in range(parts + 1)]
    for start, end in pairwise(edges):
        if end > start:
            yield _without(schedule, set(range(start, end)))


def _without(schedule: Schedule, places: Sequence[int] | set[int]) -> Schedule:
    return schedule.demanding(
        part for place, part in enumerate(schedule.parts) if place not in places
    )


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
