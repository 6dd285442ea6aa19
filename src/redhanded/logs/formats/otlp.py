"""OpenTelemetry's JSON: log records and spans, with the exceptions that spans carry as events.

Ids are hexadecimal (some exporters write base64), times nanoseconds as strings. Attributes have
their present stable names or the older ones; the stable name is added where only the old one is
there. Source: the OTLP specification, JSON Protobuf encoding, and the semantic conventions'
migration guides for HTTP, databases and code.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from redhanded.logs.levels import level_name, otlp_level
from redhanded.logs.record import Entry, Scalar

NAME = "OpenTelemetry"
_STABLE = {
    "db.system": "db.system.name", "db.statement": "db.query.text", "db.name": "db.namespace",
    "db.operation": "db.operation.name", "db.sql.table": "db.collection.name",
    "http.method": "http.request.method", "http.status_code": "http.response.status_code",
    "http.target": "url.path", "http.url": "url.full", "http.scheme": "url.scheme",
    "http.user_agent": "user_agent.original", "net.peer.name": "server.address",
    "net.peer.port": "server.port", "net.host.name": "server.address",
    "net.host.port": "server.port", "http.client_ip": "client.address",
    "messaging.destination": "messaging.destination.name",
    "messaging.message_id": "messaging.message.id", "code.function": "code.function.name",
    "code.filepath": "code.file.path", "code.lineno": "code.line.number",
}  # fmt: skip
"""Old attribute names to the present stable ones."""
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_SPAN_ERROR = (2, "STATUS_CODE_ERROR")
_DEPTH_MAX = 4


def entries(value: Mapping[str, Any]) -> Iterator[Entry]:
    """Every log record, span and exception event in one ``resourceLogs`` or ``resourceSpans``
    document, in the order they stand."""
    for resource in _list(value, "resourceLogs"):
        shared = _resource(resource)
        for scope in _list(resource, "scopeLogs", "instrumentationLibraryLogs"):
            named = _scoped(shared, scope)
            for record in _list(scope, "logRecords", "logs"):
                yield log_entry(record, named)
    for resource in _list(value, "resourceSpans"):
        shared = _resource(resource)
        for scope in _list(resource, "scopeSpans", "instrumentationLibrarySpans"):
            named = _scoped(shared, scope)
            for span in _list(scope, "spans"):
                yield from span_entries(span, named)


def log_entry(record: Mapping[str, Any], shared: Mapping[str, Scalar]) -> Entry:
    """One log record; ``shared`` are its resource's attributes."""
    fields = {**attributes(record), **_ids(record)}
    body = _value(record.get("body"))
    if isinstance(body, dict):
        _spread(fields, "", body)
    _share(fields, shared)
    text = body if isinstance(body, str) else ""
    return Entry(
        fields=fields,
        at_ms=_at_ms(record.get("timeUnixNano")) or _at_ms(record.get("observedTimeUnixNano")),
        level=otlp_level(record.get("severityNumber")) or level_name(record.get("severityText")),
        message=text or str(_first(fields, "exception.message", "message", "msg", "event.name")),
    )


def span_entries(span: Mapping[str, Any], shared: Mapping[str, Scalar]) -> Iterator[Entry]:
    """The span itself, at its start, and one entry for each of its events."""
    fields = {**attributes(span), **_ids(span)}
    start, end = _at_ms(span.get("startTimeUnixNano")), _at_ms(span.get("endTimeUnixNano"))
    status = span.get("status") if isinstance(span.get("status"), dict) else {}
    failed = status.get("code") in _SPAN_ERROR if isinstance(status, dict) else False
    name = str(span.get("name", ""))
    fields["span.name"] = name
    if start is not None and end is not None:
        fields["duration_ms"] = end - start
    if failed and isinstance(status, dict) and status.get("message"):
        fields["status.message"] = str(status["message"])
    _share(fields, shared)
    yield Entry(fields=fields, at_ms=start, level="error" if failed else "info", message=name)
    for event in _list(span, "events"):
        yield _event(event, fields, name)


def _event(event: Mapping[str, Any], span: Mapping[str, Scalar], name: str) -> Entry:
    fields = attributes(event)
    for known in ("trace_id", "span_id", "service.name", "service.instance.id", "host.name"):
        if known in span:
            fields.setdefault(known, span[known])
    fields["span.name"] = name
    title = str(event.get("name", ""))
    thrown = title == "exception" or "exception.type" in fields
    message = str(_first(fields, "exception.message", "exception.type")) if thrown else title
    return Entry(
        fields=fields,
        at_ms=_at_ms(event.get("timeUnixNano")),
        level="error" if thrown else "info",
        message=message or title,
    )


