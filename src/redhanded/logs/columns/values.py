"""Times, levels and identifiers of many lines at once, from where they stand in a block."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.levels import level_name
from redhanded.logs.templates.shapes import Bytes, Places

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
NO_LEVEL = -1
ERROR = LEVELS.index("error")
"""This one and those behind it."""
VALUE_BYTES_MAX = 64
"""Of an identifier; a longer one counts as none."""

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int32]

_ZERO = ord("0")
_CLOCK = ((4, b"-"), (7, b"-"), (10, b"T "), (13, b":"), (16, b":"))
_CLOCK_BYTES = 19
_TIME_BYTES = 36
_FRACTION_DIGITS_MAX = 9
_EPOCH_DIGITS = 13
_LEVEL_OF = np.array(
    [
        NO_LEVEL if (name := level_name(number)) is None else LEVELS.index(name)
        for number in range(100)
    ],
    np.int8,
)
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)
_MASK = 2**64 - 1


class Times(NamedTuple):
    at_ms: Floats
    known: Flags
    """False where it could not be read this way."""


def level_place(name: str | None) -> int:
    return NO_LEVEL if name is None else LEVELS.index(name)


def iso_times(data: Bytes, starts: Places) -> Times:
    """Times like ``2026-03-14T06:00:00.005Z`` that begin at ``starts``; without a zone as UTC."""
    window = _window(data, starts, _TIME_BYTES)
    clock = _digits(window[:, :_CLOCK_BYTES])
    known = np.ones(len(window), np.bool_)
    for place, allowed in _CLOCK:
        known &= _among(window[:, place], allowed)
        clock[:, place] = 0
    known &= clock.max(axis=1, initial=0) < 10
    number = clock.astype(np.int32)
    year = number[:, 0] * 1000 + number[:, 1] * 100 + number[:, 2] * 10 + number[:, 3]
    month, day, hour, minute, second = (
        number[:, place] * 10 + number[:, place + 1] for place in (5, 8, 11, 14, 17)
    )
    known &= (year >= 1970) & (month >= 1) & (month <= 12) & (day >= 1)
    known &= (hour < 24) & (minute < 60) & (second < 60)
    month = np.clip(month, 1, 12)
    known &= day <= _days_in(year, month)
    days = _days(year, month, day)
    fraction_ms, behind = _fractions(window)
    zone_min, zone_known = _zones(window, behind)
    minutes = (days * 24 + hour) * 60 + minute - zone_min
    return Times(minutes * 60_000.0 + second * 1000.0 + fraction_ms, known & zone_known)


def epoch_times(data: Bytes, starts: Places, ends: Places) -> Times:
    """Whole milliseconds since 1970 of 13 digits."""
    digit = _digits(_window(data, starts, _EPOCH_DIGITS))
    known = (ends - starts == _EPOCH_DIGITS) & (digit.max(axis=1, initial=0) < 10)
    weights = 10.0 ** np.arange(_EPOCH_DIGITS - 1, -1, -1)
    return Times(digit @ weights, known & (digit[:, 0] > 0))


def numeric_levels(data: Bytes, starts: Places, ends: Places) -> tuple[NDArray[np.int8], Flags]:
    """Places in ``LEVELS`` of numbers of two digits, and whether they are such numbers."""
    digit = _digits(_window(data, starts, 2))
    known = (ends - starts == 2) & (digit < 10).all(axis=1)
    number = np.where(known, digit[:, 0].astype(np.int64) * 10 + digit[:, 1], 0)
    return _LEVEL_OF[number], known


def value_hashes(data: Bytes, starts: Places, ends: Places) -> tuple[Hashes, Flags]:
    """64 bits for each value, the same in every process, and whether it may name a thing.

    Values too long, fractions, shares and durations do not.
    """
    lengths = ends - starts
    width = min(VALUE_BYTES_MAX, -(-int(lengths.max(initial=1)) // 8) * 8)
    window = _window(data, starts, width)
    window[np.arange(width) >= lengths[:, None]] = 0
    words = window.view("<u8")
    first, second = map(np.uint64, _MIX)
    mixed = lengths.astype(np.uint64) * second
    for place in range(words.shape[1]):
        step = (mixed ^ words[:, place]) * first
        step ^= step >> np.uint64(29)
        mixed = step if place == 0 else np.where(lengths > 8 * place, step, mixed)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * second
    return mixed | np.uint64(1), (lengths <= VALUE_BYTES_MAX) & ~_measures(window, lengths)


def value_hash(value: bytes) -> int | None:
    """As ``value_hashes``, of one value; None if it names nothing."""
    if not value or len(value) > VALUE_BYTES_MAX or _MEASURE.fullmatch(value):
        return None
    mixed = len(value) * _MIX[1] & _MASK
    for start in range(0, len(value), 8):
        mixed = (mixed ^ int.from_bytes(value[start : start + 8], "little")) * _MIX[0] & _MASK
        mixed ^= mixed >> 29
    return (mixed ^ (mixed >> 32)) * _MIX[1] & _MASK | 1


_MEASURE = re.compile(rb"\d+\.\d*|\.\d+|\d+[smh%]|\d+ms")


def _measures(window: Bytes, lengths: Places) -> Flags:
    """``1.5``, ``12%``, ``3s``, ``40ms``: digits, with a point between or a unit behind them."""
    others = np.count_nonzero(_digits(window) >= 10, axis=1) - (window.shape[1] - lengths)
    found = np.zeros(len(window), np.bool_)
    rows = np.flatnonzero((others == 1) | (others == 2))
    if not len(rows):
        return found
    window, lengths, others = window[rows], lengths[rows], others[rows]
    row = np.arange(len(rows))
    last = window[row, np.maximum(lengths - 1, 0)]
    before = window[row, np.maximum(lengths - 2, 0)]
    measure = (others == 1) & ((window == ord(".")).any(axis=1) | _among(last, b"smh%"))
    measure |= (others == 2) & (last == ord("s")) & (before == ord("m"))
    found[rows] = measure & (lengths > others)
    return found


def _window(data: Bytes, starts: Places, width: int) -> Bytes:
    """``width`` bytes from each start on; zeros behind the end of the data."""
    if len(starts) and int(starts.max()) + width > len(data):
        data = np.concatenate((data, np.zeros(width, np.uint8)))
    every = np.lib.stride_tricks.as_strided(data, (max(len(data) - width + 1, 0), width), (1, 1))
    found: Bytes = every[starts]
    return found


def _digits(window: Bytes) -> Bytes:
    """What digits stand for; more than 9 for other bytes."""
    found: Bytes = window - np.uint8(_ZERO)
    return found


def _among(column: Bytes, allowed: bytes) -> Flags:
    found: Flags = _LISTED[allowed][column]
    return found


def _listed(allowed: bytes) -> Flags:
    listed = np.zeros(256, np.bool_)
    listed[list(allowed)] = True
    return listed


_LISTED = {
    allowed: _listed(allowed)
    for allowed in (b"-", b"T ", b":", b".,", b"+-", b"+-ZU", b" Z]\"'\t:,;|)", b"smh%")
}


def _fractions(window: Bytes) -> tuple[Floats, Places]:
    """Milliseconds behind the seconds, and where what follows them starts."""
    digit = _digits(window[:, _CLOCK_BYTES + 1 : _CLOCK_BYTES + 1 + _FRACTION_DIGITS_MAX])
    going = _among(window[:, _CLOCK_BYTES], b".,") & (digit[:, 0] < 10)
    total = np.zeros(len(window))
    behind = np.full(len(window), _CLOCK_BYTES)
    behind[going] += 1
    for place in range(_FRACTION_DIGITS_MAX):
        going = going & (digit[:, place] < 10)
        if not going.any():
            break
        total += np.where(going, digit[:, place], 0) * 10.0 ** (2 - place)
        behind += going
    return total, behind


def _zones(window: Bytes, behind: Places) -> tuple[Places, Flags]:
    """Minutes east of Greenwich; not known where the layout is not a common one."""
    rows = np.arange(len(window))
    mark, further = window[rows, behind], window[rows, behind + 1]
    known = _among(mark, b" Z]\"'\t:,;|)")
    known &= (mark != ord(" ")) | ~_among(further, b"+-ZU")
    zone = np.zeros(len(window), np.int64)
    signed = np.flatnonzero(_among(mark, b"+-"))
    if len(signed):
        zone[signed], known[signed] = _offsets(window[signed], behind[signed])
    return zone, known


def _offsets(window: Bytes, behind: Places) -> tuple[Places, Flags]:
    """``+02:00`` and ``-0500`` as minutes."""
    rows = np.arange(len(window))
    colon = window[rows, behind + 3] == ord(":")
    places = behind[:, None] + np.array([1, 2, 3, 4]) + np.outer(colon, [0, 0, 1, 1])
    digit = _digits(window[rows[:, None], places]).astype(np.int64)
    minutes = digit @ np.array([600, 60, 10, 1])
    known = (digit < 10).all(axis=1) & (digit[:, 2] < 6)
    return np.where(window[rows, behind] == ord("-"), -minutes, minutes), known


def _days(year: Numbers, month: Numbers, day: Numbers) -> Numbers:
    """Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant's days_from_civil)."""
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    days: Numbers = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days


def _days_in(year: Numbers, month: Numbers) -> Numbers:
    length = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)[month]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days: Numbers = length + ((month == 2) & leap)
    return days
