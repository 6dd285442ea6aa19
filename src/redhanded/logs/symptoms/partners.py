"""What ran at the same time as a failing request, on the same thing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.correlation.overlaps import Shared, Spans

Ints = NDArray[np.int64]

OCCURRENCES_MAX = 200
PARTNERS_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Another story on the same thing."""

    story: int
    key: str
    """By which identifier they belong together."""
    row: int
    """Its first event."""
    gap_ms: float
    """From its beginning to that of the failing story; negative if it began later."""
    overlaps: bool
    """Whether both were under way at some moment."""
    elsewhere: bool
    """Whether another process wrote lines of it than of the failing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingStory:
    """One failing story with its company."""

    story: int
    rows: tuple[int, ...]
    """Its events in time, at most fifty."""
    symptom_row: int
    at_ms: float | None
    """Of the symptom."""
    partners: tuple[Partner, ...]
    """Overlapping ones first, then the nearest, at most four."""
    under_way: int
    """Stories that had begun and not ended when the symptom showed, this one included."""
    begun_per_s: int
    """Stories that began in the second before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """All that was found."""

    stories: tuple[FailingStory, ...]
    failing: int
    with_overlap: int
    """Of those looked at, how many had an overlapping partner on the same thing."""
    limits: tuple[str, ...]


def company(events: Events, joined: Joined, symptom: Collection[int]) -> Company:
    """Each failing story with those that worked on the same thing, nearest first.

    Things are values of keys that stories share (``Joined.shared``). At most the first two hundred
    failing stories.
    """
    spans = Spans(events, joined)
    shows = np.flatnonzero(np.isin(events.template, sorted(symptom)) & (joined.story >= 0))
    failing, first = np.unique(joined.story[shows], return_index=True)
    order = np.argsort(events.at_ms[shows[first]], kind="stable")
    shared = Shared(events, joined)
    found = []
    for at in order[:OCCURRENCES_MAX].tolist():
        found.append(_failing(events, spans, shared, int(failing[at]), int(shows[first[at]])))
    limits = list(shared.limits)
    if len(failing) > len(found):
        limits.append(f"the first {len(found)} of {len(failing):,} failing stories were looked at")
    return Company(
        stories=tuple(found),
        failing=len(failing),
        with_overlap=sum(any(one.overlaps for one in each.partners) for each in found),
        limits=tuple(limits),
    )


def _failing(
    events: Events, spans: Spans, shared: Shared, story: int, symptom_row: int
) -> FailingStory:
    rows = spans.of(story)
    at_ms = float(events.at_ms[symptom_row])
    partners: dict[int, Partner] = {}
    for key, others in shared.others(story):
        for other in _nearest(spans, story, others):
            partners.setdefault(other, _partner(events, spans, story, other, key))
    ordered = sorted(partners.values(), key=lambda one: (not one.overlaps, abs(one.gap_ms)))
    under_way, begun = (0, 0) if np.isnan(at_ms) else spans.load(at_ms)
    return FailingStory(
        story=story,
        rows=tuple(rows[:50].tolist()),
        symptom_row=symptom_row,
        at_ms=None if np.isnan(at_ms) else at_ms,
        partners=tuple(ordered[:PARTNERS_MAX]),
        under_way=under_way,
        begun_per_s=begun,
    )


def _nearest(spans: Spans, story: int, others: Ints) -> list[int]:
    """Overlapping ones and the nearest, few enough to look at each."""
    begin, end = spans.begin_ms[story], spans.end_ms[story]
    apart = np.maximum(spans.begin_ms[others] - end, begin - spans.end_ms[others])
    order = np.argsort(np.where(np.isnan(apart), np.inf, apart), kind="stable")
    return [int(each) for each in others[order[: 4 * PARTNERS_MAX]]]


def _partner(events: Events, spans: Spans, story: int, other: int, key: str) -> Partner:
    own, theirs = spans.of(story), spans.of(other)
    overlaps = (
        spans.begin_ms[other] <= spans.end_ms[story]
        and spans.begin_ms[story] <= spans.end_ms[other]
    )
    processes = set(events.source[own].tolist())
    return Partner(
        story=other,
        key=key,
        row=int(theirs[0]),
        gap_ms=float(spans.begin_ms[story] - spans.begin_ms[other]),
        overlaps=bool(overlaps),
        elsewhere=not set(events.source[theirs].tolist()) <= processes,
    )
