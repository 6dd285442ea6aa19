"""The offset of two clocks lies in the interval that is given, and what is not known is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.skew import ClockOffset, Crossings, first_of, offset_between

NOTHING = Crossings(sent_ms=np.zeros(0), received_ms=np.zeros(0))


def crossings(
    rng: np.random.Generator, count: int, offset_ms: float, drift: float, *, to_b: bool
) -> Crossings:
    """Messages over a quarter of an hour, with delays of two to some hundred milliseconds."""
    sent = np.sort(rng.uniform(0, 900_000, count))
    received = sent + 2 + np.exp(rng.normal(2, 1.2, count))
    shown = [each + offset_ms + drift * each for each in (sent, received)]
    return Crossings(
        sent_ms=sent if to_b else shown[0],
        received_ms=shown[1] if to_b else received,
    )


def offset(
    seed: int, offset_ms: float, drift: float = 0.0, *, wrong: int = 0, count: int = 300
) -> ClockOffset:
    rng = np.random.default_rng(seed)
    forward = crossings(rng, count, offset_ms, drift, to_b=True)
    backward = crossings(rng, count, offset_ms, drift, to_b=False)
    for messages in (forward, backward):
        messages.received_ms[rng.choice(count, wrong, replace=False)] -= 20_000
    return offset_between(forward, backward)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(-5_000, 5_000),
    st.floats(-100e-6, 100e-6),
    st.integers(0, 3),
)
def test_the_true_offset_is_inside(seed: int, offset_ms: float, drift: float, wrong: int) -> None:
    found = offset(seed, offset_ms, drift, wrong=wrong)
    times = np.linspace(0, 900_000, 7)
    low, high = found.between(times)
    true = offset_ms + drift * times
    assert found.known
    assert (low <= true + 0.1).all() and (true <= high + 0.1).all()
    assert (high - low).max() < 40


def test_the_interval_is_as_narrow_as_the_fastest_messages() -> None:
    middle, half = offset(3, 1_234.0).estimate(np.array([450_000.0]))
    assert middle[0] == pytest.approx(1_234.0, abs=3) and half[0] < 4


def test_messages_one_way_bound_one_side() -> None:
    rng = np.random.default_rng(8)
    forward = crossings(rng, 300, 700.0, 0.0, to_b=True)
    found = offset_between(forward, NOTHING)
    low, high = found.between(np.array([450_000.0]))
    assert np.isneginf(low[0]) and 700 <= high[0] <= 730
    assert not found.known and "one side" in found.limits[0]
    here, there = np.full(3, 1_000.0), np.array([1_000.0 + 900, 1_000.0 + 690, 1_000.0 + 100])
    assert first_of(found, here, there).tolist() == [1, 0, 0]


def test_order_is_told_or_marked_uncertain() -> None:
    found = offset(5, -2_000.0)
    here = np.full(5, 450_000.0)
    there = here - 2_000 + np.array([-500.0, -20.0, 0.0, 20.0, 500.0])
    assert first_of(found, here, there).tolist() == [-1, -1, 0, 1, 1]


def test_a_clock_that_jumps_is_not_believed() -> None:
    rng = np.random.default_rng(1)
    forward = crossings(rng, 300, 0.0, 0.0, to_b=True)
    backward = crossings(rng, 300, 0.0, 0.0, to_b=False)
    forward.received_ms[150:] += 3_000
    backward.sent_ms[150:] += 3_000
    found = offset_between(forward, backward)
    assert not found.known and "jumped" in found.limits[0]
    assert first_of(found, np.array([1.0]), np.array([9e9])).tolist() == [0]


def test_without_messages_nothing_is_known() -> None:
    found = offset_between(NOTHING, NOTHING)
    middle, half = found.estimate(np.array([5.0]))
    assert (middle[0], half[0]) == (0.0, np.inf) and found.limits


def test_one_message_each_way_is_ntp() -> None:
    found = offset_between(
        Crossings(sent_ms=np.array([100.0]), received_ms=np.array([1_110.0])),
        Crossings(sent_ms=np.array([1_120.0]), received_ms=np.array([140.0])),
    )
    middle, half = found.estimate(np.array([120.0]))
    assert middle[0] == pytest.approx(995.0, abs=0.1) and half[0] == pytest.approx(15.0, abs=0.1)
