"""What text formats that begin with a time have in common."""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import Stamp


def timed_entry(stamp: Stamp, match: re.Match[str]) -> Entry:
    """An entry of running text: its pairs and numbered things, and what the format names itself.

    ``match`` has the groups ``level`` and ``message``; its other groups are fields.
    """
    level: str | None = None
    message = ""
    named: list[tuple[str, str]] = []
    for name, value in match.groupdict().items():
        if name == "message":
            message = value
        elif name == "level":
            level = value
        elif value:
            named.append((name, value))
    fields: dict[str, Scalar] = text_fields(message)
    for name, value in named:
        fields.setdefault(name, int(value) if name == "pid" and value.isdigit() else value)
    return entry_at(stamp, level, message, fields)


def entry_at(stamp: Stamp, level: str | None, message: str, fields: dict[str, Scalar]) -> Entry:
    """An entry with the time of ``stamp``."""
    return Entry(
        fields=fields,
        at_ms=stamp.at_ms,
        zoned=stamp.zoned,
        lacks=stamp.lacks,
        level=level_name(level) if level else None,
        message=message,
    )
