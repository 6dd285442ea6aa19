"""zerolog (Go): level, time and message, the error in ``error``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

ZEROLOG = JsonDialect(
    name="zerolog",
    needs=("level", "time", "message"),
    time=("time",),
    level=("level",),
    message=("message", "error"),
)
