"""The log of Redis and Valkey: process id, role, time, and one character for the level."""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.record import Entry
from redhanded.logs.times import stamp_at

_START = re.compile(r"(?P<pid>\d+):(?P<role>[XCSM]) (?=\d\d [A-Z])")
_OLD_START = re.compile(r"\[(?P<pid>\d+)\] (?=\d\d [A-Z])(?P<role>(?!))?")
_LEVEL = re.compile(r" (?P<mark>[.\-*#]) ")
_MARKS = {".": "debug", "-": "trace", "*": "info", "#": "warn"}
_ROLES = {"X": "sentinel", "C": "child", "S": "replica", "M": "primary"}


class RedisServer:
    """``1:M 02 Jan 2025 10:00:00.123 * Ready to accept connections``."""

    name = "Redis"
    starts = "[0123456789"

    def parse(self, line: str) -> Entry | None:
        start = _START.match(line) or _OLD_START.match(line)
        stamp = stamp_at(line, start.end()) if start else None
        mark = _LEVEL.match(line, stamp.end) if stamp else None
        if start is None or stamp is None or mark is None:
            return None
        message = line[mark.end() :]
        fields = {**text_fields(message), "pid": int(start["pid"])}
        if start["role"]:
            fields["role"] = _ROLES[start["role"]]
        return Entry(
            fields=fields,
            at_ms=stamp.at_ms,
            zoned=stamp.zoned,
            level=_MARKS[mark["mark"]],
            message=message,
        )
