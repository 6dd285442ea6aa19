"""From columns of a log to what failed, since when, in what it differs, and what ran beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from redhanded.logs.correlation.clocks import Clocks, clocks, corrected
from redhanded.logs.correlation.discovery import Key, keys_of, root_of
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined, join
from redhanded.logs.correlation.one_order import OneOrder, one_orders
from redhanded.logs.correlation.units import by_story, by_window, failing_stories, of_runs
from redhanded.logs.difference.compare import compare
from redhanded.logs.difference.result import Differences
from redhanded.logs.profile import likeness
from redhanded.logs.symptoms.errors import ErrorFound, Mark, errors_of
from redhanded.logs.symptoms.partners import Company, company

_JOINED_MIN = 0.5
"""Share of the symptom's lines that must belong to stories for these to be compared."""
_ROOTS_MAX = 5
_WINDOWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """Everything that was found. Templates, rows and keys are indexes into ``events``."""

    events: Events
    """With times by one clock, where clocks could be compared."""
    errors: tuple[ErrorFound, ...]
    """All of them, the likeliest to matter first."""
    symptom: tuple[int, ...]
    """Templates that make a request failing: those asked for, or the first error's; empty if the
    log has neither."""
    root: Key | None
    """What the stories are named by; None if lines could not be joined."""
    joined: Joined | None
    differences: Differences | None
    """None without a symptom."""
    company: Company | None
    """None without stories."""
    one_order: tuple[OneOrder, ...]
    clocks: Clocks | None
    limits: tuple[str, ...]


def investigate(
    events: Events,
    *,
    symptom: Collection[int] | None = None,
    marks: Sequence[Mark] = (),
    keys: tuple[Key, ...] | None = None,
) -> Investigation:
    """Looks for the error that matters (or takes ``symptom``), and compares what failed with what
    did not: requests or jobs, if lines can be joined to such, otherwise windows of time.

    ``keys`` are those of the events, where they are known already. Raises ``InputError`` if a log
    without identifiers has no times either.
    """
    keys = keys_of(events) if keys is None else keys
    wanted = np.asarray(sorted(symptom or ()), np.int64)
    root, joined = _best_root(events, keys, wanted)
    known, limits = None, [*events.limits, *(joined.limits if joined else ())]
    if joined is not None and len(events.sources) > 1:
        known = clocks(events, joined)
        events, _ = corrected(events, known)
        limits.extend(known.limits)
    errors = errors_of(events, joined, marks=marks)
    if symptom is None and errors:
        wanted = np.asarray([errors[0].template], np.int64)
        if joined is not None and _share(events, joined, wanted) < _JOINED_MIN:
            root, joined = _best_root(events, keys, wanted)
    shown = tuple(int(each) for each in wanted)
    beside = company(events, joined, shown) if joined is not None and shown else None
    asked = one_orders(events, joined, known=known) if joined is not None else None
    return Investigation(
        events=events,
        errors=errors,
        symptom=shown,
        root=root,
        joined=joined,
        differences=_differences(events, root, joined, shown) if shown else None,
        company=beside,
        one_order=asked.candidates if asked else (),
        clocks=known,
        limits=(*limits, *(asked.limits if asked else ()), *(beside.limits if beside else ())),
    )


def compare_runs(events: Events, bad: Collection[int]) -> tuple[Differences, str]:
    """What files ``bad`` (indexes) have that the others have not, and what that can mean."""
    keys = keys_of(events)
    root = root_of(keys)
    told, limit = of_runs(events, join(events, root.index) if root else None, bad)
    return compare(told), limit


def _differences(
    events: Events, root: Key | None, joined: Joined | None, symptom: tuple[int, ...]
) -> Differences:
    if joined is not None and root is not None:
        failing = failing_stories(events, joined, symptom)
        noun = "job" if likeness(root.name)[0] == 0 else "request"
        return compare(
            by_story(events, joined, failing, symptom=symptom, noun=noun), symptom=symptom
        )
    times = events.at_ms[~np.isnan(events.at_ms)]
    span_ms = float(times.max() - times.min()) if len(times) else 0.0
    shows = np.isin(events.template, np.asarray(symptom))
    told = by_window(events, None, shows, length_ms=max(1.0, span_ms / _WINDOWS))
    return compare(told, symptom=symptom)


def _best_root(
    events: Events, keys: tuple[Key, ...], symptom: np.ndarray
) -> tuple[Key | None, Joined | None]:
    """The key by which most lines are joined; with a symptom, one that joins its lines too."""
    first = root_of(keys)
    if first is None:
        return None, None
    others = sorted(
        (key for key in keys if key.identifies and key is not first),
        key=lambda key: (-key.lines, key.name),
    )
    for key in (first, *others[: _ROOTS_MAX - 1]):
        joined = join(events, key.index)
        if not len(symptom) or _share(events, joined, symptom) >= _JOINED_MIN:
            return key, joined
    return None, None


def _share(events: Events, joined: Joined, symptom: np.ndarray) -> float:
    rows = np.flatnonzero(np.isin(events.template, symptom))
    return float((joined.story[rows] >= 0).mean()) if len(rows) else 0.0
