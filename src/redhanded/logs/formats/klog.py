"""klog and glog: a letter for the level, month and day, no year."""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.record import Entry
from redhanded.logs.times import day_start_ms

_START = re.compile(
    r"(?P<level>[IWEF])(?P<month>[01]\d)(?P<day>[0-3]\d) (?P<hour>\d\d):(?P<minute>\d\d):"
    r"(?P<second>\d\d)\.(?P<micros>\d{6})\s+(?P<thread>\d+) (?P<file>[\w./-]+):(?P<line>\d+)\] "
)
_LEVELS = {"I": "info", "W": "warn", "E": "error", "F": "fatal"}
_LEAP_YEAR = 1972


class Klog:
    """``E0102 10:00:00.123456       1 store.go:57] …``."""

    name = "klog"
    starts = "IWEF"

    def parse(self, line: str) -> Entry | None:
        match = _START.match(line)
        if match is None:
            return None
        day_ms = day_start_ms(_LEAP_YEAR, int(match["month"]), int(match["day"]))
        if day_ms is None:
            return None
        seconds = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"])
        message = line[match.end() :]
        return Entry(
            fields={**text_fields(message), "code.file.path": match["file"]},
            at_ms=day_ms + seconds * 1000 + int(match["micros"]) / 1000,
            zoned=False,
            lacks="year",
            level=_LEVELS[match["level"]],
            message=message,
        )
