"""PostgreSQL's csvlog; the columns are those of version 9.0 and later."""

from __future__ import annotations

import re

from redhanded.logs.formats.rows import cells
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import epoch_ms

_COLUMNS = (
    "log_time", "user", "database", "pid", "remote_address", "session", "session_line",
    "command_tag", "session_start", "virtual_transaction", "transaction", "severity", "sqlstate",
    "message", "detail", "hint", "internal_query", "internal_query_pos", "context", "statement",
    "statement_pos", "location", "application", "backend_type", "leader_pid", "query_id",
)  # fmt: skip
_SEVERITY = _COLUMNS.index("severity")
_KEPT = (
    "user", "database", "session", "command_tag", "sqlstate", "detail", "hint", "context",
    "statement", "application", "virtual_transaction", "remote_address",
)  # fmt: skip
_START = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z+\-\d]{1,6},")


class PostgresCsvlog:
    """One row per message; its statement may hold newlines."""

    name = "PostgreSQL csvlog"
    starts = "0123456789"

    def parse(self, line: str) -> Entry | None:
        if not _START.match(line):
            return None
        row = cells(line)
        if len(row) <= _COLUMNS.index("message") or level_name(row[_SEVERITY]) is None:
            return None
        named = dict(zip(_COLUMNS, row, strict=False))
        fields: dict[str, Scalar] = {name: named[name] for name in _KEPT if named.get(name)}
        if named["pid"].isdigit():
            fields["pid"] = int(named["pid"])
        moment = epoch_ms(named["log_time"])
        return Entry(
            fields=fields,
            at_ms=moment[0] if moment else None,
            zoned=moment[1] if moment else True,
            level=level_name(named["severity"]),
            message=named["message"],
            whole=len(row) >= _COLUMNS.index("application"),
        )
