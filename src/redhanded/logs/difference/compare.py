"""Ranks everything by which failing stories differ from passing ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import chains_of
from redhanded.logs.difference.families import FAMILIES
from redhanded.logs.difference.grouping import Candidate, grouped
from redhanded.logs.difference.questions import Family, Questions
from redhanded.logs.difference.result import Differences
from redhanded.logs.difference.stories import Stories
from redhanded.stats.false_discovery import benjamini_hochberg
from redhanded.stats.hypergeometric import log_upper_tail
from redhanded.stats.splits import Splits, best_splits

Floats = NDArray[np.float64]

LEVEL = 0.02
"""False discovery rate; where nothing differs, the chance of reporting anything."""
_GROUPED_MAX = 400
"""Significant differences that are grouped and told; the strongest ones."""


def compare(
    told: Stories,
    *,
    symptom: Collection[int] = (),
    level: float = LEVEL,
    families: Sequence[Family] = FAMILIES,
) -> Differences:
    """What failing stories have more or less often than passing ones, strongest first.

    Every question has an exact p-value (hypergeometric tail; numbers by their best split, corrected
    for having looked for it). Benjamini and Hochberg's procedure over all testable questions keeps
    the share of false ones below ``level``. Stories are taken as exchangeable: if neither fails,
    any labelling is as likely. ``symptom`` are templates by which stories were called failing; they
    are not asked about, and what comes after them is told last.
    """
    failing = int(told.failing.sum())
    passing = len(told.failing) - failing
    chains = chains_of(told)
    asked: Counter[str] = Counter()
    limits: list[str] = []
    if told.left_out:
        limits.append(
            f"{failing:,} failing and {passing:,} passing {told.noun}s are compared, drawn by lot: "
            f"{told.left_out:,} more would take too much memory"
        )
    sides: list[_Side] = []
    excluded = np.asarray(sorted(symptom), np.int64)
    for family in families:
        questions = family(told, chains)
        limits.extend(questions.limits)
        for side in _sides(questions, told, excluded):
            asked[questions.kind.value] += len(side.column)
            sides.append(side)
    if not failing or not passing:
        limits.append("all stories failed or all passed: there is nothing to compare with")
    chosen, testable = _significant(sides, level)
    if len(chosen) > _GROUPED_MAX:
        limits.append(
            f"{len(chosen):,} differences are significant; only the {_GROUPED_MAX} strongest are "
            "grouped and told"
        )
        chosen = chosen[:_GROUPED_MAX]
    return Differences(
        groups=grouped(told, chains, chosen, symptom=excluded),
        noun=told.noun,
        failing=failing,
        passing=passing,
        asked=dict(asked),
        testable=testable,
        level=level,
        limits=tuple(limits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The questions of one family in one direction."""

    questions: Questions
    splits: Splits
    more: bool
    column: NDArray[np.int64]
    """Those that are asked."""
    log_least: Floats
    """Of those, the smallest p that any labelling could have given."""


def _sides(questions: Questions, told: Stories, excluded: NDArray[np.int64]) -> list[_Side]:
    columns = np.flatnonzero(
        ~np.isin(questions.template, excluded) & ~np.isin(questions.other, excluded)
    )
    more, fewer = best_splits(
        questions.column,
        questions.story,
        questions.number,
        told.failing,
        columns=questions.count,
        absent_is_zero=questions.absent_is_zero,
    )
    sides = []
    for splits, is_more, wanted in ((more, True, questions.more), (fewer, False, questions.fewer)):
        if wanted:
            least = _least(questions, told, more=is_more)
            sides.append(
                _Side(
                    questions=questions,
                    splits=splits,
                    more=is_more,
                    column=columns,
                    log_least=least[columns],
                )
            )
    return sides


def _least(questions: Questions, told: Stories, *, more: bool) -> Floats:
    """Below any p that a column can reach: all failing stories, or as many as can be, on one side.

    Uses how many failed, never which: what cannot be significant is known before the labels are.
    """
    failing, count = int(told.failing.sum()), len(told.failing)
    entries = np.bincount(questions.column, minlength=questions.count)
    if not questions.absent_is_zero:
        lowest = questions.number.min(initial=0.0)
        above = np.bincount(
            questions.column, weights=questions.number > lowest, minlength=questions.count
        )
        marked = np.minimum(np.minimum(failing, entries // 2), above)
        return log_upper_tail(entries, marked, marked, marked)
    if more:
        side = np.minimum(entries, failing)
        return log_upper_tail(count, side, failing, side)
    side = np.maximum(count - entries, min(failing, count))
    return log_upper_tail(count, side, failing, failing)


def _significant(sides: Sequence[_Side], level: float) -> tuple[list[Candidate], int]:
    """Candidates with q <= ``level``, strongest first, and how many questions were testable."""
    if not sides:
        return [], 0
    log_p = np.concatenate([side.splits.log_p[side.column] for side in sides])
    least = np.concatenate([side.log_least for side in sides])
    which = np.repeat(np.arange(len(sides)), [len(side.column) for side in sides])
    column = np.concatenate([side.column for side in sides])
    usable = np.flatnonzero(least <= np.log(level) - np.log(_testable(least, level)))
    log_q = benjamini_hochberg(log_p[usable])
    good = np.flatnonzero(log_q <= np.log(level))
    order = good[np.lexsort((usable[good], log_p[usable[good]]))]
    return [
        Candidate(
            questions=sides[which[at]].questions,
            splits=sides[which[at]].splits,
            more=sides[which[at]].more,
            column=int(column[at]),
            log_q=float(log_q[place]),
        )
        for place, at in zip(order.tolist(), usable[order].tolist(), strict=True)
    ], len(usable)


def _testable(least: Floats, level: float) -> int:
    """The smallest K with at most K questions whose p could come below level / K (Tarone 1990;
    Gilbert 2005 for false discovery rates)."""
    ordered = np.sort(least)
    low, high = 1, max(1, len(ordered))
    while low < high:
        middle = (low + high) // 2
        if np.searchsorted(ordered, np.log(level / middle), "right") <= middle:
            high = middle
        else:
            low = middle + 1
    return low
