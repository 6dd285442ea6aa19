"""logback and log4j through Logstash's encoder: ``@timestamp``, ``@version``, ``stack_trace``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

LOGSTASH = JsonDialect(
    name="logstash",
    needs=("@timestamp", "message"),
    any_of=("@version", "logger_name", "thread_name", "level_value"),
    time=("@timestamp",),
    level=("level", "severity"),
    message=("message",),
)
