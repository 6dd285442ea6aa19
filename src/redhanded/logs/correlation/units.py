"""What is compared with what: joined requests, windows of time, or the parts of whole runs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.difference.stories import Stories, stories

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_REQUESTS_MIN = 20
"""Joined requests on each side of two runs, from which on these are compared, not windows."""
_WINDOWS = 60
"""Windows that the shorter of two runs is cut into."""
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


def by_story(events: Events, joined: Joined, failing: Flags, *, noun: str = "request") -> Stories:
    """Joined stories, each one chain, with the attributes and sources of their lines."""
    return _built(events, joined.story, None, failing, noun)


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


def _built(events: Events, story: Ints, chain: Ints | None, failing: Flags, noun: str) -> Stories:
    whose = story[events.attribute_row]
    named = np.flatnonzero(whose >= 0)
    member = np.flatnonzero(story >= 0)
    keys, values = len(events.attribute_keys), len(events.attribute_values)
    attributes = (
        np.concatenate((whose[named], story[member])),
        np.concatenate((events.attribute_key[named], np.full(len(member), keys)))
        + len(events.keys),
        np.concatenate((events.attribute_value[named], events.source[member] + values)),
    )
    return stories(
        story=story,
        template=events.template,
        at_ms=events.at_ms,
        failing=failing,
        templates=events.templates,
        chain=chain,
        identifiers=(events.id_row, events.id_key, events.id_value),
        attributes=attributes,
        keys=(*events.keys, *events.attribute_keys, SOURCE),
        values=(*events.attribute_values, *events.sources),
        noun=noun,
    )


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
