"""One JSON object per line: pino, bunyan, winston, structlog, zap, Docker's json-file."""

from __future__ import annotations

import re

import msgspec

from redhanded.logs.fields import flatten
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import epoch_ms

_TIME_NAMES = ("time", "timestamp", "@timestamp", "ts", "datetime", "date", "asctime", "@t", "t")
_LEVEL_NAMES = ("level", "severity", "log.level", "lvl", "levelname", "log_level", "@l")
_MESSAGE_NAMES = ("msg", "message", "@m", "event", "text", "log")
_CUT_PAIR = re.compile(r'"([\w.$@-]+)":("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?=[,}])|true|false)')


class JsonLines:
    """Objects whose names for time, level and message are any of the usual ones."""

    name = "JSON lines"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder()

    def parse(self, line: str) -> Entry | None:
        if not line.startswith("{"):
            return None
        try:
            value = self._decoder.decode(line)
        except msgspec.DecodeError:
            return self._parts(line)
        return _entry(flatten(value), whole=True)

    def _parts(self, line: str) -> Entry | None:
        """What still stands in an object that is cut; names of nested fields lose their parents."""
        fields: dict[str, Scalar] = {}
        for name, value in _CUT_PAIR.findall(line):
            try:
                fields.setdefault(name, self._decoder.decode(value))
            except msgspec.DecodeError:
                continue
        return _entry(fields, whole=False) if fields or line.startswith('{"') else None


def _entry(fields: dict[str, Scalar], *, whole: bool) -> Entry:
    at_ms, zoned = _time(fields)
    return Entry(
        fields=fields,
        at_ms=at_ms,
        zoned=zoned,
        level=_level(fields),
        message=_message(fields),
        whole=whole,
    )


def _time(fields: dict[str, Scalar]) -> tuple[float | None, bool]:
    for name in _TIME_NAMES:
        if name in fields and (moment := epoch_ms(fields[name])):
            return moment
    return None, True


def _level(fields: dict[str, Scalar]) -> str | None:
    for name in _LEVEL_NAMES:
        if name in fields:
            return level_name(fields[name])
    return None


def _message(fields: dict[str, Scalar]) -> str:
    for name in _MESSAGE_NAMES:
        value = fields.get(name)
        if isinstance(value, str):
            return value
    return ""
