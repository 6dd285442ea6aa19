"""What other paths of a program do, looked up once for all that ask.

A rule that goes through all paths for each of its own takes minutes for a large program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path

T = TypeVar("T")


class OfReading(Generic[T]):
    """What was found out about the paths of a program; of the last one that was asked about."""

    def __init__(self, find: Callable[[Reading], T]) -> None:
        self._find = find
        self._known: tuple[Reading, T] | None = None

    def of(self, reading: Reading) -> T:
        if self._known is None or self._known[0] is not reading:
            self._known = (reading, self._find(reading))
        return self._known[1]


def producers(reading: Reading, path: Path) -> Sequence[tuple[Event, Effect]]:
    """The events that put the jobs of this path on the queue."""
    return _PRODUCERS.of(reading).get(id(path), ())


def scheduled(reading: Reading) -> Sequence[Path]:
    """The paths that run on a schedule."""
    return _SCHEDULED.of(reading)


def _producers(reading: Reading) -> dict[int, list[tuple[Event, Effect]]]:
    """By identity of the path that takes the jobs."""
    found: dict[int, list[tuple[Event, Effect]]] = {}
    for other in reading.paths:
        for handover in other.jobs:
            event = other.events[handover.event]
            if event.effect is not None:
                taking = id(reading.paths[handover.entry])
                found.setdefault(taking, []).append((event, event.effect))
    return found


def _scheduled(reading: Reading) -> tuple[Path, ...]:
    return tuple(one for one in reading.paths if one.entry.kind == "schedule")


_PRODUCERS = OfReading(_producers)
_SCHEDULED = OfReading(_scheduled)
