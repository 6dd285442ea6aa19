from __future__ import annotations

from fractions import Fraction
from math import comb, exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.stats.hypergeometric import log_upper_tail


def exact(total: int, having: int, drawn: int, seen: int) -> Fraction:
    ways = sum(
        comb(having, count) * comb(total - having, drawn - count)
        for count in range(max(seen, 0), min(having, drawn) + 1)
    )
    return Fraction(ways, comb(total, drawn))


@given(st.integers(1, 300), st.data())
def test_agrees_with_whole_numbers(total: int, data: st.DataObject) -> None:
    having = data.draw(st.integers(0, total))
    drawn = data.draw(st.integers(0, total))
    seen = data.draw(st.integers(-1, drawn + 1))
    found = float(log_upper_tail(total, having, drawn, seen))
    expected = exact(total, having, drawn, seen)
    assert exp(found) == pytest.approx(float(expected), rel=1e-9, abs=1e-300)


def test_tails_below_the_smallest_double_are_told_apart() -> None:
    found = log_upper_tail(20_000, [500, 501], 500, [500, 500])
    ways = [exact(20_000, having, 500, 500) for having in (500, 501)]
    expected = [log(way.numerator) - log(way.denominator) for way in ways]
    assert found == pytest.approx(expected, rel=1e-9)
    assert found[0] < found[1] < -1_000


def test_arguments_are_broadcast() -> None:
    found = log_upper_tail(10, np.array([[2], [3]]), 4, np.array([1, 2, 3]))
    assert found.shape == (2, 3)
    assert np.isneginf(found[0, 2]) and found[1, 2] == pytest.approx(log(7 / 210))


def test_refuses_a_part_larger_than_its_whole() -> None:
    with pytest.raises(ValueError, match="larger than the whole"):
        log_upper_tail(10, 11, 3, 1)
