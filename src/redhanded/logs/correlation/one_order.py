"""Pairs of lines that may come in either order, and were always seen in one.

The idea is CloudRaid's (Lu et al., IEEE TSE 2021): orders that production has not shown are where
failures hide, and logs say which these are. What may run together is taken from two facts: stories
on the same thing are independent of each other, and so are a process that handed over a job and the
one that took it. The lab can try the order that was never seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.clocks import Clocks, first_of_rows
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.distinct import distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HORIZON_MS = 1_000.0
"""Lines farther apart are not taken to run together."""
_SEEN_MIN = 3
_NEXT_MAX = 32
"""Later lines on the same thing that one line is paired with."""
_CANDIDATES_MAX = 50
_SHARED_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrder:
    """Two lines that were always in this order."""

    before: int
    """Template,"""
    after: int
    """template."""
    key: str
    """The identifier that both have to do with."""
    seen: int
    """Pairs in this order; none in the other."""
    overlapping: int
    """Of these, pairs of stories that were under way at the same time; all of them, within one
    story."""
    closest_ms: float
    """The smallest gap: how near it was to the other order."""
    log_p: float
    """Natural logarithm: that all would be in one order if both were as likely."""
    rows: tuple[int, int]
    """The closest pair."""
    handed_over: bool
    """Whether they belong to one story: what follows a hand-over, on both sides of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrders:
    """Candidates, those that came nearest to the other order first."""

    candidates: tuple[OneOrder, ...]
    limits: tuple[str, ...]


def one_orders(
    events: Events,
    joined: Joined,
    *,
    known: Clocks | None = None,
    horizon_ms: float = HORIZON_MS,
) -> OneOrders:
    """All pairs seen at least three times within ``horizon_ms`` in one order, and never in the
    other.

    ``known`` corrects for clocks; pairs whose order the clocks do not tell are left out. Without it
    times are believed.
    """
    limits: list[str] = []
    found: list[OneOrder] = []
    for key in joined.shared:
        pairs = _on_one_thing(events, joined, key, horizon_ms, limits)
        found += _always(events, joined, known, pairs, events.keys[key], handed_over=False)
    name = events.keys[joined.root]
    pairs = _after_handing_over(events, joined, horizon_ms)
    found += _always(events, joined, known, pairs, name, handed_over=True)
    found.sort(key=lambda one: (not one.overlapping, one.closest_ms, -one.seen))
    once = {(one.before, one.after, one.handed_over): one for one in reversed(found)}
    found = [one for one in found if once[one.before, one.after, one.handed_over] is one]
    if len(found) > _CANDIDATES_MAX:
        limits.append(f"{len(found):,} pairs were seen in one order only; the nearest "
                      f"{_CANDIDATES_MAX} are given")  # fmt: skip
    return OneOrders(candidates=tuple(found[:_CANDIDATES_MAX]), limits=tuple(limits))


def _on_one_thing(
    events: Events, joined: Joined, key: int, horizon_ms: float, limits: list[str]
) -> tuple[Ints, Ints]:
    """Pairs of rows of different stories that worked on the same value of ``key``, within the
    horizon.

    A story's lines all count, also those that do not name the thing themselves.
    """
    whose = joined.story[events.id_row]
    named = np.flatnonzero((events.id_key == key) & (whose >= 0))
    width = np.int64(len(joined.value) + 1)
    links = distinct(joined.node[named] * width + whose[named])
    thing, story = links // width, links % width
    _, index, size = np.unique(thing, return_inverse=True, return_counts=True)
    usual = (size[index] > 1) & (size[index] <= _SHARED_MAX)
    if (size > _SHARED_MAX).any():
        limits.append(
            f"{(size > _SHARED_MAX).sum()} values of {events.keys[key]} are shared by more than "
            f"{_SHARED_MAX:,} stories each and were left out"
        )
    thing, story = thing[usual], story[usual]
    inside = np.flatnonzero((joined.story >= 0) & ~np.isnan(events.at_ms))
    inside = inside[np.argsort(joined.story[inside], kind="stable")]
    low = np.searchsorted(joined.story[inside], story, "left")
    count = np.searchsorted(joined.story[inside], story, "right") - low
    rows = inside[np.repeat(low, count) + _steps(count)]
    group = np.repeat(thing, count)
    order = np.lexsort((events.at_ms[rows], group))
    rows, group = rows[order], group[order]
    return _neighbours(events, joined, rows, group, horizon_ms)


