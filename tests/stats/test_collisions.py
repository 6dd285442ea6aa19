from __future__ import annotations

import pytest

from redhanded.stats import collisions
from redhanded.stats.collisions import collision_probability, collision_rate


def test_birthdays() -> None:
    assert collision_probability(365, 22) == pytest.approx(0.4756953, abs=1e-6)
    assert collision_probability(365, 23) == pytest.approx(0.5072972, abs=1e-6)


def test_ends() -> None:
    assert collision_probability(10, 0) == 0
    assert collision_probability(10, 1) == 0
    assert collision_probability(10, 11) == 1
    assert collision_probability(2, 2) == pytest.approx(0.5)


def test_small_chances_keep_their_digits() -> None:
    assert collision_probability(2**122, 2) == pytest.approx(2.0**-122, rel=1e-9)


def test_series_continues_the_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = collision_probability(10**9, 20_000)
    monkeypatch.setattr(collisions, "_EXACT_DRAWS", 10)
    assert collision_probability(10**9, 20_000) == pytest.approx(exact, rel=1e-4)


def test_rate_of_a_timestamp_with_a_random_part() -> None:
    # 50 a second, one millisecond, 36^4 random parts: 0.05 others expected, one in 1.7 million each
    value = collision_rate(36**4, draws_per_s=50, window_s=0.001)
    assert value == pytest.approx(0.05 / 36**4, rel=1e-6)


def test_refuses_an_empty_space() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        collision_probability(0, 2)
