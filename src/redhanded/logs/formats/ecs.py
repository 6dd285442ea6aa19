"""Elastic Common Schema: ``log.level`` and ``error.stack_trace``, nested or with dots."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import JsonDialect

ECS = JsonDialect(
    name="ECS",
    needs=("@timestamp",),
    any_of=("ecs.version", "log.level", "ecs", "error.stack_trace"),
    time=("@timestamp",),
    level=("log.level", "level"),
    message=("message", "error.message"),
)
