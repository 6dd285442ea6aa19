from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from redhanded.stats.false_discovery import benjamini_hochberg


@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=60))
def test_agrees_with_scipy(values: list[float]) -> None:
    found = np.exp(benjamini_hochberg(np.log(values)))
    assert found == pytest.approx(false_discovery_control(values), rel=1e-9)


def test_questions_without_an_answer_count() -> None:
    few = np.log([1e-4, 0.5])
    assert np.exp(benjamini_hochberg(few, asked=1000)[0]) == pytest.approx(0.1)


def test_nothing_asked_gives_nothing() -> None:
    assert len(benjamini_hochberg(np.zeros(0))) == 0


def test_refuses_more_answers_than_questions() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        benjamini_hochberg(np.zeros(3), asked=2)


def test_of_pure_chance_hardly_anything_is_reported() -> None:
    draws = np.random.default_rng(7).uniform(size=(2_000, 50))
    reported = sum(np.exp(benjamini_hochberg(np.log(row))).min() <= 0.05 for row in draws)
    assert 60 <= reported <= 140, "5 % of 2,000"
