"""PostgreSQL's own log on stderr, with any ``log_line_prefix`` that begins with a time.

DETAIL, HINT, STATEMENT, CONTEXT and QUERY are lines of their own with a prefix of their own; they
belong to the last message of the same process.
"""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import stamp_at, zone_offset_ms

_SEVERITY = re.compile(
    r"(?P<severity>DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC"
    r"|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION|BACKTRACE):  "
)
_CONTINUED = frozenset(("DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION", "BACKTRACE"))
_PROCESS = re.compile(r"\[(?P<pid>\d+)(?:-\d+)?\]")
_WHO = re.compile(r"(?<![\w=])(?P<user>[\w.$-]+)@(?P<database>[\w.$-]+)(?![\w.])")
_PAIR = re.compile(r"\b(?P<name>user|db|app|client|host)=(?P<value>[^\s,]+)")
_NAMES = {"db": "database", "client": "remote_address", "host": "remote_address"}
_CODE = re.compile(r"(?<![\w-])(?P<code>[0-9A-Z]{2}[0-9A-Z]{3})(?![\w-])")
_PREFIX_MAX = 250
_EPOCH = re.compile(r"\d{10}\.\d{3} ")


class PostgresStderr:
    """``2025-01-02 10:00:00.123 UTC [17] app@shop ERROR:  …``."""

    name = "PostgreSQL"
    starts = "0123456789"

    def parse(self, line: str) -> Entry | None:
        if ":  " not in line[:_PREFIX_MAX] or not "0" <= line[:1] <= "9":
            return None
        found = _SEVERITY.search(line, 19, _PREFIX_MAX)
        stamp = stamp_at(line) if found else None
        if found is None or stamp is None or stamp.lacks:
            return None
        prefix, message = line[stamp.end : found.start()], line[found.end() :]
        process = _PROCESS.search(prefix)
        if process is None and "@" not in prefix and "=" not in prefix and prefix.strip():
            return None
        kind = found["severity"]
        pid = process["pid"] if process else ""
        continues = kind in _CONTINUED
        return Entry(
            fields=_fields(kind, prefix, pid, message, continues=continues),
            at_ms=stamp.at_ms,
            zoned=stamp.zoned,
            level=None if continues else level_name(kind),
            message=message,
            writer=pid,
            continues=continues,
        )


def _fields(
    kind: str, prefix: str, pid: str, message: str, *, continues: bool
) -> dict[str, Scalar]:
    if continues:
        return {kind.lower(): message}
    fields = text_fields(message) if len(message) < 1000 else {}
    if pid:
        fields["pid"] = int(pid)
    if who := _WHO.search(prefix):
        fields["user"], fields["database"] = who["user"], who["database"]
    for pair in _PAIR.finditer(prefix):
        fields.setdefault(_NAMES.get(pair["name"], pair["name"]), pair["value"])
    code = _CODE.search(prefix)
    if code and any(map(str.isdigit, code["code"])) and zone_offset_ms(code["code"]) is None:
        fields["sqlstate"] = code["code"]
    return fields
