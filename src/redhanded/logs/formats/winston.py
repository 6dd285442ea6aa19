"""winston (Node.js): level and message, with a timestamp if its format was asked to add one."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

WINSTON = JsonDialect(
    name="winston",
    needs=("level", "message"),
    any_of=("timestamp", "service", "stack", "label"),
    time=("timestamp", "time"),
    level=("level",),
    message=("message",),
)
