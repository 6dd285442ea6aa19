"""The errors of a log, the newest and the most suddenly risen first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from redhanded.case.symptom import Rate
from redhanded.logs.correlation.events import LEVELS, Events
from redhanded.logs.correlation.join import Joined
from redhanded.logs.profile import likeness
from redhanded.stats.change_point import rise
from redhanded.stats.hypergeometric import log_upper_tail
from redhanded.stats.intervals import rate

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ONSET_P_MAX = 0.01
"""Chance, over all errors looked at, from which on an onset or novelty is believed."""
SPARKLINE_BINS = 40
_ERROR, _WARN = LEVELS.index("error"), LEVELS.index("warn")
_COMPLAINS = re.compile(
    r"\b(?:error|exception|fail(?:ed|ure|s)?|fatal|panic|refused|denied|timed? ?out|aborted|crash"
    r"(?:ed)?|traceback|unhandled|deadlock|violat\w+|cannot|could not|unable to)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that was done to the system: a deploy, a commit, a migration."""

    name: str
    at_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFound:
    """One kind of error."""

    template: int
    """Index into the templates of the events."""
    text: str
    level: str | None
    lines: int
    rate: Rate | None
    """Requests or jobs that show it, of those that began the same way; None without ids."""
    first_ms: float | None
    last_ms: float | None
    onset_ms: float | None
    """Since when it comes more often, where that is beyond chance; its first time, where it is
    new."""
    rate_before: Rate | None
    """Up to the onset, and"""
    rate_after: Rate | None
    """from it on."""
    onset_log_p: float
    """Natural logarithm: that its rate never rose."""
    novelty_log_p: float
    """That all its lines would come so late in the log if it was no newer than the log."""
    counts: tuple[int, ...]
    """Lines in equal parts of the log's time, at most forty; empty without times."""
    marks: tuple[Mark, ...]
    """What was done last before the onset, latest first, at most three."""

    @property
    def changed(self) -> bool:
        """Whether it is new or rose, beyond chance."""
        return self.onset_ms is not None


def errors_of(
    events: Events, joined: Joined | None = None, *, marks: Sequence[Mark] = ()
) -> tuple[ErrorFound, ...]:
    """All errors: those that are new or rose first (the least likely by chance), then the frequent.

    An error is a template of level error or fatal; of warnings, if there is none; if the log has no
    levels, a line with a word of complaint.
    """
    templates = _complaints(events)
    order = _order_of_time(events.at_ms)
    least = log(ONSET_P_MAX) - log(max(1, 2 * len(templates)))
    found = [_error(events, joined, at, order, least, marks) for at in templates]
    return tuple(sorted(found, key=_rank))


def _rank(error: ErrorFound) -> tuple[bool, float, int, str]:
    strength = min(error.onset_log_p, error.novelty_log_p) if error.changed else 0.0
    return not error.changed, strength, -error.lines, error.text


def _complaints(events: Events) -> list[int]:
    for lowest in (_ERROR, _WARN):
        bad = np.unique(events.template[events.level >= lowest])
        if len(bad):
            return [int(at) for at in bad]
    return [at for at, text in enumerate(events.templates) if _COMPLAINS.search(text)]


def _error(
    events: Events,
    joined: Joined | None,
    template: int,
    order: Ints,
    least: float,
    marks: Sequence[Mark],
) -> ErrorFound:
    rows = np.flatnonzero(events.template == template)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    first = int(place[rows].min())
    total, lines = len(order), len(rows)
    novelty = float(log_upper_tail(total, total - first, lines, lines))
    units, failed, begin_ms = _units(events, joined, template, order)
    change = rise(failed)
    onset_log_p = change.log_p if change else 0.0
    changed = min(onset_log_p, novelty) <= least
    cut = change.index if change and changed else None
    onset_ms = None if cut is None or np.isnan(begin_ms[cut]) else float(begin_ms[cut])
    times = events.at_ms[rows][~np.isnan(events.at_ms[rows])]
    whole, before, after = _rates(failed, cut, units)
    before_onset = [] if onset_ms is None else [each for each in marks if each.at_ms <= onset_ms]
    return ErrorFound(
        template=template,
        text=events.templates[template],
        level=LEVELS[events.level[rows].max()] if events.level[rows].max() >= 0 else None,
        lines=lines,
        rate=whole,
        first_ms=float(times.min()) if len(times) else None,
        last_ms=float(times.max()) if len(times) else None,
        onset_ms=onset_ms,
        rate_before=before,
        rate_after=after,
        onset_log_p=onset_log_p,
        novelty_log_p=novelty,
        counts=_sparkline(events.at_ms, times),
        marks=tuple(sorted(before_onset, key=lambda each: -each.at_ms)[:3]),
    )


def _units(
    events: Events, joined: Joined | None, template: int, order: Ints
) -> tuple[str | None, Flags, NDArray[np.float64]]:
    """What could have failed, in the order of time: its name (None for lines), whether it failed,
    and when it began.

    Requests that begin with a line with which failing ones begin; lines, where most of the error's
    lines belong to no request.
    """
    rows = np.flatnonzero(events.template == template)
    if joined is None or 2 * (joined.story[rows] >= 0).sum() < len(rows):
        return None, events.template[order] == template, events.at_ms[order]
    inside = order[joined.story[order] >= 0]
    kept, first = np.unique(joined.story[inside], return_index=True)
    begins = inside[first]
    failed = np.isin(kept, joined.story[rows])
    comparable = np.isin(events.template[begins], events.template[begins[failed]])
    by_begin = np.flatnonzero(comparable)[np.argsort(first[comparable], kind="stable")]
    name = events.keys[joined.root]
    noun = "jobs" if likeness(name)[0] == 0 else "requests"
    return noun, failed[by_begin], events.at_ms[begins[by_begin]]


def _rates(
    failed: Flags, cut: int | None, unit: str | None
) -> tuple[Rate | None, Rate | None, Rate | None]:
    """Over all, before and after; of lines there is no rate."""
    if unit is None:
        return None, None, None
    whole = rate(int(failed.sum()), len(failed), unit=unit)
    if cut is None:
        return whole, None, None
    parts = (failed[:cut], failed[cut:])
    before, after = (rate(int(part.sum()), len(part), unit=unit) for part in parts)
    return whole, before, after


def _order_of_time(at_ms: NDArray[np.float64]) -> Ints:
    """Rows by time; without a time, where the row before it stands."""
    known = np.where(np.isnan(at_ms), -1, np.arange(len(at_ms)))
    last = np.maximum.accumulate(known) if len(known) else known
    filled = np.where(last >= 0, at_ms[np.maximum(last, 0)], -np.inf)
    return np.argsort(filled, kind="stable")


def _sparkline(at_ms: NDArray[np.float64], times: NDArray[np.float64]) -> tuple[int, ...]:
    known = at_ms[~np.isnan(at_ms)]
    if not len(known) or known.max() <= known.min():
        return ()
    counts, _ = np.histogram(times, bins=SPARKLINE_BINS, range=(known.min(), known.max()))
    return tuple(counts.tolist())
