"""Syslog, RFC 5424, also with the octet count that streams put before it (RFC 6587)."""

from __future__ import annotations

import re

from redhanded.logs.formats.syslog_header import Header, entry, priority_level
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import epoch_ms

_START = re.compile(
    r"(?:\d{1,6} )?<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<program>\S+)"
    r" (?P<pid>\S+) (?P<kind>\S+) (?P<data>-|(?:\[(?:[^\]\\\"]|\"(?:[^\"\\]|\\.)*\")*\])+)(?: |$)"
)
_PARAMETER = re.compile(r'(?P<name>[^\s="\]]+)="(?P<value>(?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r'\\(["\\\]])')


class Syslog5424Lines:
    """Each line is an entry; its structured data are fields."""

    name = "syslog (RFC 5424)"
    starts = "<0123456789"

    def parse(self, line: str) -> Entry | None:
        found = header(line)
        return entry(found) if found else None


def header(line: str) -> Header | None:
    """The parts of ``line``; None if it is no such line."""
    match = _START.match(line)
    if match is None:
        return None
    moment = epoch_ms(match["time"]) if match["time"] != "-" else None
    fields: dict[str, Scalar] = {}
    for name in ("host", "program", "pid", "kind"):
        if match[name] != "-":
            fields[{"host": "hostname", "kind": "message_kind"}.get(name, name)] = match[name]
    for pair in _PARAMETER.finditer(match["data"]):
        fields.setdefault(pair["name"], _ESCAPED.sub(r"\1", pair["value"]))
    return Header(
        at_ms=moment[0] if moment else None,
        zoned=moment[1] if moment else True,
        lacks="",
        level=priority_level(match["priority"]),
        writer=f"{match['host']} {match['program']}[{match['pid']}]",
        fields=fields,
        message=line[match.end() :].removeprefix("\ufeff"),
    )
