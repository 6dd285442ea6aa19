"""How often a template occurs: there or not, more often, less often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.questions import Kind, Questions, numbered, pairs_of
from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]


def counts(told: Stories, chains: Chains) -> Questions:
    """Events of each template in each story, towards more and towards fewer."""
    present, column = numbered(told.template)
    pair = column * np.int64(max(1, len(told.failing))) + told.story
    distinct, number = np.unique(pair, return_counts=True)
    row = _last(distinct, pair)
    return _questions(
        present,
        distinct // max(1, len(told.failing)),
        distinct % max(1, len(told.failing)),
        number.astype(float),
        row,
        fewer=True,
    )


def repetitions(told: Stories, chains: Chains) -> Questions:
    """How often a template repeats inside the chains that have it; where each story is one chain
    the counts say that already.

    Of each story the sum over its chains of log count, less what is usual, in standard deviations:
    a busy window does not look like one in which requests repeat themselves.
    """
    nothing = np.zeros(0, np.int64)
    if told.single or not len(chains.order):
        return _questions(nothing, nothing, nothing, np.zeros(0), nothing)
    templates = max(1, len(told.templates))
    code = chains.chain * np.int64(templates) + told.template[chains.order]
    distinct, number = np.unique(code, return_counts=True)
    last = _last(distinct, code)
    present, column = numbered(distinct % templates)
    size = np.bincount(column, minlength=len(present))
    log_count = np.log(number)
    mean = np.bincount(column, log_count, len(present)) / size
    spread = np.sqrt(np.bincount(column, (log_count - mean[column]) ** 2, len(present)) / size)
    varies = spread[column] > 0
    column, log_count, last = column[varies], log_count[varies], last[varies]
    residual = (log_count - mean[column]) / spread[column]
    home = chains.story[distinct[varies] // templates]
    columns, stories, index = pairs_of(column, home, len(told.failing))
    total = np.bincount(index, residual, len(columns)) / np.sqrt(
        np.bincount(index, minlength=len(columns))
    )
    above = np.asarray(np.round(np.maximum(total, 0.0), 9), np.float64)
    row = np.full(len(columns), -1, np.int64)
    by_size = np.argsort(residual, kind="stable")
    row[index[by_size]] = chains.order[last[by_size]]
    return _questions(present, columns, stories, above, row, absent_is_zero=False)


def _last(distinct: Ints, codes: Ints) -> Ints:
    """Of each distinct code the last place: repetition shows in what is repeated."""
    found = np.empty(len(distinct), np.int64)
    found[np.searchsorted(distinct, codes)] = np.arange(len(codes))
    return found


def _questions(
    template: Ints,
    column: Ints,
    story: Ints,
    number: NDArray[np.float64],
    row: Ints,
    *,
    fewer: bool = False,
    absent_is_zero: bool = True,
) -> Questions:
    none = np.full(len(template), -1, np.int64)
    return Questions(
        kind=Kind.COUNT,
        template=template,
        other=none,
        key=none,
        value=none,
        column=column,
        story=story,
        number=number,
        row=row,
        absent_is_zero=absent_is_zero,
        fewer=fewer,
    )
