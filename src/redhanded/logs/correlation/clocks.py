"""The clocks of all processes of a log, brought onto one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.skew import ClockOffset, Crossings, chained, offset_between

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STORIES_MIN = 10
"""Stories that two processes must share for their clocks to be compared."""
_CONTAINS = 0.95
"""Share of the shared stories in which one process must have taken at least as long as the other,
for its lines to be taken for those of the caller."""
_ALIKE, _DEVIATIONS = 0.1, 5.0
"""Rank correlation of how long both took, and how far it has to be beyond chance, for one to be
taken to have waited for the other. Where a job is only handed over, the one takes no longer because
the other does."""
_CALL_LATE_MS, _HANDED_LATE_MS = 1.0, 20.0
"""A line is written after what it tells of: an answer's after it was sent, a job's after it was
queued, when a worker may have it already. The bounds are that much wider."""
_SOURCES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Offsets from the clock of ``reference``."""

    reference: int
    """The source with most lines."""
    paths: dict[int, tuple[tuple[ClockOffset, bool], ...]]
    """Of each source that can be reached, the offsets on the way from the reference to it."""
    limits: tuple[str, ...]

    def between(self, source: int, at_ms: Floats) -> tuple[Floats, Floats]:
        """Lowest and highest offset of a source's clock; infinite if nothing is known."""
        path = self.paths.get(source)
        if path is None:
            return np.full(len(at_ms), -np.inf), np.full(len(at_ms), np.inf)
        return chained(path, at_ms)


def clocks(events: Events, joined: Joined) -> Clocks:
    """Offsets between all sources that share stories, from which the causes of their lines show.

    Of two processes that both name the root's value, one that takes longer in nearly all stories,
    and the longer the other takes, is the caller (how long something took does not depend on the
    clock): its first line comes before the other's first, its last after the other's last. Where an
    identifier leads from one to the other (a job), the line that names both comes first. Ways over
    clocks that are known on both sides are preferred.
    """
    lines = _lines(events, joined)
    sizes = np.bincount(events.source, minlength=len(events.sources))
    chosen = [int(at) for at in np.argsort(-sizes, kind="stable")[:_SOURCES_MAX]]
    limits = []
    if len(events.sources) > _SOURCES_MAX:
        limits.append(f"clocks were compared for the {_SOURCES_MAX} sources with most lines only")
    edges: dict[tuple[int, int], ClockOffset] = {}
    for place, one in enumerate(chosen):
        for other in chosen[place + 1 :]:
            offset = _compared(lines, one, other)
            if offset is not None:
                edges[one, other] = offset
                limits.extend(
                    f"clocks of {events.sources[one]} and {events.sources[other]}: {limit}"
                    for limit in offset.limits
                )
    reference = chosen[0] if chosen else 0
    paths = _paths(reference, edges)
    limits.extend(
        f"the clock of {events.sources[at]} could not be compared with any other"
        for at in chosen
        if at not in paths
    )
    return Clocks(reference=reference, paths=paths, limits=tuple(limits))


def corrected(events: Events, known: Clocks) -> tuple[Events, Floats]:
    """The same events by the reference's clock, and of each by how much it may be wrong.

    Times stay as they are where the clocks may agree for all that is known, and where the offset is
    open on a side (inf).
    """
    at_ms = events.at_ms.copy()
    width = np.zeros(len(at_ms))
    for source in range(len(events.sources)):
        rows = np.flatnonzero(events.source == source)
        low, high = known.between(source, at_ms[rows])
        shifted = np.isfinite(low) & np.isfinite(high) & ((low > 0) | (high < 0))
        moved = np.zeros(len(rows))
        moved[shifted] = (low[shifted] + high[shifted]) / 2
        at_ms[rows] -= moved
        width[rows] = np.maximum(high - moved, moved - low)
    return replace(events, at_ms=at_ms), width


