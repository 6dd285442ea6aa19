from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from redhanded.stats.intervals import (
    clopper_pearson,
    poisson_interval,
    rate,
    upper_bound_without_failure,
)


@given(st.integers(1, 5000), st.data())
def test_agrees_with_scipy(trials: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, trials))
    ours = clopper_pearson(failures, trials)
    theirs = binomtest(failures, trials).proportion_ci(0.95, method="exact")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)


def test_no_failure_still_allows_a_rate_above_zero() -> None:
    interval = clopper_pearson(0, 1000)
    assert interval.low == 0
    assert 0.003 < interval.high < 0.004


def test_all_failed_reaches_one() -> None:
    assert clopper_pearson(20, 20).high == 1
    assert clopper_pearson(20, 20).low > 0.8


def test_nothing_tried_is_nothing_known() -> None:
    assert (clopper_pearson(0, 0).low, clopper_pearson(0, 0).high) == (0, 1)


def test_rule_of_three() -> None:
    assert upper_bound_without_failure(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert upper_bound_without_failure(0) == 1


def test_rate_carries_its_unit() -> None:
    value = rate(3, 1000, unit="jobs")
    assert (value.failures, value.trials, value.unit) == (3, 1000, "jobs")
    assert value.interval.low < 0.003 < value.interval.high


@pytest.mark.parametrize(("failures", "trials"), [(-1, 3), (4, 3), (0, -1)])
def test_refuses_impossible_counts(failures: int, trials: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        clopper_pearson(failures, trials)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_refuses_impossible_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        clopper_pearson(1, 3, confidence=confidence)


@given(st.integers(1, 2000))
def test_the_poisson_interval_leaves_its_tails_outside(events: int) -> None:
    interval = poisson_interval(events)
    assert poisson.sf(events - 1, interval.low) == pytest.approx(0.025, rel=1e-6)
    assert poisson.cdf(events, interval.high) == pytest.approx(0.025, rel=1e-6)


def test_no_event_allows_about_three_point_seven() -> None:
    interval = poisson_interval(0)
    assert (interval.low, round(interval.high, 3)) == (0.0, 3.689)
