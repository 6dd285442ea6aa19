"""Datadog's exports and archives: attributes in ``attributes`` or ``content``, decimal trace ids.

A decimal id is the lower 64 bits of the trace; ``trace_id`` and ``span_id`` give it in hexadecimal,
as OpenTelemetry writes it, beside the original.
"""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import Fields, JsonDialect, without_prefix
from redhanded.logs.record import Scalar

_PREFIXES = ("content.", "attributes.", "attributes.", "custom.")
_IDS = {
    "trace_id": ("dd.trace_id", "dd_trace_id", "dd.traceId", "trace_id"),
    "span_id": ("dd.span_id", "dd_span_id", "dd.spanId", "span_id"),
}


def hexadecimal(decimal: object) -> str | None:
    """A 64-bit id in sixteen hexadecimal digits; None for what is no decimal id."""
    text = str(decimal)
    if not (text.isdigit() and text.isascii() and len(text) <= 20) or int(text) >= 1 << 64:
        return None
    return f"{int(text):016x}"


def _amend(fields: dict[str, Scalar]) -> None:
    for prefix in _PREFIXES:
        without_prefix(fields, prefix)
    fields_with_hexadecimal_ids(fields)


def fields_with_hexadecimal_ids(fields: dict[str, Scalar]) -> None:
    """Adds ``trace_id`` and ``span_id`` in hexadecimal where Datadog's library wrote decimals."""
    for name, spellings in _IDS.items():
        spelled = next((one for one in spellings if one in fields), None)
        if spelled is not None and (found := hexadecimal(fields[spelled])):
            if spelled == name:
                fields[f"dd.{name}"] = str(fields[name])
            fields[name] = found


def _exported(fields: Fields) -> bool:
    if "content.timestamp" in fields or "attributes.timestamp" in fields:
        return True
    return "_id" in fields and "date" in fields and "status" in fields


DATADOG = JsonDialect(
    name="Datadog",
    needs=(),
    when=_exported,
    time=("timestamp", "date"),
    level=("status", "level"),
    message=("message",),
    amend=_amend,
)
DATADOG_LIBRARY = JsonDialect(
    name="JSON with Datadog's ids",
    needs=(),
    any_of=("dd.trace_id", "dd_trace_id", "dd.traceId"),
    amend=fields_with_hexadecimal_ids,
)
