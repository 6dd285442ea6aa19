"""Times and spans as people read them; always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clock(at_ms: float, *, date: bool = False) -> str:
    """UTC time of day, with the date where asked."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        return "a time beyond the calendar"
    return moment.strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")


def span(milliseconds: float) -> str:
    """A length of time, in the unit that reads well."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
