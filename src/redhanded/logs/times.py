"""Times as logs write them, to epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

_YEAR_2100_S = 4_102_444_800


def epoch_ms(value: object) -> tuple[float, bool] | None:
    """Epoch milliseconds and whether a zone was given; None if ``value`` is no time.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by their size (any of them lies
    between 1980 and 2100 in one reading only). Strings are ISO 8601 or such a number; without a
    zone they are read as UTC.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_number(float(value))
    if isinstance(value, str):
        return _from_text(value.strip())
    return None


def _from_number(value: float) -> tuple[float, bool] | None:
    for per_second in (1, 1e3, 1e6, 1e9):
        seconds = value / per_second
        if 315_532_800 < seconds < _YEAR_2100_S:
            return seconds * 1000, True
    return None


def _from_text(text: str) -> tuple[float, bool] | None:
    if len(text) < 10:
        return None
    if text[4] != "-":
        try:
            return _from_number(float(text))
        except ValueError:
            return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC).timestamp() * 1000, False
    return moment.timestamp() * 1000, True
