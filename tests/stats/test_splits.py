from __future__ import annotations

from itertools import combinations
from math import comb, exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from redhanded.stats.splits import Splits, best_splits

UNITS, MARKED = 8, 3


def splits(
    values: list[int], marked: np.ndarray, *, absent_is_zero: bool = True
) -> tuple[Splits, Splits]:
    dense = np.asarray(values, float)
    units = np.flatnonzero(dense > 0) if absent_is_zero else np.arange(len(dense))
    return best_splits(
        np.zeros(len(units), int),
        units,
        dense[units],
        marked,
        columns=1,
        absent_is_zero=absent_is_zero,
    )


def labels(units: int, marked: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(units, bool)
    found[list(marked)] = True
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=UNITS, max_size=UNITS), st.booleans())
def test_it_is_a_p_value_whatever_the_values(values: list[int], absent: bool) -> None:
    """Over all ways to mark three of eight, p <= x comes at most with chance x."""
    for direction in (0, 1):
        found = np.exp(
            [
                splits(values, labels(UNITS, which), absent_is_zero=absent)[direction].log_p[0]
                for which in combinations(range(UNITS), MARKED)
            ]
        )
        for p_value in found:
            assert np.mean(found <= p_value * (1 + 1e-9)) <= p_value * (1 + 1e-9)


def test_zeros_and_ones_are_fishers_test() -> None:
    values = [1] * 5 + [0] * 20 + [1] * 2
    marked = labels(27, (0, 1, 2, 3, 10))
    more, _ = splits(values, marked)
    expected = fisher_exact([[4, 1], [3, 19]], alternative="greater").pvalue
    assert exp(more.log_p[0]) == pytest.approx(expected)
    assert (more.marked_with[0], more.with_it[0], more.units[0], more.marked[0]) == (4, 7, 27, 5)


def test_the_split_is_found_in_numbers() -> None:
    values = [9, 10, 11] + [2, 3, 4, 5] * 20
    more, fewer = splits(values, labels(83, (0, 1, 2)))
    assert more.cut[0] == 9 and more.with_it[0] == 3
    assert exp(more.log_p[0]) == pytest.approx(3 / comb(83, 3))
    assert fewer.log_p[0] == 0


def test_absence_is_the_lowest_value() -> None:
    values = [0, 0, 0] + [2, 3] * 30
    _, fewer = splits(values, labels(63, (0, 1, 2)))
    assert fewer.cut[0] == 0 and fewer.marked_with[0] == fewer.with_it[0] == 3
    assert exp(fewer.log_p[0]) == pytest.approx(2 / comb(63, 3)), "two places to cut"


def test_a_column_says_nothing_of_units_without_an_entry() -> None:
    more, _ = best_splits(
        np.array([0, 0, 0, 0]),
        np.array([0, 1, 2, 3]),
        np.array([9.0, 1.0, 1.0, 1.0]),
        labels(50, (0, 9)),
        columns=2,
        absent_is_zero=False,
    )
    assert (more.units.tolist(), more.marked.tolist()) == ([4, 0], [1, 0])
    assert exp(more.log_p[0]) == pytest.approx(1 / 4) and more.log_p[1] == 0
