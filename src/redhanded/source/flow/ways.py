"""Ways from an entry of a program to what it writes, also across queues."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.telling import WRITES
from redhanded.source.flow.values import Computed, Input, Known

WAYS_MAX = 5_000
"""Found in one program; more are of no use to anybody."""
EQUAL = frozenset(("==", "==="))
UNEQUAL = frozenset(("!=", "!=="))
KEY_WRITES = frozenset(("set", "increment", "remove", "script", "push", "pop", "acquire"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where a path is left: at a job that is queued, or, in the end, at a write."""

    path: int
    """Index among the paths."""
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From an entry to one write."""

    stops: tuple[Stop, ...]

    @property
    def write(self) -> Event:
        return self.stops[-1].event


def ways(paths: Sequence[Path], starts: Collection[int]) -> tuple[Way, ...]:
    """The ways from each of these entries to every write, direct ones and queued ones apart.

    A job that something in the program queues is no beginning of its own, nor is a function that
    nothing calls where another entry leads to the same write.
    """
    fed = {one.entry for path in paths for one in path.jobs}
    found: list[Way] = []
    for place in starts:
        if paths[place].entry.kind == "job" and place in fed:
            continue
        seen = set()
        for way in _from(paths, place, ()):
            key = (way.write.location, subject_of(way.write), *(one.path for one in way.stops))
            if key not in seen:
                seen.add(key)
                found.append(way)
            if len(found) >= WAYS_MAX:
                return tuple(found)
    loose = {place for place in starts if paths[place].entry.kind == "function"}
    reached = {one.write.location for one in found if one.stops[0].path not in loose}
    return tuple(
        one for one in found if one.stops[0].path not in loose or one.write.location not in reached
    )


def subject_of(event: Event) -> str:
    """The table or key pattern that an event is about; empty where it is not known."""
    effect = event.effect
    return (effect.subject or effect.model) if effect is not None else ""


def is_write(event: Event) -> bool:
    """Whether it changes rows or keys that others see."""
    effect = event.effect
    if effect is None:
        return False
    if effect.store == "database":
        return effect.kind in WRITES
    return effect.store == "keys" and effect.kind in KEY_WRITES


def reads_before(path: Path, last: Event, table: str) -> Iterator[Event]:
    """The look-ups of a table that come before an event, where both can happen in one run."""
    seen = set()
    for event in path.events[: last.number]:
        effect = event.effect
        if effect is None or effect.kind != "read" or subject_of(event) != table:
            continue
        if event.location not in seen and not _apart(event, last):
            seen.add(event.location)
            yield event


def _apart(one: Event, other: Event) -> bool:
    """Whether they stand in different branches of one condition."""
    return any(
        mine.location == theirs.location and mine.test == theirs.test and mine.holds != theirs.holds
        for mine in one.guards
        for theirs in other.guards
    )


def is_for_another(event: Event, job: str | None) -> bool:
    """Whether it happens for jobs of another name than ``job``: ``if (job.name === 'b')``, a
    ``switch``. Where the name is not known it may happen for this one."""
    if job is None:
        return False
    for guard in event.guards:
        test = guard.test
        if not isinstance(test, Computed) or test.operator not in EQUAL | UNEQUAL:
            continue
        names = [one.value for one in test.operands if isinstance(one, Known)]
        asked = [one for one in test.operands if isinstance(one, Input) and one.source == "job"]
        if len(names) == 1 and len(asked) == 1 and asked[0].parts[-1:] == ("name",):
            holds = (names[0] == job) == (test.operator in EQUAL)
            if holds != guard.holds:
                return True
    return False


def _from(paths: Sequence[Path], place: int, before: tuple[Stop, ...]) -> Iterator[Way]:
    taken = {one.path for one in before} | {place}
    jobs: dict[int, list[int]] = {}
    for one in paths[place].jobs:
        jobs.setdefault(one.event, []).append(one.entry)
    job = before[-1].event.effect.job if before and before[-1].event.effect else None
    for event in paths[place].events:
        if is_for_another(event, job):
            continue
        here = (*before, Stop(path=place, event=event))
        if is_write(event):
            yield Way(stops=here)
        for entry in jobs.get(event.number, ()):
            if entry not in taken:
                yield from _from(paths, entry, here)
