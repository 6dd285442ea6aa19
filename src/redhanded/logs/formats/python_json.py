"""python-json-logger: the attributes of Python's ``LogRecord`` under their own names."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

PYTHON_JSON = JsonDialect(
    name="python-json-logger",
    needs=("message",),
    any_of=("levelname", "asctime", "exc_info"),
    time=("asctime", "timestamp", "time", "created"),
    level=("levelname", "level", "severity"),
    message=("message",),
)
