"""Levels as loggers write them, to one scale."""

from __future__ import annotations

_NAMES = {
    "trace": "trace", "verbose": "trace", "silly": "trace", "finest": "trace",
    "debug": "debug", "dbg": "debug", "fine": "debug", "d": "debug",
    "info": "info", "information": "info", "notice": "info", "http": "info", "log": "info",
    "i": "info", "default": "info",
    "warn": "warn", "warning": "warn", "w": "warn", "wrn": "warn",
    "error": "error", "err": "error", "severe": "error", "e": "error",
    "fatal": "fatal", "critical": "fatal", "crit": "fatal", "panic": "fatal", "alert": "fatal",
    "emerg": "fatal", "emergency": "fatal", "f": "fatal", "dpanic": "fatal",
}  # fmt: skip
_BUNYAN = ((60, "fatal"), (50, "error"), (40, "warn"), (30, "info"), (20, "debug"), (10, "trace"))
"""Lower ends of the numeric levels that bunyan brought and pino kept."""


_EXACT = dict(_BUNYAN)


def level_name(value: object) -> str | None:
    """trace, debug, info, warn, error or fatal; None for what is no level."""
    if type(value) is int and value in _EXACT:
        return _EXACT[value]
    if isinstance(value, str):
        return _NAMES.get(value.strip().lower())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return next((name for low, name in _BUNYAN if value >= low), None)
    return None
