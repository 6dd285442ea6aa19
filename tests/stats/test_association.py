from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from redhanded.stats.association import fisher


@given(st.integers(0, 30), st.integers(0, 400), st.data())
def test_agrees_with_scipy(failing: int, others: int, data: st.DataObject) -> None:
    failing_with = data.draw(st.integers(0, failing))
    others_with = data.draw(st.integers(0, others))
    table = [[failing_with, failing - failing_with], [others_with, others - others_with]]
    expected = fisher_exact(table).pvalue
    assert fisher(failing_with, failing, others_with, others) == pytest.approx(expected, abs=1e-7)


def test_tea_tasting() -> None:
    assert fisher(3, 4, 1, 4) == pytest.approx(0.4857142857)


def test_rare_property_that_all_failures_have() -> None:
    assert fisher(5, 5, 20, 1500) < 1e-6


def test_empty_margin_says_nothing() -> None:
    assert fisher(0, 0, 5, 10) == 1
    assert fisher(3, 3, 10, 10) == 1


def test_refuses_a_part_larger_than_its_whole() -> None:
    with pytest.raises(ValueError, match="two-by-two"):
        fisher(4, 3, 0, 1)
