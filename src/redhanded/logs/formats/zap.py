"""zap (Go): seconds since 1970 in ``ts``, the place in ``caller``, ``stacktrace`` on errors."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

ZAP = JsonDialect(
    name="zap",
    needs=("level", "ts", "msg"),
    time=("ts",),
    unit="s",
    level=("level",),
    message=("msg",),
)
