"""JSON documents that hold many entries: OpenTelemetry, CloudWatch, exports as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from redhanded.logs.formats import otlp
from redhanded.logs.formats.json_lines import JsonLines
from redhanded.logs.record import Entry
from redhanded.logs.times import epoch_ms


class Piece(NamedTuple):
    """One entry of a document."""

    text: str
    """A line as its program wrote it, or the entry as JSON."""
    entry: Entry | None = None
    """None where ``text`` has still to be read in its own format."""
    at_ms: float | None = None
    """When the collector got it."""
    source: str | None = None
    format: str = ""
    """Name of the format of ``entry``."""


_LISTS = ("logEvents", "events", "results", "data", "logs", "entries")
"""Names under which exports keep their entries."""
_YEAR_1973_MS = 100_000_000_000
_OTLP = ("resourceLogs", "resourceSpans")


def pieces(value: object, known: JsonLines) -> list[Piece] | None:
    """The entries of a decoded document; None if it is one entry itself."""
    if isinstance(value, list):
        found = [piece for one in value for piece in _of_item(one, known, {})]
        return found or None
    if not isinstance(value, dict):
        return None
    if any(name in value for name in _OTLP):
        return [_of_otlp(entry) for entry in otlp.entries(value)]
    if "message" in value and "timestamp" in value and _is_event(value):
        return list(_of_item(value, known, {}))
    for name in _LISTS:
        inside = value.get(name)
        if isinstance(inside, list) and inside and all(map(_is_item, inside)):
            return [piece for one in inside for piece in _of_item(one, known, value)]
    if value.get("messageType") == "CONTROL_MESSAGE":
        return []
    return None


def may_hold_entries(names: Sequence[str]) -> bool:
    """Whether an object with these names may be a document of several entries."""
    if any(name in names for name in (*_LISTS, *_OTLP, "messageType")):
        return True
    return "message" in names and "timestamp" in names


def _of_item(item: object, known: JsonLines, around: Mapping[str, Any]) -> Iterator[Piece]:
    if isinstance(item, list):
        named = {one["field"]: one.get("value") for one in item if _is_cell(one)}
        item = {name.lstrip("@"): value for name, value in named.items() if name != "@ptr"}
        if not isinstance(item.get("message"), str):
            return
        yield _event(item, around)
    elif isinstance(item, dict) and _is_event(item):
        yield _event(item, around)
    elif isinstance(item, dict) and any(name in item for name in _OTLP):
        yield from (_of_otlp(entry) for entry in otlp.entries(item))
    elif isinstance(item, dict):
        entry = known.entry(item)
        yield Piece(msgspec.json.encode(item).decode(), entry, format=known.latest)


def _event(item: Mapping[str, Any], around: Mapping[str, Any]) -> Piece:
    moment = epoch_ms(item.get("timestamp"), "ms")
    stream = item.get("logStreamName") or item.get("logStream") or around.get("logStream")
    return Piece(
        str(item.get("message", "")).rstrip("\n"),
        at_ms=moment[0] if moment else None,
        source=str(stream) if stream else None,
    )


def _is_item(item: object) -> bool:
    """An entry, not a part of one (the events of an order, say): it has a time and something to
    say, or is a row of a CloudWatch query."""
    if isinstance(item, list):
        return bool(item) and all(map(_is_cell, item))
    if not isinstance(item, dict):
        return False
    inner = item.get("attributes") or item.get("content") or item
    if not isinstance(inner, dict):
        return False
    timed = any(name in inner or name in item for name in ("timestamp", "time", "@timestamp"))
    says = ("message", "msg", "textPayload", "jsonPayload", "severity", "level", "status")
    return timed and any(name in inner or name in item for name in says)


def _is_event(item: Mapping[str, Any]) -> bool:
    """CloudWatch's own shape: milliseconds, the line, and little else."""
    marks = ("ingestionTime", "eventId", "logStreamName")
    at = item.get("timestamp")
    if not isinstance(item.get("message"), str) or type(at) is not int or at < _YEAR_1973_MS:
        return False
    return any(name in item for name in marks) or set(item) <= {"id", "timestamp", "message"}


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and isinstance(cell.get("field"), str)


def _of_otlp(entry: Entry) -> Piece:
    says = {} if "message" in entry.fields else {"message": entry.message}
    text = msgspec.json.encode({**says, **entry.fields}).decode()
    return Piece(text, entry, format=otlp.NAME)
