"""Google Cloud Logging's export: the program's own entry in ``jsonPayload`` or ``textPayload``."""

from __future__ import annotations

from redhanded.logs.formats.json_dialect import Fields, JsonDialect, without_prefix
from redhanded.logs.record import Scalar


def _amend(fields: dict[str, Scalar]) -> None:
    without_prefix(fields, "jsonPayload.")
    trace = fields.get("trace")
    if isinstance(trace, str) and "/traces/" in trace:
        fields["trace_id"] = trace.rpartition("/")[2]
    if isinstance(fields.get("spanId"), str):
        fields["span_id"] = fields["spanId"]


def _has_payload(fields: Fields) -> bool:
    return "textPayload" in fields or any(
        name.startswith(("jsonPayload.", "protoPayload.")) for name in fields
    )


GCP = JsonDialect(
    name="Google Cloud",
    needs=(),
    any_of=("timestamp", "receiveTimestamp"),
    time=("timestamp", "receiveTimestamp"),
    level=("severity", "level"),
    message=("textPayload", "message", "msg", "protoPayload.status.message"),
    when=_has_payload,
    amend=_amend,
)
