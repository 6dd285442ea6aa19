"""pino (Node.js): numeric levels, milliseconds since 1970, the error's stack in ``err.stack``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

PINO = JsonDialect(
    name="pino",
    needs=("level", "time"),
    any_of=("msg", "pid", "hostname", "err.stack", "err.message"),
    time=("time",),
    unit="ms",
    level=("level",),
    message=("msg", "message", "err.message"),
)
