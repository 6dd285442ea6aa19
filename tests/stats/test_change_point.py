from __future__ import annotations

from math import log

import numpy as np
import pytest

from redhanded.stats.change_point import rise
from redhanded.stats.splits import best_splits


def sequence(seed: int, *parts: tuple[int, float]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(count) < share for count, share in parts])


def test_the_place_is_found() -> None:
    found = [rise(sequence(seed, (3_000, 0.001), (2_000, 0.02))) for seed in range(20)]
    places = [each.index for each in found if each is not None]
    assert len(places) == 20
    assert sum(2_800 <= place <= 3_300 for place in places) >= 18
    assert all(each is not None and each.log_p < log(1e-3) for each in found)


def test_counts_on_both_sides_add_up() -> None:
    marked = sequence(1, (500, 0.0), (500, 0.1))
    found = rise(marked)
    assert found is not None
    assert marked[found.index]
    assert (found.before, found.after) == (0, int(marked.sum())) and found.units == 1_000


def test_a_steady_rate_hardly_ever_seems_to_rise() -> None:
    found = [rise(sequence(seed, (2_000, 0.01))) for seed in range(400)]
    assert sum(each is not None and each.log_p < log(0.05) for each in found) <= 32


def test_a_falling_rate_does_not_rise() -> None:
    found = rise(sequence(3, (1_000, 0.05), (3_000, 0.0)))
    assert found is None or found.log_p > log(0.5)


def test_nothing_marked_has_no_change() -> None:
    assert rise(np.zeros(100, bool)) is None and rise(np.zeros(0, bool)) is None


def test_the_chance_is_that_of_the_best_split_of_the_places() -> None:
    for seed in range(20):
        marked = sequence(seed, (300, 0.01), (60, 0.1))
        found = rise(marked)
        if found is None:
            continue
        order = np.arange(len(marked))
        column = np.zeros(len(marked), np.int64)
        more, _ = best_splits(
            column, order, order.astype(float), marked, columns=1, absent_is_zero=False
        )
        assert found.log_p == pytest.approx(float(more.log_p[0]))
