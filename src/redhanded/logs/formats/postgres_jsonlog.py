"""PostgreSQL's jsonlog (version 15 and later)."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

POSTGRES_JSONLOG = JsonDialect(
    name="PostgreSQL jsonlog",
    needs=("timestamp", "error_severity", "message"),
    time=("timestamp",),
    level=("error_severity",),
    message=("message",),
)
