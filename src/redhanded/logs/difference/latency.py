"""How long it takes from one event of a chain to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.questions import Kind, Questions, numbered, pairs_of
from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_GAPS_MIN = 6
"""A step that was seen less often has no usual length."""
_DEVIATIONS_MAX = 3.0
"""One gap counts for at most this many robust standard deviations: a single time-out does not make
a story slow."""
_MAD_TO_DEVIATION = 1.4826


def latencies(told: Stories, chains: Chains) -> Questions:
    """Gaps between events that follow each other in a chain, by the templates of both.

    Of each story the sum over its gaps of how far log(gap + 1 ms) lies from the step's median, in
    robust standard deviations, over the root of their number. Stories without the step are not
    compared.
    """
    rows, chain = chains.order, chains.chain
    gap = told.at_ms[rows[1:]] - told.at_ms[rows[:-1]]
    usable = np.flatnonzero((chain[1:] == chain[:-1]) & ~np.isnan(gap))
    later, earlier = rows[1:][usable], rows[:-1][usable]
    templates = np.int64(max(1, len(told.templates)))
    code = told.template[earlier] * templates + told.template[later]
    _, pair = numbered(code)
    frequent = np.bincount(pair)[pair] >= _GAPS_MIN if len(pair) else np.zeros(0, bool)
    steps, column = numbered(code[frequent])
    later = later[frequent]
    residual = _residuals(np.log(np.maximum(gap[usable][frequent], 0.0) + 1), column, len(steps))
    columns, stories, index = pairs_of(column, told.story[later], len(told.failing))
    total, size = np.bincount(index, residual), np.bincount(index)
    number = total / np.sqrt(size)
    row = np.full(len(columns), -1, np.int64)
    by_size = np.argsort(-np.abs(residual - (total / size)[index]), kind="stable")
    row[index[by_size]] = later[by_size]  # The last one written is the nearest to the mean.
    none = np.full(len(steps), -1, np.int64)
    return Questions(
        kind=Kind.LATENCY,
        template=steps % templates,
        other=steps // templates,
        key=none,
        value=none,
        column=columns,
        story=stories,
        number=np.round(number, 9),
        row=row,
        absent_is_zero=False,
        fewer=True,
    )


def _residuals(values: Floats, column: Ints, columns: int) -> Floats:
    """Distance from the column's median in robust standard deviations, bounded on both sides."""
    centre = medians(values, column, columns)
    distance = values - centre[column]
    spread = _MAD_TO_DEVIATION * medians(np.abs(distance), column, columns)
    smallest = np.maximum(spread, 0.02)
    return np.clip(distance / smallest[column], -_DEVIATIONS_MAX, _DEVIATIONS_MAX)


def medians(values: Floats, column: Ints, columns: int) -> Floats:
    """The lower median of each column's values; NaN for one without any."""
    order = np.lexsort((values, column))
    size = np.bincount(column, minlength=columns)
    start = np.cumsum(size) - size
    result = np.full(columns, np.nan)
    filled = np.flatnonzero(size)
    result[filled] = values[order][start[filled] + (size[filled] - 1) // 2]
    return result
