"""slog (Go's standard library): level in capitals, perhaps with a distance (``ERROR+2``)."""

from __future__ import annotations

import re

from redhanded.logs.formats.json_dialect import Fields, JsonDialect
from redhanded.logs.levels import level_name


def slog_level(value: object) -> str | None:
    """``ERROR+2`` counts as error."""
    return level_name(re.sub(r"[+-]\d+$", "", value) if isinstance(value, str) else value)


def _in_capitals(fields: Fields) -> bool:
    level = fields["level"]
    return isinstance(level, str) and level[:1].isupper()


SLOG = JsonDialect(
    name="slog",
    needs=("time", "level", "msg"),
    time=("time",),
    level=("level",),
    message=("msg",),
    read_level=slog_level,
    when=_in_capitals,
)
