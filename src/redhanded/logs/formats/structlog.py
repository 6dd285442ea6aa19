"""structlog (Python): the message is called ``event``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

STRUCTLOG = JsonDialect(
    name="structlog",
    needs=("event", "level"),
    time=("timestamp", "time"),
    level=("level", "log_level"),
    message=("event",),
)
