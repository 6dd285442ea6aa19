"""Works on the same thing: who they are, how far apart, and whether they overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from redhanded.logs.works import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The works that share a thing, found by the work they surround."""

    thing_key: str
    groups: dict[int, tuple[Work, ...]]
    """Hash of the thing to its works in the order of their arrival."""
    places: dict[int, tuple[int, int]]
    """Key of a work to its thing and its place in the group."""

    def shared(self, work: Work) -> bool:
        """Whether any other work is on the same thing."""
        place = self.places.get(work.key)
        return place is not None and len(self.groups[place[0]]) > 1

    def of(self, work: Work) -> tuple[Work, ...]:
        """The other works on the same thing, nearest in time first."""
        place = self.places.get(work.key)
        if place is None:
            return ()
        others = [other for other in self.groups[place[0]] if other.key != work.key]
        return tuple(sorted(others, key=lambda other: _distance(work, other)))

    def gap_ms(self, work: Work) -> float | None:
        """To the nearest arrival on the same thing; None without one, or without times."""
        place = self.places.get(work.key)
        if place is None:
            return None
        group, index = self.groups[place[0]], place[1]
        beside = [*group[max(0, index - 1) : index], *group[index + 1 : index + 2]]
        gap = min((_distance(work, other) for other in beside), default=float("inf"))
        return gap if gap != float("inf") else None

    def gaps_ms(self) -> tuple[float, ...]:
        """Between each two arrivals on the same thing that follow each other, as they came."""
        found = [
            (later.at_ms, later.at_ms - earlier.at_ms)
            for group in self.groups.values()
            for earlier, later in pairwise(group)
            if earlier.at_ms is not None and later.at_ms is not None
        ]
        return tuple(gap for _, gap in sorted(found))

    def overlapping(self) -> frozenset[int]:
        """Keys of works that arrived before the previous work on the same thing had ended, and of
        those previous works."""
        found: set[int] = set()
        for group in self.groups.values():
            for earlier, later in pairwise(group):
                if earlier.end_ms is None or later.at_ms is None:
                    continue
                if later.at_ms < earlier.end_ms:
                    found.update((earlier.key, later.key))
        return frozenset(found)


def neighbours(works: Sequence[Work], thing_key: str) -> Neighbours:
    """Groups ``works`` by their thing under ``thing_key``; works without one are left out."""
    lists: dict[int, list[Work]] = defaultdict(list)
    for work in works:
        thing = work.things.get(thing_key)
        if thing is not None:
            lists[thing].append(work)
    groups = {thing: tuple(sorted(group, key=_arrival)) for thing, group in lists.items()}
    return Neighbours(
        thing_key=thing_key,
        groups=groups,
        places={
            work.key: (thing, index)
            for thing, group in groups.items()
            for index, work in enumerate(group)
        },
    )


def _arrival(work: Work) -> float:
    return float("inf") if work.at_ms is None else work.at_ms


def _distance(one: Work, other: Work) -> float:
    if one.at_ms is None or other.at_ms is None:
        return float("inf")
    return abs(one.at_ms - other.at_ms)