def exception_key(entry: Entry) -> tuple[str, ...] | None:
    """What two reports of one exception share: trace, span, type and message; None for entries that
    report none."""
    fields = entry.fields
    if "exception.type" not in fields and "exception.message" not in fields:
        return None
    names = ("trace_id", "span_id", "exception.type", "exception.message")
    found = tuple(str(fields.get(name, "")) for name in names)
    return found if found[0] and found[1] else None


def is_span_event(entry: Entry) -> bool:
    """Whether an entry with an exception came from a span."""
    return "span.name" in entry.fields


def attributes(holder: Mapping[str, Any]) -> dict[str, Scalar]:
    """The attributes under their own names, and under the stable name where that is missing."""
    fields: dict[str, Scalar] = {}
    for pair in _list(holder, "attributes"):
        key = pair.get("key")
        if isinstance(key, str):
            _spread(fields, key, _value(pair.get("value")))
    for old, stable in _STABLE.items():
        if old in fields:
            fields.setdefault(stable, fields[old])
    return fields


def _spread(fields: dict[str, Scalar], name: str, value: object, depth: int = _DEPTH_MAX) -> None:
    if isinstance(value, str | int | float):
        fields[name] = value
    elif depth and isinstance(value, dict):
        for key, inner in value.items():
            _spread(fields, f"{name}.{key}" if name else str(key), inner, depth - 1)
    elif depth and isinstance(value, list):
        for number, inner in enumerate(value[:8]):
            _spread(fields, f"{name}.{number}", inner, depth - 1)


def _value(value: object, depth: int = _DEPTH_MAX) -> object:
    """What an ``AnyValue`` holds: a string, number, boolean, list or dict."""
    if not isinstance(value, dict) or not depth:
        return value if isinstance(value, str | int | float) else None
    for kind, inner in value.items():
        if kind == "intValue":
            return int(inner) if str(inner).lstrip("-").isdigit() else str(inner)
        if kind in ("stringValue", "doubleValue", "boolValue", "bytesValue"):
            return inner
        if kind == "arrayValue":
            return [_value(one, depth - 1) for one in _list(inner, "values")]
        if kind == "kvlistValue":
            pairs = _list(inner, "values")
            return {str(one.get("key")): _value(one.get("value"), depth - 1) for one in pairs}
    return None


def _resource(resource: Mapping[str, Any]) -> dict[str, Scalar]:
    inner = resource.get("resource")
    return attributes(inner) if isinstance(inner, dict) else {}


def _scoped(shared: dict[str, Scalar], scope: Mapping[str, Any]) -> dict[str, Scalar]:
    inner = scope.get("scope") or scope.get("instrumentationLibrary")
    name = inner.get("name") if isinstance(inner, dict) else None
    return {**shared, "logger": name} if isinstance(name, str) and name else shared


def _share(fields: dict[str, Scalar], shared: Mapping[str, Scalar]) -> None:
    for name, value in shared.items():
        fields.setdefault(name, value)


def _ids(holder: Mapping[str, Any]) -> dict[str, Scalar]:
    names = (("traceId", "trace_id", 16), ("spanId", "span_id", 8))
    found: dict[str, Scalar] = {}
    for name, ours, size in (*names, ("parentSpanId", "parent_span_id", 8)):
        value = holder.get(name) or holder.get(ours)
        if isinstance(value, str) and value.strip("0"):
            found[ours] = _hexadecimal(value, size)
    return found


def _hexadecimal(value: str, size: int) -> str:
    if len(value) == 2 * size and _HEX.match(value):
        return value.lower()
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error:
        return value
    return raw.hex() if len(raw) == size else value


def _at_ms(nanoseconds: object) -> float | None:
    text = str(nanoseconds)
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) == 0:
        return None
    return int(text) / 1e6


def _first(fields: Mapping[str, Scalar], *names: str) -> Scalar:
    return next((fields[name] for name in names if name in fields), "")


def _list(holder: object, *names: str) -> list[dict[str, Any]]:
    if isinstance(holder, dict):
        for name in names:
            found = holder.get(name)
            if isinstance(found, list):
                return [one for one in found if isinstance(one, dict)]
    return []
