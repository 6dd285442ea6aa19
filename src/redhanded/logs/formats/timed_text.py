"""What text formats that begin with a time have in common."""

from __future__ import annotations

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import Stamp


def timed_entry(
    stamp: Stamp, level: str | None, message: str, named: dict[str, str | None]
) -> Entry:
    """An entry of running text: its pairs and numbered things, and what the format names itself."""
    fields: dict[str, Scalar] = text_fields(message)
    for name, value in named.items():
        if value:
            fields.setdefault(name, int(value) if name == "pid" and value.isdigit() else value)
    return Entry(
        fields=fields,
        at_ms=stamp.at_ms,
        zoned=stamp.zoned,
        lacks=stamp.lacks,
        level=level_name(level) if level else None,
        message=message,
    )
