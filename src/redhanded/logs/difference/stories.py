"""What is compared: stories, each the events of one request, job, entity, window of time or run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.distinct import Whole, narrow_type

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """Events sorted by story and time, and which stories failed. Made by ``stories``.

    Arrays of one element per event have length n, those per story length S.
    """

    story: Ints
    """Of each event, 0 to S - 1."""
    template: Ints
    """Of each event, an index into ``templates``."""
    at_ms: Floats
    """Of each event, epoch; NaN where the log gives none."""
    chain: Ints
    """Of each event, the causal chain it belongs to, -1 if none. A chain lies within one story:
    a request within a window of time. Order and gaps are asked inside chains only. Where a story is
    a request itself, it is its own only chain."""
    chains: int
    event: Ints
    """Of each event, its number where the events come from (a row of the log's columns)."""
    failing: NDArray[np.bool_]
    """Of each story."""
    templates: tuple[str, ...]
    attribute_story: Ints = field(default_factory=lambda: NONE)
    """Attributes of stories in three arrays of equal length: story, key, value."""
    attribute_key: Ints = field(default_factory=lambda: NONE)
    """Indexes into ``keys``."""
    attribute_value: Ints = field(default_factory=lambda: NONE)
    """Indexes into ``values``."""
    identifier_row: Whole = field(default_factory=lambda: NONE)
    """Identifiers on events in three arrays of equal length: row (0 to n - 1), key, value."""
    identifier_key: Whole = field(default_factory=lambda: NONE)
    """Indexes into ``keys``."""
    identifier_value: NDArray[np.uint64] = field(default_factory=lambda: NONE.astype(np.uint64))
    """Hashes."""
    keys: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    noun: str = "request"
    """What one story is, in the singular: request, job, window, run."""
    left_out: int = 0
    """Stories that are not among these, drawn whatever they hold, because there were too many."""

    def __post_init__(self) -> None:
        size = len(self.story)
        if any(len(each) != size for each in (self.template, self.at_ms, self.chain, self.event)):
            raise ValueError("the arrays of events differ in length")
        if size and (self.story.min() < 0 or self.story.max() >= len(self.failing)):
            raise ValueError("an event belongs to a story of which it is not said if it failed")
        if size and (np.diff(self.story) < 0).any():
            raise ValueError("events are not sorted by story; make them with stories()")

    @property
    def single(self) -> bool:
        """True if every story is one chain."""
        return self.chains == len(self.failing) and bool(np.array_equal(self.chain, self.story))


def stories(
    *,
    story: NDArray[Any],
    template: NDArray[Any],
    at_ms: NDArray[Any],
    failing: NDArray[np.bool_],
    templates: tuple[str, ...],
    chain: NDArray[Any] | None = None,
    identifiers: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None,
    attributes: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None,
    keys: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
    noun: str = "request",
) -> Stories:
    """Events in any order, sorted; those whose ``story`` is -1 are left out.

    Times that are equal or missing leave events in the order in which they were given; an event
    without a time stands where the one before it in its story stands. ``identifiers`` are (row, key
    index, value hash), with rows as they were given; ``attributes`` are (story, key index, value
    index). Without ``chain`` each story is one chain. Raises ``ValueError`` for arrays that do not
    fit each other, and for a chain that lies in two stories.
    """
    member = np.flatnonzero(np.asarray(story) >= 0)
    own = np.asarray(story)[member].astype(np.int64)
    times = np.asarray(at_ms, float)[member]
    place = _filled(times, own)
    order = np.lexsort((place, own))
    rows = member[order]
    links = own[order] if chain is None else np.asarray(chain)[rows].astype(np.int64)
    count = len(failing) if chain is None else int(links.max(initial=-1)) + 1
    _check_chains(links, own[order], count)
    row, key, value = identifiers or (NONE, NONE, NONE)
    moved = np.full(len(story), -1, narrow_type(len(story)))
    moved[rows] = np.arange(len(rows))
    there = np.flatnonzero(moved[row] >= 0) if len(row) else NONE
    whose, about, what = attributes or (NONE, NONE, NONE)
    return Stories(
        story=own[order],
        template=np.asarray(template)[rows].astype(np.int64),
        at_ms=times[order],
        chain=links,
        chains=count,
        event=rows.astype(np.int64),
        failing=np.asarray(failing, bool),
        templates=templates,
        attribute_story=np.asarray(whose).astype(np.int64),
        attribute_key=np.asarray(about).astype(np.int64),
        attribute_value=np.asarray(what).astype(np.int64),
        identifier_row=moved[row[there]] if len(row) else NONE,
        identifier_key=np.asarray(key)[there],
        identifier_value=np.asarray(value)[there].astype(np.uint64, copy=False),
        keys=keys,
        values=values,
        noun=noun,
    )


def _filled(times: Floats, own: Ints) -> Floats:
    """Times with each gap filled from the event before it in the same story."""
    known = np.where(np.isnan(times), -1, np.arange(len(times)))
    order = np.argsort(own, kind="stable")
    first = np.ones(len(order), bool)
    first[1:] = own[order][1:] != own[order][:-1]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.where(known[order] >= 0, np.arange(len(order)), -1)
    last = np.maximum.accumulate(place) if len(place) else place
    filled = np.full(len(times), -np.inf)
    usable = last >= start
    filled[order[usable]] = times[order[last[usable]]]
    return filled


def _check_chains(links: Ints, own: Ints, count: int) -> None:
    inside = links >= 0
    home = np.full(count, -1, np.int64)
    home[links[inside]] = own[inside]
    if (home[links[inside]] != own[inside]).any():
        raise ValueError("a chain lies in two stories; give each part a number of its own")
