"""bunyan (Node.js): pino's levels, ISO times, and the version of its format in ``v``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

BUNYAN = JsonDialect(
    name="bunyan",
    needs=("v", "level", "time", "name", "hostname", "pid"),
    time=("time",),
    level=("level",),
    message=("msg",),
)