def _neighbours(
    events: Events, joined: Joined, rows: Ints, group: Ints, horizon_ms: float
) -> tuple[Ints, Ints]:
    earlier, later = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for distance in range(1, min(_NEXT_MAX, len(rows) - 1) + 1):
        one, other = rows[:-distance], rows[distance:]
        near = (
            (group[distance:] == group[:-distance])
            & (events.at_ms[other] - events.at_ms[one] <= horizon_ms)
            & (joined.story[one] != joined.story[other])
        )
        earlier.append(one[near])
        later.append(other[near])
    return np.concatenate(earlier), np.concatenate(later)


def _after_handing_over(events: Events, joined: Joined, horizon_ms: float) -> tuple[Ints, Ints]:
    """Pairs of rows of one story: what the sender logs after the line that names the job, and what
    the receiver logs."""
    timed = (joined.story >= 0) & ~np.isnan(events.at_ms)
    leads = np.isin(events.id_key, joined.leading) & timed[events.id_row]
    introducing = np.unique(events.id_row[leads & (joined.hops[events.id_row] == 0)])
    since = np.full(len(joined.value), np.inf)
    np.minimum.at(since, joined.story[introducing], events.at_ms[introducing])
    home = np.full(len(joined.value), -1, np.int64)
    first = introducing[events.at_ms[introducing] == since[joined.story[introducing]]]
    home[joined.story[first]] = events.source[first]
    inside = np.flatnonzero(timed)
    story = joined.story[inside]
    at_home = events.source[inside] == home[story]
    mine = inside[at_home & (joined.hops[inside] == 0) & (events.at_ms[inside] > since[story])]
    theirs = inside[~at_home & (joined.hops[inside] > 0)]
    theirs = theirs[np.argsort(joined.story[theirs], kind="stable")]
    low = np.searchsorted(joined.story[theirs], joined.story[mine], "left")
    count = np.searchsorted(joined.story[theirs], joined.story[mine], "right") - low
    count = np.minimum(count, _NEXT_MAX)
    one = np.repeat(mine, count)
    other = theirs[np.repeat(low, count) + _steps(count)] if len(one) else one
    near = np.abs(events.at_ms[one] - events.at_ms[other]) <= horizon_ms
    return one[near], other[near]


def _always(
    events: Events,
    joined: Joined,
    known: Clocks | None,
    pairs: tuple[Ints, Ints],
    key: str,
    *,
    handed_over: bool,
) -> list[OneOrder]:
    one, other = pairs
    if known is None:
        told = np.sign(events.at_ms[other] - events.at_ms[one]).astype(np.int64)
    else:
        told = first_of_rows(events, known, one, other)
    one, other, told = one[told != 0], other[told != 0], told[told != 0]
    before, after = np.where(told > 0, one, other), np.where(told > 0, other, one)
    width = np.int64(len(events.templates) + 1)
    code = events.template[before] * width + events.template[after]
    back = events.template[after] * width + events.template[before]
    never = ~np.isin(code, back)
    before, after, code = before[never], after[never], code[never]
    overlaps = _overlapping(events, joined, before, after)
    gap = np.abs(events.at_ms[after] - events.at_ms[before])
    found = []
    for each in np.unique(code).tolist():
        own = np.flatnonzero(code == each)
        if len(own) < _SEEN_MIN:
            continue
        closest = own[np.argmin(gap[own])]
        found.append(
            OneOrder(
                before=int(each // width),
                after=int(each % width),
                key=key,
                seen=len(own),
                overlapping=int(overlaps[own].sum()),
                closest_ms=float(gap[closest]),
                log_p=(1 - len(own)) * log(2),
                rows=(int(before[closest]), int(after[closest])),
                handed_over=handed_over,
            )
        )
    return found


def _overlapping(events: Events, joined: Joined, one: Ints, other: Ints) -> NDArray[np.bool_]:
    """Whether the stories of both were under way at the same time."""
    timed = np.flatnonzero((joined.story >= 0) & ~np.isnan(events.at_ms))
    begin, end = np.full(len(joined.value), np.inf), np.full(len(joined.value), -np.inf)
    np.minimum.at(begin, joined.story[timed], events.at_ms[timed])
    np.maximum.at(end, joined.story[timed], events.at_ms[timed])
    a, b = joined.story[one], joined.story[other]
    return np.asarray((begin[a] <= end[b]) & (begin[b] <= end[a]), bool)


def _steps(count: Ints) -> Ints:
    """0, 1, … for each run of the lengths given."""
    ends = np.cumsum(count)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - count, count)
