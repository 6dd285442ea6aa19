"""Counts over time in bounded memory."""

from __future__ import annotations

import random

from redhanded.logs.activity import Activity, series

START_MS = 1_760_000_000_000


def test_bins_do_not_depend_on_the_order_nor_on_the_parts() -> None:
    chance = random.Random(3)
    times = [START_MS + chance.random() * 10 ** chance.randint(1, 10) for _ in range(20_000)]
    whole, backwards = Activity(times), Activity(reversed(times))
    assert whole.bins() == backwards.bins()
    left, right = Activity(times[:7_000]), Activity(times[7_000:])
    right.merge(left)
    assert right.bins() == whole.bins()
    assert len(whole.bins()) <= 4096
    assert sum(count for _, count in whole.bins()) == 20_000


def test_both_series_stand_in_the_same_bins() -> None:
    everything = Activity(START_MS + 1000 * n for n in range(600))
    failing = Activity([START_MS + 300_500.0])
    found = series(everything, failing, unit="jobs")
    assert found is not None
    assert len(found.all) == len(found.failing) <= 62
    assert (sum(found.all), sum(found.failing)) == (600, 1)
    place = found.failing.index(1)
    assert abs(found.start_ms + place * found.step_ms - (START_MS + 300_500)) <= found.step_ms


def test_without_times_there_is_no_series() -> None:
    assert series(Activity(), Activity(), unit="jobs") is None


def test_times_at_the_ends_of_the_calendar() -> None:
    found = series(Activity([0.0, 4_300_000_000_000.0]), Activity([0.0]), unit="jobs")
    assert found is not None
    assert sum(found.all) == 2
    assert len(found.all) <= 62
