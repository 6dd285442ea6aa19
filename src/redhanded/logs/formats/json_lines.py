"""One JSON object per line. Which logger wrote it is told by the names it has; the names of a shape
are looked at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from redhanded.logs.fields import flatten
from redhanded.logs.formats import otlp
from redhanded.logs.formats.bunyan import BUNYAN
from redhanded.logs.formats.datadog import DATADOG, DATADOG_LIBRARY
from redhanded.logs.formats.ecs import ECS
from redhanded.logs.formats.gcp import GCP
from redhanded.logs.formats.json_dialect import JsonDialect
from redhanded.logs.formats.logstash import LOGSTASH
from redhanded.logs.formats.pino import PINO
from redhanded.logs.formats.postgres_jsonlog import POSTGRES_JSONLOG
from redhanded.logs.formats.python_json import PYTHON_JSON
from redhanded.logs.formats.slog import SLOG
from redhanded.logs.formats.structlog import STRUCTLOG
from redhanded.logs.formats.winston import WINSTON
from redhanded.logs.formats.zap import ZAP
from redhanded.logs.formats.zerolog import ZEROLOG
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import epoch_ms

ANY = JsonDialect(name="JSON lines", needs=())
DIALECTS: tuple[JsonDialect, ...] = (
    POSTGRES_JSONLOG, GCP, DATADOG, DATADOG_LIBRARY, ECS, LOGSTASH, BUNYAN, SLOG, ZAP, ZEROLOG,
    PINO, STRUCTLOG, PYTHON_JSON, WINSTON, ANY,
)  # fmt: skip
"""Tried in this order on each new shape; the last one fits all."""

_CUT_PAIR = re.compile(r'"([\w.$@-]+)":\s?("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?=[,}])|true|false)')
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_SHAPES_MAX = 4096
_PARTS_BYTES_MAX = 256 * 1024
"""Of a broken object that is looked through for what still stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where entries with the same names in the same order keep what is wanted."""

    dialect: JsonDialect
    times: tuple[str, ...]
    """Names present that may hold the time."""
    levels: tuple[str, ...]
    messages: tuple[str, ...]


class JsonLines:
    """Objects in the dialects of ``DIALECTS``."""

    name = "JSON lines"
    starts = "{"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder()
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self.latest = self.name
        """The dialect of the entry that was read last."""

    def parse(self, line: str) -> Entry | None:
        if line[:1] != "{":
            return None
        try:
            value = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return self._repaired(line)
        return self.entry(value)

    def decode(self, line: str) -> Any:
        """The value on a line; None if it is no whole JSON."""
        try:
            return self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return None

    def entry(self, value: dict[str, Any]) -> Entry:
        """The entry that a decoded object is."""
        if "timeUnixNano" in value or "observedTimeUnixNano" in value:
            self.latest = otlp.NAME
            return otlp.log_entry(value, {})
        return self._entry(flatten(value), whole=True)

    def _repaired(self, line: str) -> Entry | None:
        """Half a pair of surrogates is replaced; of a cut object what still stands is kept."""
        if "\\ud" in line or "\\uD" in line:
            mended = _LONE_SURROGATE.sub(lambda match: match[1] + (match[2] or "\\ufffd"), line)
            value = self.decode(mended) if mended != line else None
            if isinstance(value, dict):
                return self.entry(value)
        return self._parts(line[:_PARTS_BYTES_MAX])

    def _parts(self, line: str) -> Entry | None:
        """What still stands in an object that is cut; names of nested fields lose their parents."""
        fields: dict[str, Scalar] = {}
        for name, value in _CUT_PAIR.findall(line):
            try:
                fields.setdefault(name, self._decoder.decode(value))
            except msgspec.MsgspecError:
                continue
        return self._entry(fields, whole=False) if fields or line.startswith('{"') else None

    def _shape(self, fields: dict[str, Scalar]) -> Shape:
        level = fields.get("level")
        key = (*fields, type(level) if type(level) is not str else level[:1].isupper())
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _SHAPES_MAX:
                self._shapes.clear()
            shape = self._shapes[key] = _shape_of(fields)
        return shape

    def _entry(self, fields: dict[str, Scalar], *, whole: bool) -> Entry:
        shape = self._shape(fields)
        dialect = shape.dialect
        self.latest = dialect.name
        if dialect.amend is not None:
            dialect.amend(fields)
            shape = _shape_of(fields, dialect)
        at_ms, zoned = None, True
        for name in shape.times:
            if moment := epoch_ms(fields[name], dialect.unit):
                at_ms, zoned = moment
                break
        level = dialect.default_level
        for name in shape.levels:
            if found := dialect.read_level(fields[name]):
                level = found
                break
        return Entry(
            fields=fields,
            at_ms=at_ms,
            zoned=zoned,
            level=level,
            message=next((str(fields[n]) for n in shape.messages if type(fields[n]) is str), ""),
            whole=whole,
        )


def _shape_of(fields: dict[str, Scalar], dialect: JsonDialect | None = None) -> Shape:
    known = dialect or next(one for one in DIALECTS if one.fits(fields))
    return Shape(
        dialect=known,
        times=tuple(name for name in known.time if name in fields),
        levels=tuple(name for name in known.level if name in fields),
        messages=tuple(name for name in known.message if name in fields),
    )
