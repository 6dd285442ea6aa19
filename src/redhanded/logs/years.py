"""Times without a year or a date, completed from their neighbours and the file's own time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

_DAY_MS = 86_400_000.0
_HALF_YEAR_MS = 183 * _DAY_MS
_SLACK_MS = _DAY_MS
"""A log may be this much younger than its file's time says: zones, copies, clocks."""


@dataclass(slots=True)
class Years:
    """Completes the times of one file.

    The last time in the file with a date is the anchor; without one, the time at which the file was
    written. A step back of more than half a year is a new year, one of more than half a day a new
    day.
    """

    written_ms: float
    """When the file was last written, epoch."""
    anchor_ms: float | None = None
    yearless: int = 0
    dateless: int = 0
    _year: int | None = None
    _last_ms: float | None = field(default=None)

    def dated(self, at_ms: float) -> None:
        """Takes note of a time that lacks nothing."""
        self.anchor_ms = at_ms

    def complete(self, at_ms: float, lacks: str) -> float:
        """``at_ms`` as ``Entry.lacks`` describes it, moved into its year or onto its day."""
        if lacks == "year":
            self.yearless += 1
            return self._in_year(at_ms)
        self.dateless += 1
        return self._on_day(at_ms)

    def _in_year(self, at_ms: float) -> float:
        if self.anchor_ms is not None:
            year = datetime.fromtimestamp(self.anchor_ms / 1000, UTC).year
            years = (year - 1, year, year + 1)
            return min((moved(at_ms, one) for one in years), key=self._from_anchor)
        if self._year is None or self._last_ms is None:
            self._year = datetime.fromtimestamp(self.written_ms / 1000, UTC).year
            if moved(at_ms, self._year) > self.written_ms + _SLACK_MS:
                self._year -= 1
        found = moved(at_ms, self._year)
        if self._last_ms is not None:
            if self._last_ms - found > _HALF_YEAR_MS:
                self._year += 1
                found = moved(at_ms, self._year)
            elif found - self._last_ms > _HALF_YEAR_MS:
                return moved(at_ms, self._year - 1)
        self._last_ms = found
        return found

    def _from_anchor(self, at_ms: float) -> float:
        return abs(at_ms - (self.anchor_ms or 0.0))

    def _on_day(self, at_ms: float) -> float:
        if self._last_ms is None:
            near = self.anchor_ms if self.anchor_ms is not None else self.written_ms
            day = near // _DAY_MS
            if self.anchor_ms is None and day * _DAY_MS + at_ms > near + _SLACK_MS / 24:
                day -= 1
            self._last_ms = day * _DAY_MS + at_ms
            return self._last_ms
        found = self._last_ms // _DAY_MS * _DAY_MS + at_ms
        if self._last_ms - found > _DAY_MS / 2:
            found += _DAY_MS
        elif found - self._last_ms > _DAY_MS / 2:
            return found - _DAY_MS
        self._last_ms = found
        return found


def moved(at_ms: float, year: int) -> float:
    """A time within 1972 at the same month, day and clock in ``year``; 29 February becomes 1 March
    where there is none."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    try:
        return moment.replace(year=year).timestamp() * 1000
    except ValueError:
        return moment.replace(year=year, month=3, day=1).timestamp() * 1000
