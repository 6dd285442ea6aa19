"""The errors of a log, the newest and the most suddenly risen first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.case.symptom import Rate
from redhanded.logs.correlation.events import LEVELS, Events, Whole
from redhanded.logs.correlation.join import Joined
from redhanded.logs.distinct import narrow
from redhanded.logs.profile import likeness
from redhanded.stats.change_point import rise
from redhanded.stats.hypergeometric import log_upper_tail
from redhanded.stats.intervals import rate

Flags = NDArray[np.bool_]

ONSET_P_MAX = 0.01
"""Chance, over all errors looked at, from which on an onset or novelty is believed."""
SPARKLINE_BINS = 40
ERRORS_MAX = 500
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
    levels, a line with a word of complaint. At most the five hundred most frequent.
    """
    log = _Log(events, joined)
    templates = sorted(_complaints(events), key=lambda at: (-len(log.rows(at)), at))[:ERRORS_MAX]
    least = math.log(ONSET_P_MAX) - math.log(max(1, 2 * len(templates)))
    found = [_error(log, at, least, marks) for at in templates if len(log.rows(at))]
    return tuple(sorted(found, key=_rank))


class _Log:
    """The events in the order of time, and when stories begin; worked out once for all errors."""

    def __init__(self, events: Events, joined: Joined | None) -> None:
        self.events, self.joined = events, joined
        self.order = _order_of_time(events.at_ms)
        self.place = np.empty(len(self.order), self.order.dtype)
        self.place[self.order] = np.arange(len(self.order), dtype=self.order.dtype)
        self._by_template = narrow(np.argsort(events.template, kind="stable"))
        self._starts = np.searchsorted(
            events.template[self._by_template], np.arange(len(events.templates) + 1)
        )
        known = events.at_ms[~np.isnan(events.at_ms)]
        self.span_ms: tuple[float, float] | None = None
        if len(known) and known.max() > known.min():
            self.span_ms = float(known.min()), float(known.max())
        if joined is not None:
            inside = self.order[joined.story[self.order] >= 0]
            self.stories, self._first = np.unique(joined.story[inside], return_index=True)
            self.begins = inside[self._first]
            complaints = np.isin(events.template[self.begins], _complaints(events))
            self.begin_badly = complaints | (events.level[self.begins] >= _WARN)

    def rows(self, template: int) -> Whole:
        return self._by_template[self._starts[template] : self._starts[template + 1]]

    def units(self, template: int) -> tuple[str | None, Flags, NDArray[np.float64]]:
        """What could have failed, in the order of time: its name (None for lines), whether it
        failed, and when it began.

        Requests that begin with a line with which failing ones begin; all, where these begin with a
        complaint. Lines, where most of the error's lines belong to no request, or none is named
        before it complains: nobody knows then how many there were.
        """
        events, joined, rows = self.events, self.joined, self.rows(template)
        if joined is None or 2 * (joined.story[rows] >= 0).sum() < len(rows):
            return self._lines(template)
        failed = np.isin(self.stories, joined.story[rows])
        begins_with = events.template[self.begins]
        well = ~(self.begin_badly | (begins_with == template))
        if not well.any():
            return self._lines(template)
        alike = np.isin(begins_with, begins_with[failed])
        comparable = np.flatnonzero(alike if (failed & well).any() else well | failed)
        by_begin = comparable[np.argsort(self._first[comparable], kind="stable")]
        noun = "jobs" if likeness(events.keys[joined.root])[0] == 0 else "requests"
        return noun, failed[by_begin], events.at_ms[self.begins[by_begin]]

    def _lines(self, template: int) -> tuple[None, Flags, NDArray[np.float64]]:
        events = self.events
        return None, events.template[self.order] == template, events.at_ms[self.order]


def _rank(error: ErrorFound) -> tuple[bool, float, int, str]:
    strength = min(error.onset_log_p, error.novelty_log_p) if error.changed else 0.0
    return not error.changed, strength, -error.lines, error.text


def _complaints(events: Events) -> list[int]:
    for lowest in (_ERROR, _WARN):
        bad = np.unique(events.template[events.level >= lowest])
        if len(bad):
            return [int(at) for at in bad]
    return [at for at, text in enumerate(events.templates) if _COMPLAINS.search(text)]


def _error(log: _Log, template: int, least: float, marks: Sequence[Mark]) -> ErrorFound:
    events, rows = log.events, log.rows(template)
    total, lines = len(log.order), len(rows)
    late = total - int(log.place[rows].min())
    novelty = float(log_upper_tail(total, late, lines, lines))
    units, failed, begin_ms = log.units(template)
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
        counts=_sparkline(log.span_ms, times),
        marks=tuple(sorted(before_onset, key=lambda each: -each.at_ms)[:3]),
    )


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


def _order_of_time(at_ms: NDArray[np.float64]) -> Whole:
    """Rows by time; without a time, where the row before it stands."""
    if np.isnan(at_ms).any():
        known = np.where(np.isnan(at_ms), -1, np.arange(len(at_ms)))
        last = np.maximum.accumulate(known)
        at_ms = np.where(last >= 0, at_ms[np.maximum(last, 0)], -np.inf)
    return narrow(np.argsort(at_ms, kind="stable"))


def _sparkline(span_ms: tuple[float, float] | None, times: NDArray[np.float64]) -> tuple[int, ...]:
    if span_ms is None:
        return ()
    counts, _ = np.histogram(times, bins=SPARKLINE_BINS, range=span_ms)
    return tuple(counts.tolist())
