"""Differences that the same stories have, together and in the order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.places import ALWAYS, Place, Places
from redhanded.logs.difference.questions import Kind, Questions
from redhanded.logs.difference.result import Finding, Group
from redhanded.logs.difference.stories import Stories
from redhanded.stats.splits import Splits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ALIKE = 0.7
"""Shared stories over all stories of two differences, from which on they are one group: three
failing stories, and the same three with one passing one, are."""
_STRENGTH = 0.6
"""Share of the logarithm of the strongest p that a member of a group must have: what can be asked
of few stories only explains less."""
_RARE = 0.05
"""A line that fewer passing stories than this share have at all is told as present, however often
it has to occur in the failing ones."""
_EVENTS_MAX = 5
_FIRST = (
    Kind.PRESENT, Kind.JOIN, Kind.ORDER, Kind.MISSING, Kind.COUNT, Kind.LATENCY, Kind.ATTRIBUTE,
)  # fmt: skip
"""Between differences that show at the same moment: the more particular kind first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One question in one direction, found significant."""

    questions: Questions
    splits: Splits
    more: bool
    column: int
    log_q: float

    @property
    def log_p(self) -> float:
        return float(self.splits.log_p[self.column])


def grouped(
    told: Stories, chains: Chains, candidates: list[Candidate], *, symptom: Ints
) -> tuple[Group, ...]:
    """Groups of ``candidates`` (strongest first), by p, then by time.

    A candidate joins the first group whose strongest member nearly the same stories have.
    """
    if not candidates:
        return ()
    places = Places(told, chains, symptom)
    leaders: list[NDArray[np.bool_]] = []
    members: list[list[_Placed]] = []
    for candidate in candidates:
        placed = _place(told, candidate, places)
        for group, leader in zip(members, leaders, strict=True):
            shared = int((leader & placed.stories).sum())
            alike = candidate.log_p <= _STRENGTH * group[0].candidate.log_p
            if alike and shared and shared >= _ALIKE * int((leader | placed.stories).sum()):
                group.append(placed)
                break
        else:
            leaders.append(placed.stories)
            members.append([placed])
    found = [_group(told, places, group) for group in members]
    return tuple(group for _, group in sorted(found, key=lambda item: item[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    candidate: Candidate
    stories: NDArray[np.bool_]
    """Those that have it."""
    rows: Ints
    """Events of failing stories that show it."""
    place: Place
    late: bool
    """Whether it comes after the symptom."""


def _place(told: Stories, candidate: Candidate, places: Places) -> _Placed:
    questions, column = candidate.questions, candidate.column
    cut = candidate.splits.cut[column]
    entries = np.flatnonzero(questions.column == column)
    number = questions.number[entries]
    has = np.zeros(len(told.failing), bool)
    if candidate.more:
        showing = entries[number >= cut]
        has[questions.story[showing]] = True
    else:
        showing = entries[number <= cut]
        has[:] = questions.absent_is_zero
        has[questions.story[entries]] = number <= cut
    rows = questions.row[showing[told.failing[questions.story[showing]]]]
    rows = np.sort(rows[rows >= 0])
    place, late = _when(candidate, rows, places)
    return _Placed(candidate=candidate, stories=has, rows=rows, place=place, late=late)


def _when(candidate: Candidate, rows: Ints, places: Places) -> tuple[Place, bool]:
    """When a difference shows, and whether that is after the symptom.

    Attributes, and how often lines outside of chains come, are conditions of the whole story: they
    hold from its beginning. What is absent shows where it should have stood.
    """
    kind = _kind(candidate)
    if kind is Kind.ATTRIBUTE:
        return ALWAYS, False
    template = int(candidate.questions.template[candidate.column])
    if kind is Kind.MISSING or not (candidate.more or kind is Kind.LATENCY):
        place = places.expected(template, rows if kind is Kind.MISSING else rows[:0])
        axis = 1 if np.isnan(place.in_chain_ms) else 0
        return place, place[axis] > places.symptom[axis]
    place = places.shown(rows)
    if kind is Kind.COUNT and np.isnan(place.in_chain_ms):
        return ALWAYS, False
    return place, places.after_symptom(rows)


def _group(
    told: Stories, places: Places, members: list[_Placed]
) -> tuple[tuple[bool, float, float], Group]:
    chained = not any(np.isnan(each.place.in_chain_ms) for each in members)

    def position(each: _Placed) -> float:
        found = each.place.in_chain_ms if chained else each.place.in_story_ms
        return float("inf") if np.isnan(found) else found

    def rank(each: _Placed) -> tuple[bool, float, int, float]:
        return each.late, position(each), _FIRST.index(_kind(each.candidate)), each.candidate.log_p

    ordered = _once_each(sorted(members, key=rank))
    findings = tuple(_finding(told, each, position(each)) for each in ordered)
    strongest = min(findings, key=lambda finding: finding.log_p)
    group = Group(findings=findings, log_p=strongest.log_p, log_q=strongest.log_q)
    return (findings[0].after_symptom, strongest.log_p, position(ordered[0])), group


def _once_each(members: list[_Placed]) -> list[_Placed]:
    """Of differences that say the same of the same lines (absent by two witnesses, absent and
    fewer), the first of the more particular kind, or else the stronger one."""
    best: dict[tuple[object, ...], _Placed] = {}
    for each in members:
        kept = best.get(_subject(each))
        if kept is None or _preference(each) < _preference(kept):
            best[_subject(each)] = each
    return [each for each in members if best[_subject(each)] is each]


def _subject(placed: _Placed) -> tuple[object, ...]:
    questions, column = placed.candidate.questions, placed.candidate.column
    template, other = int(questions.template[column]), int(questions.other[column])
    kind = _kind(placed.candidate)
    if kind in (Kind.PRESENT, Kind.COUNT, Kind.MISSING):
        return "count", placed.candidate.more and kind is not Kind.MISSING, template
    if kind is Kind.ORDER:
        return kind, frozenset((template, other))
    return kind, template, other, int(questions.key[column]), int(questions.value[column])


def _preference(placed: _Placed) -> tuple[int, bool, float]:
    candidate = placed.candidate
    alone = bool(candidate.questions.other[candidate.column] < 0)
    return _FIRST.index(_kind(candidate)), alone, candidate.log_p


def _kind(candidate: Candidate) -> Kind:
    """Counts that differ by being there or not have a kind of their own."""
    questions, splits, column = candidate.questions, candidate.splits, candidate.column
    if questions.kind is not Kind.COUNT or not questions.fewer:
        return questions.kind
    if not candidate.more:
        return Kind.MISSING if splits.cut[column] == 0 else Kind.COUNT
    having = int((questions.column == column).sum())
    passing = int(splits.units[column] - splits.marked[column])
    elsewhere = having - int(splits.marked_with[column])
    return Kind.PRESENT if elsewhere <= _RARE * passing else Kind.COUNT


def _finding(told: Stories, placed: _Placed, position: float) -> Finding:
    candidate = placed.candidate
    questions, splits, column = candidate.questions, candidate.splits, candidate.column
    units, marked = int(splits.units[column]), int(splits.marked[column])
    marked_with, with_it = int(splits.marked_with[column]), int(splits.with_it[column])
    return Finding(
        kind=_kind(candidate),
        template=_named(told.templates, questions.template[column]),
        other=_named(told.templates, questions.other[column]),
        key=_named(told.keys, questions.key[column]),
        value=_named(told.values, questions.value[column]),
        more=candidate.more,
        failing_with=marked_with,
        failing=marked,
        passing_with=with_it - marked_with,
        passing=units - marked,
        log_p=candidate.log_p,
        log_q=candidate.log_q,
        events=tuple(told.event[placed.rows[:_EVENTS_MAX]].tolist()),
        offset_ms=None if np.isinf(position) else round(position, 3),
        after_symptom=placed.late,
    )


def _named(names: tuple[str, ...], index: int) -> str | None:
    return names[index] if index >= 0 else None
