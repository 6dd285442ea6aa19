"""What both kinds of syslog say before the message."""

from __future__ import annotations

from typing import NamedTuple

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import syslog_level
from redhanded.logs.record import Entry, Scalar


class Header(NamedTuple):
    """The parts of a syslog line."""

    at_ms: float | None
    zoned: bool
    lacks: str
    """``year`` for RFC 3164's times."""
    level: str | None
    writer: str
    """Host, program and process id."""
    fields: dict[str, Scalar]
    message: str


def entry(found: Header) -> Entry:
    """The whole line as one entry."""
    return Entry(
        fields={**text_fields(found.message), **found.fields},
        at_ms=found.at_ms,
        zoned=found.zoned,
        lacks=found.lacks,
        level=found.level,
        message=found.message,
        writer=found.writer,
    )


def priority_level(priority: str | None) -> str | None:
    """The level in a PRI part: the lower three bits are the severity."""
    return syslog_level(int(priority) & 7) if priority else None
