"""What is compared with what: joined requests, windows of time, or the parts of whole runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.correlation.overlaps import overlap_attributes
from redhanded.logs.difference.stories import Stories, stories
from redhanded.logs.distinct import SPREADS

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Overlaps: TypeAlias = tuple[Ints, Ints, tuple[str, ...]]
"""Stories, the shared keys by which they overlap another one, and the names of these keys."""
Drawn: TypeAlias = tuple[Ints, Flags, Overlaps | None, int]

_REQUESTS_MIN = 20
"""Joined requests on each side of two runs, from which on these are compared, not windows."""
_WINDOWS = 60
"""Windows that the shorter of two runs is cut into."""
_EVENTS_MAX = 400_000
"""Events that are compared; of more, whole stories are drawn."""
SOURCE = "source"
RUN_LIMIT = (
    "one run is compared with another one by their {noun}s, as if each were drawn anew: what "
    "differs between the two runs is shown, whether or not it makes a run fail; name more runs of "
    "each kind to tell chance from cause"
)


def failing_stories(events: Events, joined: Joined, symptom: Collection[int]) -> Flags:
    """Of each story, whether it has a line of one of the templates ``symptom``."""
    shows = np.isin(events.template, np.asarray(sorted(symptom), np.int64)) & (joined.story >= 0)
    failing = np.zeros(len(joined.value), bool)
    failing[joined.story[shows]] = True
    return failing


def by_story(
    events: Events,
    joined: Joined,
    failing: Flags,
    *,
    symptom: Collection[int] = (),
    noun: str = "request",
    comparable: bool = True,
) -> Stories:
    """Joined stories, each one chain, with the attributes and sources of their lines, and whether
    they overlap another one on the same thing.

    With ``comparable`` those alone that begin with a line with which a failing one begins: between
    two kinds of requests everything differs. Attributes count up to the first line of a template of
    ``symptom``: an error says of itself what it is, and the retry which attempt it is.
    """
    kept = np.ones(len(joined.value), bool)
    if comparable:
        begins = _beginnings(events, joined)
        kept = np.isin(begins, begins[failing]) | failing
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    story = np.where(joined.story >= 0, number[joined.story], -1)
    whose, key, names = overlap_attributes(events, joined)
    inside = number[whose] >= 0
    overlaps = number[whose[inside]], key[inside], names
    rows = np.flatnonzero(np.isin(events.template, sorted(symptom)) & (story >= 0))
    since = np.full(int(kept.sum()), np.inf)
    np.minimum.at(since, story[rows], np.nan_to_num(events.at_ms[rows], nan=-np.inf))
    late = (story >= 0) & ~(events.at_ms < since[story])
    late &= np.isfinite(since[story])
    return _built(events, story, None, failing[kept], noun, overlaps, late)


def _beginnings(events: Events, joined: Joined) -> Ints:
    """Of each story the template of its first event."""
    inside = np.flatnonzero(joined.story >= 0)
    order = inside[np.lexsort((events.at_ms[inside], joined.story[inside]))]
    kept, first = np.unique(joined.story[order], return_index=True)
    found = np.full(len(joined.value), -1, np.int64)
    found[kept] = events.template[order[first]]
    return found


def by_window(events: Events, joined: Joined | None, shows: Flags, *, length_ms: float) -> Stories:
    """Windows of time of ``length_ms``; those in which an event of ``shows`` falls are failing.

    Requests are chains inside; one that goes on into the next window is a chain in each. Events
    without a time are left out. Raises ``InputError`` if none has one.
    """
    window = _windows(events, length_ms)
    failing = np.zeros(int(window.max(initial=-1)) + 1, bool)
    failing[window[shows & (window >= 0)]] = True
    return _built(events, window, _parts(joined, window), failing, "window")


def of_runs(events: Events, joined: Joined | None, bad: Collection[int]) -> tuple[Stories, str]:
    """Two groups of files (``bad``: indexes of files of the failing runs), cut into requests if
    both hold at least twenty, otherwise into windows of time; and a sentence on what that means.

    Raises ``InputError`` if neither can be had.
    """
    is_bad = np.isin(events.file, np.asarray(sorted(bad), np.int64))
    if joined is not None:
        side = np.full((2, len(joined.value)), False)
        member = joined.story >= 0
        for flag in (False, True):
            side[int(flag), joined.story[member & (is_bad == flag)]] = True
        only = side[0] ^ side[1]
        if (side[1] & only).sum() >= _REQUESTS_MIN and (side[0] & only).sum() >= _REQUESTS_MIN:
            story = np.where(member & only[joined.story], joined.story, -1)
            kept, story = _renumbered(story)
            found = _built(events, story, None, side[1][kept], "request")
            return found, RUN_LIMIT.format(noun="request")
    spans = [_span_ms(events, is_bad == flag) for flag in (False, True)]
    if not all(span > 0 for span in spans):
        raise InputError(
            "The two runs hold neither twenty requests each nor times; nothing can be compared. "
            "Name logs with times or request ids."
        )
    length_ms = max(1.0, min(spans) / _WINDOWS)
    window = _windows(events, length_ms)
    kept, story = _renumbered(np.where(window >= 0, 2 * window + is_bad, -1))
    found = _built(events, story, _parts(joined, story), kept % 2 == 1, "window")
    return found, RUN_LIMIT.format(noun="window")


def _built(
    events: Events,
    story: Ints,
    chain: Ints | None,
    failing: Flags,
    noun: str,
    overlaps: Overlaps | None = None,
    late: Flags | None = None,
) -> Stories:
    story, failing, overlaps, left_out = _drawn(story, failing, overlaps)
    counts = story if late is None else np.where(late, -1, story)
    whose = counts[events.attribute_row]
    named = np.flatnonzero(whose >= 0)
    member = np.flatnonzero(counts >= 0)
    keys, values = len(events.attribute_keys), len(events.attribute_values)
    over_whose, over_key, over_names = overlaps or (story[:0], story[:0], ())
    attributes = (
        np.concatenate((whose[named], story[member], over_whose)),
        np.concatenate(
            (events.attribute_key[named], np.full(len(member), keys), over_key + keys + 1)
        )
        + len(events.keys),
        np.concatenate(
            (
                events.attribute_value[named],
                events.source[member] + values,
                np.full(len(over_whose), values + len(events.sources)),
            )
        ),
    )
    told = stories(
        story=story,
        template=events.template,
        at_ms=events.at_ms,
        failing=failing,
        templates=events.templates,
        chain=chain,
        identifiers=(events.id_row, events.id_key, events.id_value),
        attributes=attributes,
        keys=(
            *events.keys,
            *events.attribute_keys,
            SOURCE,
            *(f"another one at the same time on the same {name}" for name in over_names),
        ),
        values=(*events.attribute_values, *events.sources, "yes"),
        noun=noun,
    )
    return replace(told, left_out=left_out)


def _drawn(story: Ints, failing: Flags, overlaps: Overlaps | None) -> Drawn:
    """Stories of at most ``_EVENTS_MAX`` events, those that fail up to half of these first, and how
    many are left out. Which ones does not depend on what they hold."""
    size = np.bincount(story[story >= 0], minlength=len(failing))
    if size.sum() <= _EVENTS_MAX:
        return story, failing, overlaps, 0
    lot = np.argsort(np.arange(len(failing), dtype=np.uint64) * SPREADS, kind="stable")
    chosen = np.zeros(len(failing), bool)
    left = _EVENTS_MAX // 2
    for side in (lot[failing[lot]], lot[~failing[lot]]):
        fits = np.cumsum(size[side]) <= left
        chosen[side[fits]] = True
        left = _EVENTS_MAX - int(size[chosen].sum())
    number = np.where(chosen, np.cumsum(chosen) - 1, -1)
    if overlaps is not None:
        whose, key, names = overlaps
        inside = chosen[whose]
        overlaps = number[whose[inside]], key[inside], names
    kept = np.where(story >= 0, number[story], -1)
    return kept, failing[chosen], overlaps, int((~chosen).sum())


def _windows(events: Events, length_ms: float) -> Ints:
    timed = ~np.isnan(events.at_ms)
    if not timed.any():
        raise InputError("No entry of the log has a time; it cannot be cut into windows.")
    begin = events.at_ms[timed].min()
    window = np.full(len(events.at_ms), -1, np.int64)
    window[timed] = ((events.at_ms[timed] - begin) // length_ms).astype(np.int64)
    return _renumbered(window)[1]


def _parts(joined: Joined | None, window: Ints) -> Ints:
    """Stories cut at the borders of windows, as chains."""
    if joined is None:
        return np.full(len(window), -1, np.int64)
    width = np.int64(window.max(initial=0) + 1)
    inside = (joined.story >= 0) & (window >= 0)
    return _renumbered(np.where(inside, joined.story * width + window, -1))[1]


def _renumbered(labels: Ints) -> tuple[Ints, Ints]:
    """The distinct labels from 0 up, and each label's place among them; -1 stays."""
    known = labels >= 0
    kept, index = np.unique(labels[known], return_inverse=True)
    result = np.full(len(labels), -1, np.int64)
    result[known] = index
    return kept, result


def _span_ms(events: Events, rows: Flags) -> float:
    times = events.at_ms[rows & ~np.isnan(events.at_ms)]
    return float(times.max() - times.min()) if len(times) else 0.0
