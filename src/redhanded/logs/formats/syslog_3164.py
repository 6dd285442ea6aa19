"""BSD syslog, RFC 3164, as files hold it: times without year or zone, or rsyslog's ISO times."""

from __future__ import annotations

import re
import string

from redhanded.logs.formats.syslog_header import Header, entry, priority_level
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import stamp_at

_PRIORITY = re.compile(r"<(?P<priority>\d{1,3})>(?!\d)")
_TAG = re.compile(r" (?P<host>[\w.:-]+) (?P<program>[\w./@()-]{1,64})(?:\[(?P<pid>\d+)\])?: ?")
_LOCAL_TAG = re.compile(r" (?P<host>(?!))?(?P<program>[\w./@()-]{1,64})\[(?P<pid>\d+)\]: ?")
_TIME = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Syslog3164Lines:
    """Each line is an entry."""

    name = "syslog (RFC 3164)"
    starts = "<0123456789" + string.ascii_uppercase

    def parse(self, line: str) -> Entry | None:
        found = header(line)
        return entry(found) if found else None


def _is_rsyslog(line: str, start: int, tag: re.Match[str]) -> bool:
    """Programs write ISO times too; rsyslog's are in microseconds, or a process id follows."""
    exact = tag["pid"] is not None or line[start + 19 : start + 20] == "."
    return exact and level_name(tag["host"]) is None


def header(line: str) -> Header | None:
    """The parts of ``line``; None if it is no such line. A zone is only in ISO times."""
    start, priority = 0, None
    if line[:1] == "<":
        match = _PRIORITY.match(line)
        if match is None:
            return None
        start, priority = match.end(), match["priority"]
    if not _TIME.match(line, start):
        return None
    stamp = stamp_at(line, start)
    if stamp is None:
        return None
    tag = _TAG.match(line, stamp.end) or _LOCAL_TAG.match(line, stamp.end)
    if tag is None or (stamp.lacks == "" and not _is_rsyslog(line, start, tag)):
        return None
    fields: dict[str, Scalar] = {"program": tag["program"]}
    if tag["host"]:
        fields["hostname"] = tag["host"]
    if tag["pid"]:
        fields["pid"] = int(tag["pid"])
    writer = f"{tag['host'] or ''} {tag['program']}".strip()
    return Header(
        at_ms=stamp.at_ms,
        zoned=stamp.zoned,
        lacks=stamp.lacks,
        level=priority_level(priority),
        writer=f"{writer}[{tag['pid']}]" if tag["pid"] else writer,
        fields=fields,
        message=line[tag.end() :],
    )
