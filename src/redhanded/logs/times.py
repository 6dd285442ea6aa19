"""Times as logs write them, to epoch milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

_YEAR_2106_S = 4_300_000_000
"""Some days after the last second that 32 bits can count."""
_YEAR_1980_S = 315_532_800
_DAY_MS = 86_400_000.0
_LEAP_YEAR = 1972
"""Stands in for a year that is missing: it has a 29 February."""
_UNITS = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}

_ZONE_HOURS = {
    "UTC": 0.0, "GMT": 0.0, "Z": 0.0, "WET": 0.0, "WEST": 1.0, "CET": 1.0, "MET": 1.0, "CEST": 2.0,
    "MEST": 2.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0, "JST": 9.0, "KST": 9.0, "AEST": 10.0,
    "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0, "EST": -5.0, "EDT": -4.0, "CDT": -5.0, "MST": -7.0,
    "MDT": -6.0, "PST": -8.0, "PDT": -7.0, "AKST": -9.0, "AKDT": -8.0, "HST": -10.0, "BRT": -3.0,
}  # fmt: skip
"""Abbreviations of one meaning. CST, IST and BST have several: read as no zone."""
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}

_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,9}))?"
_ZONE = r"(?:\s?(?P<zone>Z|[+-]\d\d:?\d\d|[+-]\d\d(?!\d)|(?:UTC|GMT)(?:[+-]\d\d?)?|[A-Z]{3,4}(?=[\s\])\":,]|$)))?"  # noqa: E501
_MONTH = r"(?P<name>[A-Z][a-z]{2})"
_ISO = re.compile(rf"(?P<date>\d{{4}}[-/.]\d\d[-/.]\d\d)[T_ ]{_CLOCK}{_ZONE}")
_BASIC = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)[T ]"
    r"(?P<hour>[0-2]\d):?(?P<minute>[0-5]\d):?(?P<second>[0-6]\d)(?:[.,](?P<fraction>\d{1,9}))?"
    rf"{_ZONE}"
)
_DAY_FIRST = re.compile(
    rf"(?P<day>\d\d?)[/ -]{_MONTH}[a-z]*[/ -](?P<year>\d{{4}})[: T]\s?{_CLOCK}{_ZONE}"
)
_NUMERIC = re.compile(
    rf"(?P<one>\d\d?)[/.](?P<two>\d\d?)[/.](?P<year>\d{{4}}),?[ T]\s?{_CLOCK}"
    rf"(?:\s?(?P<half>[AP]M))?{_ZONE}"
)
_SHORT_YEAR = re.compile(rf"(?P<year>\d\d)/(?P<month>\d\d)/(?P<day>\d\d) {_CLOCK}")
_MONTH_DAY = re.compile(
    r"(?P<month>[01]\d)-(?P<day>[0-3]\d) (?P<hour>[0-2]\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d)"
    r"\.(?P<fraction>\d{1,9})(?=\D|$)"
)
_NAMED_DAY = re.compile(
    rf"[A-Z][a-z]{{2}},? {_MONTH} +(?P<day>\d\d?) {_CLOCK}(?: (?P<zone>[A-Z]{{3,4}}))? "
    r"(?P<year>\d{4})"
)
_RFC2822 = re.compile(
    rf"[A-Z][a-z]{{2}}, (?P<day>\d\d?) {_MONTH} (?P<year>\d{{4}}) {_CLOCK}{_ZONE}"
)
_YEAR_AFTER_MONTH = re.compile(
    rf"{_MONTH} +(?P<day>\d\d?),? (?P<year>\d{{4}}),? {_CLOCK}(?:\s?(?P<half>[AP]M))?{_ZONE}"
)
_YEARLESS = re.compile(rf"{_MONTH} +(?P<day>\d\d?) {_CLOCK}(?=\D|$)")
_CLOCK_ALONE = re.compile(r"(?P<hour>[0-2]\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d)"
                          r"(?:[.,](?P<fraction>\d{1,9}))?(?=[\s\]|]|$)")  # fmt: skip
_NUMBER = re.compile(r"(?P<number>\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})(?=[\s:\]|,]|$)")

_BY_DIGIT = (_DAY_FIRST, _NUMERIC, _SHORT_YEAR, _MONTH_DAY, _CLOCK_ALONE, _BASIC, _NUMBER)
_BY_LETTER = (_YEARLESS, _NAMED_DAY, _YEAR_AFTER_MONTH, _RFC2822)


class Stamp(NamedTuple):
    """A time that stands in text."""

    end: int
    """Index of the first character after it."""
    at_ms: float
    zoned: bool
    """False if it came without a zone and was read as UTC."""
    lacks: str
    """``year`` or ``date`` if it came without; see ``Entry.lacks``."""


@lru_cache(maxsize=4)
def stamp_at(text: str, start: int = 0) -> Stamp | None:
    """The time that begins exactly at ``start``, in any of the usual spellings; None without one.

    ISO 8601 (also with ``/`` and commas), ``02/Jan/2025:10:00:00 +0100``, ``02 Jan 2025 …``,
    ``Thu Jan 02 10:00:00 2025``, ``Jan  2 10:00:00`` and ``01-02 10:00:00.123`` (lack their year),
    ``10:00:00.123`` (lacks its date), ``01/02/2025, 10:00:00 AM`` (month first, unless that is no
    month), seconds to nanoseconds since 1970. Fractions beyond microseconds are cut. The last
    answers are kept, since several formats ask for the same line.
    """
    first = text[start : start + 1]
    if "0" <= first <= "9":
        if text[start + 4 : start + 5] in ("-", "/") and (match := _ISO.match(text, start)):
            return _iso_stamp(match)
        patterns: tuple[re.Pattern[str], ...] = _BY_DIGIT
    elif "A" <= first <= "Z":
        patterns = _BY_LETTER
    else:
        return None
    for pattern in patterns:
        if match := pattern.match(text, start):
            if pattern is _NUMBER:
                moment = epoch_ms(float(match["number"]))
                return Stamp(match.end(), moment[0], True, "") if moment else None
            return _stamp(match, _LACKS.get(pattern, ""))
    return None


_LACKS = {_YEARLESS: "year", _MONTH_DAY: "year", _CLOCK_ALONE: "date"}


def _iso_stamp(match: re.Match[str]) -> Stamp | None:
    date, hour, minute, second, fraction, zone = match.groups()
    day_ms = _iso_day_ms(date)
    if day_ms is None or hour > "23" or minute > "59" or second > "60":
        return None
    at_ms = day_ms + (int(hour) * 3600 + int(minute) * 60 + int(second)) * 1000.0
    if fraction:
        at_ms += int(fraction[:6]) / 10.0 ** (len(fraction[:6]) - 3)
    if not zone:
        return Stamp(match.end(), at_ms, False, "")
    offset_ms = zone_offset_ms(zone)
    if offset_ms is None:
        return Stamp(_end(match, zone), at_ms, False, "")
    return Stamp(match.end(), at_ms - offset_ms, True, "")


@lru_cache(maxsize=1024)
def _iso_day_ms(date: str) -> float | None:
    return day_start_ms(int(date[:4]), int(date[5:7]), int(date[8:]))


def _stamp(match: re.Match[str], lacks: str) -> Stamp | None:
    parts = match.groupdict()
    day_ms = 0.0 if lacks == "date" else _date_ms(parts)
    hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts["second"])
    if day_ms is None or hour > 23 or minute > 59 or second > 60:
        return None
    if half := parts.get("half"):
        hour = hour % 12 + 12 * (half == "PM")
    at_ms = day_ms + (hour * 3600 + minute * 60 + second) * 1000.0
    if fraction := parts["fraction"]:
        at_ms += int(fraction[:6]) / 10.0 ** (len(fraction[:6]) - 3)
    offset_ms = zone_offset_ms(parts.get("zone") or "")
    if offset_ms is None:
        zone = parts.get("zone") if match.re is not _NAMED_DAY else None
        return Stamp(_end(match, zone or ""), at_ms, False, lacks)
    return Stamp(match.end(), at_ms - offset_ms, True, lacks)


def _end(match: re.Match[str], zone: str) -> int:
    """Where the time ends: capitals that are no zone are the next word (``INFO``)."""
    if not zone or zone in ("CST", "IST", "BST"):
        return match.end()
    end = match.start("zone")
    return end - 1 if match.string[end - 1] == " " else end


def _date_ms(parts: dict[str, str | None]) -> float | None:
    name = parts.get("name")
    if name is not None:
        month = _MONTHS.get(name.lower(), 0)
    elif parts.get("one") is not None:
        return _numeric_ms(int(parts["one"] or 0), int(parts["two"] or 0), int(parts["year"] or 0))
    else:
        month = int(parts["month"] or 0)
    year = int(parts.get("year") or _LEAP_YEAR)
    return day_start_ms(year + 2000 if year < 100 else year, month, int(parts["day"] or 0))


def _numeric_ms(one: int, two: int, year: int) -> float | None:
    return day_start_ms(year, two, one) if one > 12 else day_start_ms(year, one, two)


@lru_cache(maxsize=1024)
def day_start_ms(year: int, month: int, day: int) -> float | None:
    """Epoch milliseconds of a day's midnight in UTC; None if there is no such day."""
    try:
        return (datetime(year, month, day, tzinfo=UTC).toordinal() - 719_163) * _DAY_MS
    except ValueError:
        return None


