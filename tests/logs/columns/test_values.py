from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.columns.values import (
    LEVELS,
    VALUE_BYTES_MAX,
    epoch_times,
    iso_times,
    numeric_levels,
    value_hash,
    value_hashes,
)

ZONES = st.one_of(
    st.just(UTC), st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
)


def at(text: str) -> float | None:
    data = np.frombuffer(text.encode(), np.uint8)
    found = iso_times(data, np.zeros(1, np.int64))
    return float(found.at_ms[0]) if found.known[0] else None


@settings(deadline=None)
@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 31), timezones=ZONES),
    st.sampled_from("T "),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_iso_times_are_what_the_library_reads(
    moment: datetime, separator: str, precision: str
) -> None:
    text = moment.isoformat(separator, precision)
    expected = datetime.fromisoformat(text).timestamp() * 1000
    assert at(f"{text} rest") == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z ",
        "2026-00-10T00:00:00Z ",
        "2026-01-10T24:00:00Z ",
        "2026-01-10T00:00:60Z ",
        "2026-01-10X00:00:00Z ",
        "2026/01/10 00:00:00 ",
        "2026-01-10T00:00:00 +0200",
        "2026-01-10T00:00:00 UTC",
        "2026-01-10T00:00:00+02 ",
        "2026-01-10T00:00:00abc",
        "2026-01-10T00:0",
        "",
    ],
)
def test_what_is_no_common_time_is_not_known(text: str) -> None:
    assert at(text) is None


def test_a_comma_before_the_fraction_and_no_zone() -> None:
    assert at("2026-03-14 06:00:00,018 INFO") == 1773468000018


def test_epoch_milliseconds() -> None:
    data = np.frombuffer(b"1773468000018 177346800001 17734680000180 177346800001x", np.uint8)
    starts, ends = np.array([0, 14, 27, 42]), np.array([13, 26, 41, 55])
    found = epoch_times(data, starts, ends)
    assert found.known.tolist() == [True, False, False, False]
    assert found.at_ms[0] == 1773468000018


def test_numeric_levels() -> None:
    data = np.frombuffer(b"30 50 35 7 300 x0", np.uint8)
    starts, ends = np.array([0, 3, 6, 9, 11, 15]), np.array([2, 5, 8, 10, 14, 17])
    levels, known = numeric_levels(data, starts, ends)
    assert known.tolist() == [True, True, True, False, False, False]
    assert [LEVELS[level] for level in levels[:3]] == ["info", "error", "info"]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=VALUE_BYTES_MAX + 6), min_size=1, max_size=6))
def test_many_hashes_are_what_one_gives(values: list[bytes]) -> None:
    data = np.frombuffer(b" ".join(values), np.uint8)
    starts = np.cumsum([0, *(len(value) + 1 for value in values[:-1])])
    hashes, names = value_hashes(data, starts, starts + [len(value) for value in values])
    alone = [value_hash(value) for value in values]
    assert names.tolist() == [one is not None for one in alone]
    assert [one for one, named in zip(hashes.tolist(), names, strict=True) if named] == [
        one for one in alone if one is not None
    ]


@settings(deadline=None)
@given(st.text("0123456789.smh%a", min_size=1, max_size=6).map(str.encode))
def test_measures_name_nothing_one_by_one_or_together(value: bytes) -> None:
    data = np.frombuffer(value, np.uint8)
    _, names = value_hashes(data, np.zeros(1, np.int64), np.array([len(value)]))
    assert bool(names[0]) == (value_hash(value) is not None)


@pytest.mark.parametrize("value", [b"1.5", b"12%", b"3s", b"40ms", b"2h", b"5m", b"0."])
def test_measures_name_nothing(value: bytes) -> None:
    assert value_hash(value) is None


@pytest.mark.parametrize("value", [b"15", b"req_1", b"1.5.2", b"a.b", b"ms", b"s", b".", b"x1s"])
def test_other_values_may_name_something(value: bytes) -> None:
    assert value_hash(value) is not None
