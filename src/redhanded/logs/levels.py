"""Levels as loggers write them, to one scale."""

from __future__ import annotations

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
"""From the least to the gravest."""

_NAMES = {
    "trace": "trace", "verbose": "trace", "silly": "trace", "finest": "trace", "finer": "trace",
    "trc": "trace", "vrb": "trace",
    "debug": "debug", "dbg": "debug", "fine": "debug", "d": "debug", "config": "debug",
    "debug1": "debug", "debug2": "debug", "debug3": "debug", "debug4": "debug", "debug5": "debug",
    "info": "info", "information": "info", "informational": "info", "notice": "info",
    "http": "info", "log": "info", "i": "info", "default": "info", "inf": "info", "ntc": "info",
    "warn": "warn", "warning": "warn", "w": "warn", "wrn": "warn",
    "error": "error", "err": "error", "severe": "error", "e": "error", "failure": "error",
    "fatal": "fatal", "critical": "fatal", "crit": "fatal", "panic": "fatal", "alert": "fatal",
    "emerg": "fatal", "emergency": "fatal", "f": "fatal", "dpanic": "fatal", "ftl": "fatal",
}  # fmt: skip
_BUNYAN = ((60, "fatal"), (50, "error"), (40, "warn"), (30, "info"), (20, "debug"), (10, "trace"))
"""Lower ends of the numeric levels that bunyan brought and pino kept."""
_SYSLOG = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
"""RFC 5424, 6.2.1: emergency is 0."""
_OTLP = ("trace", "debug", "info", "warn", "error", "fatal")
"""OpenTelemetry's severity numbers: four of each from 1 on."""

_EXACT = dict(_BUNYAN)


def level_name(value: object) -> str | None:
    """trace, debug, info, warn, error or fatal; None for what is no level."""
    if type(value) is int and value in _EXACT:
        return _EXACT[value]
    if isinstance(value, str):
        found = _NAMES.get(value)
        return found or _NAMES.get(value.strip().lower())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return next((name for low, name in _BUNYAN if value >= low), None)
    return None


def syslog_level(severity: object) -> str | None:
    """The level behind a syslog severity (0 is the gravest), as number or digits."""
    try:
        number = int(str(severity))
    except ValueError:
        return None
    return _SYSLOG[number] if 0 <= number < len(_SYSLOG) else None


def otlp_level(number: object) -> str | None:
    """The level behind OpenTelemetry's severity number, 1 to 24; 0 says nothing."""
    try:
        found = int(str(number))
    except ValueError:
        return None
    return _OTLP[(found - 1) // 4] if 1 <= found <= 24 else None