@lru_cache(maxsize=256)
def zone_offset_ms(zone: str) -> float | None:
    """What ``+0100``, ``-05:30``, ``CET`` or ``UTC`` add to UTC; None for what is no zone or has
    several meanings."""
    hours = _ZONE_HOURS.get(zone)
    if hours is not None:
        return hours * 3_600_000
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?", zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return (minutes if match[1] == "+" else -minutes) * 60_000.0


def epoch_ms(value: object, unit: str | None = None) -> tuple[float, bool] | None:
    """Epoch milliseconds and whether a zone was given; None if ``value`` is no time.

    Numbers are of ``unit`` (s, ms, us or ns) where the format knows it, and else seconds,
    milliseconds, microseconds or nanoseconds by their size (any of them lies between 1980 and 2106
    in one reading only). Strings are such a number or a time as ``stamp_at`` reads it; without a
    zone they are read as UTC.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_number(value, unit)
    if isinstance(value, str):
        return _from_text(value.strip(), unit)
    return None


def _from_number(value: float, unit: str | None) -> tuple[float, bool] | None:
    if unit is not None:
        at_ms = value * _UNITS[unit]
        return (at_ms, True) if 0 <= at_ms < _YEAR_2106_S * 1000 else None
    for per_second in (1, 1e3, 1e6, 1e9):
        seconds = value / per_second
        if _YEAR_1980_S < seconds < _YEAR_2106_S:
            return seconds * 1000, True
    return None


def _from_text(text: str, unit: str | None) -> tuple[float, bool] | None:
    if len(text) > 9 and text[4] == "-":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            if moment.tzinfo is None:
                return moment.replace(tzinfo=UTC).timestamp() * 1000, False
            return moment.timestamp() * 1000, True
    if text.isdigit() and text.isascii() and (unit is not None or len(text) > 9):
        return _from_number(int(text), unit) if len(text) < 25 else None
    try:
        return _from_number(float(text), unit)
    except ValueError:
        stamp = stamp_at(text)
    if stamp is None or stamp.lacks or stamp.end < len(text):
        return None
    return stamp.at_ms, stamp.zoned
