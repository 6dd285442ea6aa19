"""Stories on the same thing, and when they are under way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.distinct import distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SHARED_MAX = 5_000
"""A thing that more stories share than this sets none of them apart."""
_LOAD_MS = 1_000.0


def overlap_attributes(events: Events, joined: Joined) -> tuple[Ints, Ints, tuple[str, ...]]:
    """For each shared key the stories that overlap another one on the same thing: stories, indexes
    into the shared keys, and the names of these; to be compared like any attribute."""
    spans, shared = Spans(events, joined), Shared(events, joined)
    stories, keys = [], []
    for at in range(len(joined.shared)):
        thing, story = shared.pairs(at)
        order = np.lexsort((spans.begin_ms[story], thing))
        thing, story = thing[order], story[order]
        begin, end = spans.begin_ms[story], spans.end_ms[story]
        latest = _latest_before(thing, end)
        hit = begin < latest
        inside = np.append(np.flatnonzero(hit), np.flatnonzero(_covers_next(thing, begin, end)))
        members = np.unique(story[inside])
        stories.append(members)
        keys.append(np.full(len(members), at))
    names = tuple(events.keys[at] for at in joined.shared)
    empty = np.zeros(0, np.int64)
    return np.concatenate([*stories, empty]), np.concatenate([*keys, empty]), names


def _latest_before(thing: Ints, end: Floats) -> Floats:
    """Of each element, the latest end among earlier elements of the same thing; -inf if none.
    ``thing`` is sorted."""
    latest = np.full(len(end), -np.inf)
    if len(end) < 2 or np.isnan(end).all():
        return latest
    low = np.nanmin(end)
    width = np.nanmax(end) - low + 1
    _, number = np.unique(thing, return_inverse=True)
    lifted = np.maximum.accumulate(number * width + np.nan_to_num(end - low))
    same = np.flatnonzero(thing[1:] == thing[:-1])
    latest[same + 1] = lifted[same] - number[same] * width + low
    return latest


def _covers_next(thing: Ints, begin: Floats, end: Floats) -> NDArray[np.bool_]:
    """Whether the next one on the same thing begins before this one ends."""
    covers = np.zeros(len(end), bool)
    covers[:-1] = (thing[1:] == thing[:-1]) & (begin[1:] < end[:-1])
    return covers


class Spans:
    """When stories begin and end, and their events."""

    def __init__(self, events: Events, joined: Joined) -> None:
        count = len(joined.value)
        inside = np.flatnonzero(joined.story >= 0)
        order = inside[np.lexsort((events.at_ms[inside], joined.story[inside]))]
        self.rows = order
        story = joined.story[order]
        self.start = np.searchsorted(story, np.arange(count), "left")
        self.stop = np.searchsorted(story, np.arange(count), "right")
        self.begin_ms, self.end_ms = np.full(count, np.nan), np.full(count, np.nan)
        timed = ~np.isnan(events.at_ms[order])
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, story[timed], events.at_ms[order[timed]])
        np.maximum.at(high, story[timed], events.at_ms[order[timed]])
        known = np.isfinite(low)
        self.begin_ms[known], self.end_ms[known] = low[known], high[known]
        self.sorted_begin = np.sort(self.begin_ms[known])
        self.sorted_end = np.sort(self.end_ms[known])

    def of(self, story: int) -> Ints:
        return self.rows[self.start[story] : self.stop[story]]

    def load(self, at_ms: float) -> tuple[int, int]:
        """Stories under way at a time, and begun in the second before it."""
        begun = int(np.searchsorted(self.sorted_begin, at_ms, "right"))
        ended = int(np.searchsorted(self.sorted_end, at_ms, "left"))
        earlier = int(np.searchsorted(self.sorted_begin, at_ms - _LOAD_MS, "right"))
        return begun - ended, begun - earlier


class Shared:
    """Which stories have which things in common."""

    def __init__(self, events: Events, joined: Joined) -> None:
        self.keys = [events.keys[at] for at in joined.shared]
        self.limits: list[str] = []
        self._things: list[tuple[Ints, Ints]] = []
        whose = joined.story[events.id_row]
        for at, key in enumerate(joined.shared):
            own = np.flatnonzero((events.id_key == key) & (whose >= 0))
            width = np.int64(len(joined.value) + 1)
            pairs = distinct(joined.node[own] * width + whose[own])
            thing, story = pairs // width, pairs % width
            _, index, size = np.unique(thing, return_inverse=True, return_counts=True)
            wide = size[index] > _SHARED_MAX
            if wide.any():
                self.limits.append(
                    f"{len(np.unique(thing[wide]))} values of {self.keys[at]} are shared by more "
                    f"than {_SHARED_MAX:,} stories each: no company was looked for by them"
                )
            self._things.append((thing[~wide], story[~wide]))

    def pairs(self, at: int) -> tuple[Ints, Ints]:
        """Things and stories of one shared key, sorted by thing."""
        return self._things[at]

    def others(self, story: int) -> list[tuple[str, Ints]]:
        found = []
        for key, (thing, member) in zip(self.keys, self._things, strict=True):
            for value in thing[member == story].tolist():
                low, high = np.searchsorted(thing, [value, value + 1])
                group = member[low:high]
                if len(group) > 1:
                    found.append((key, group[group != story]))
        return found