def first_of_rows(events: Events, known: Clocks, one: Ints, other: Ints) -> Ints:
    """Of pairs of events (rows), which came first: 1 the one, -1 the other, 0 if the clocks do not
    tell."""
    low, high = np.zeros(len(one)), np.zeros(len(one))
    for rows, sign in ((one, 1.0), (other, -1.0)):
        for source in np.unique(events.source[rows]).tolist():
            inside = np.flatnonzero(events.source[rows] == source)
            least, most = known.between(source, events.at_ms[rows[inside]])
            low[inside] += least if sign > 0 else -most
            high[inside] += most if sign > 0 else -least
    same = events.source[one] == events.source[other]
    low[same] = high[same] = 0.0
    difference = events.at_ms[one] - events.at_ms[other]
    return np.where(difference < low, 1, np.where(difference > high, -1, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """When one source begins and ends in its stories; arrays of one length, sorted by story."""

    story: Ints
    first_ms: Floats
    last_ms: Floats

    @property
    def length_ms(self) -> Floats:
        return self.last_ms - self.first_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """What there is to compare clocks by."""

    own: dict[int, _Span]
    """Of each source, its lines that name the root's value themselves, by story."""
    things: dict[int, _Span]
    """Of each source, its lines by identifier other than the root; only where all of them lead to
    the same story."""
    led: dict[int, _Span]
    """The same, of lines that only such an identifier leads to."""


def _lines(events: Events, joined: Joined) -> _Lines:
    timed = (joined.story >= 0) & ~np.isnan(events.at_ms)
    inside = np.flatnonzero(timed & (joined.hops == 0))
    own = _by_source(events, inside, joined.story[inside])
    leads = np.isin(events.id_key, joined.leading) & timed[events.id_row]
    named = events.id_row[leads], joined.node[leads]
    direct = joined.hops[named[0]] == 0
    return _Lines(
        own=own,
        things=_by_source(events, named[0][direct], named[1][direct]),
        led=_by_source(events, named[0][~direct], named[1][~direct]),
    )


def _by_source(events: Events, rows: Ints, groups: Ints) -> dict[int, _Span]:
    found = {}
    for source in np.unique(events.source[rows]).tolist():
        mine = events.source[rows] == source
        kept, index = np.unique(groups[mine], return_inverse=True)
        first, last = np.full(len(kept), np.inf), np.full(len(kept), -np.inf)
        np.minimum.at(first, index, events.at_ms[rows[mine]])
        np.maximum.at(last, index, events.at_ms[rows[mine]])
        found[source] = _Span(story=kept, first_ms=first, last_ms=last)
    return found


def _compared(lines: _Lines, one: int, other: int) -> ClockOffset | None:
    """The offset of ``other`` from ``one``; None if they have too little in common."""
    called = _caller(lines, one, other)
    forward = [_handed(lines, one, other)]
    backward = [_handed(lines, other, one)]
    if called == one:
        starts, ends = _call(lines, one, other)
        forward.append(starts)
        backward.append(ends)
    elif called == other:
        starts, ends = _call(lines, other, one)
        backward.append(starts)
        forward.append(ends)
    there, back = _together(forward), _together(backward)
    if len(there.sent_ms) + len(back.sent_ms) < _STORIES_MIN:
        return None
    return offset_between(there, back)


def _caller(lines: _Lines, one: int, other: int) -> int | None:
    """Which of two sources waits for the other; None if neither does, or it does not show."""
    if one not in lines.own or other not in lines.own:
        return None
    a, b = lines.own[one], lines.own[other]
    _, here, there = np.intersect1d(a.story, b.story, return_indices=True)
    if len(here) < _STORIES_MIN:
        return None
    mine, theirs = a.length_ms[here], b.length_ms[there]
    if _rank_correlation(mine, theirs) < max(_ALIKE, _DEVIATIONS / len(here) ** 0.5):
        return None
    share = float((mine >= theirs).mean())
    return one if share >= _CONTAINS else (other if share <= 1 - _CONTAINS else None)


def _call(lines: _Lines, caller: int, called: int) -> tuple[Crossings, Crossings]:
    """The call and the return: from the caller's first line, and to its last."""
    a, b = lines.own[caller], lines.own[called]
    _, here, there = np.intersect1d(a.story, b.story, return_indices=True)
    return (
        Crossings(sent_ms=a.first_ms[here], received_ms=b.first_ms[there] + _CALL_LATE_MS),
        Crossings(sent_ms=b.last_ms[there], received_ms=a.last_ms[here] + _CALL_LATE_MS),
    )


def _handed(lines: _Lines, sender: int, receiver: int) -> Crossings:
    """From the line that names an identifier beside the root's value to the first line elsewhere
    that knows it by this identifier only."""
    if sender not in lines.things or receiver not in lines.led:
        return _together([])
    a, b = lines.things[sender], lines.led[receiver]
    _, here, there = np.intersect1d(a.story, b.story, return_indices=True)
    return Crossings(sent_ms=a.first_ms[here], received_ms=b.first_ms[there] + _HANDED_LATE_MS)


def _together(parts: list[Crossings]) -> Crossings:
    return Crossings(
        sent_ms=np.concatenate([np.zeros(0), *(each.sent_ms for each in parts)]),
        received_ms=np.concatenate([np.zeros(0), *(each.received_ms for each in parts)]),
    )


def _rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's; 0 where one of them never varies."""
    ranks = [np.argsort(np.argsort(each, kind="stable"), kind="stable") for each in (one, other)]
    if not np.ptp(one) or not np.ptp(other):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _paths(
    reference: int, edges: dict[tuple[int, int], ClockOffset]
) -> dict[int, tuple[tuple[ClockOffset, bool], ...]]:
    """Shortest ways from the reference over offsets known on both sides; others, where there is no
    such way, over whatever there is."""
    paths: dict[int, tuple[tuple[ClockOffset, bool], ...]] = {reference: ()}
    for only_known in (True, False):
        waiting = deque(paths)
        while waiting:
            here = waiting.popleft()
            for (one, other), offset in edges.items():
                if here not in (one, other) or (only_known and not offset.known):
                    continue
                there, backwards = (other, False) if here == one else (one, True)
                if there not in paths:
                    paths[there] = (*paths[here], (offset, backwards))
                    waiting.append(there)
    return paths
