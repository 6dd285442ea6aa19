"""Syslog's header, around whatever the program itself wrote."""

from __future__ import annotations

from redhanded.logs.envelopes.line_envelope import DIGITS, TIME, Unwrapped
from redhanded.logs.formats.syslog_3164 import header as header_3164
from redhanded.logs.formats.syslog_5424 import header as header_5424
from redhanded.logs.formats.syslog_header import Header


class Syslog3164:
    """``Jan  2 10:00:00 host program[17]: …``, also with a priority or an ISO time."""

    name = "syslog (RFC 3164)"
    starts = "<ABCDEFGHIJKLMNOPQRSTUVWXYZ" + TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        found = header_3164(line)
        return _unwrapped(found) if found else None


class Syslog5424:
    """``<165>1 2025-01-02T10:00:00Z host program 17 ID47 [data] …``."""

    name = "syslog (RFC 5424)"
    starts = "<" + DIGITS + TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        found = header_5424(line)
        return _unwrapped(found) if found else None


def _unwrapped(found: Header) -> Unwrapped:
    return Unwrapped(
        text=found.message,
        source=found.writer,
        stream=found.writer,
        at_ms=found.at_ms,
        zoned=found.zoned,
        lacks=found.lacks,
        level=found.level,
        fields=found.fields,
        apart=True,
    )
