"""Access logs of nginx and Apache: common and combined, with what people append to them."""

from __future__ import annotations

import re
import string

from redhanded.logs.fields import text_fields
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import stamp_at

_START = re.compile(
    r"(?P<client>[\w.:%-]+|\[[0-9a-f:]+\]) (?P<identity>\S+) (?P<user>\S+) \[(?=\d\d/[A-Z])"
)
_REST = re.compile(
    r'\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<more>.*)$'
)
_REQUEST = re.compile(r"(?P<method>[A-Z]{3,10}) (?P<path>\S+)(?: HTTP/[\d.]+)?$")
_SECONDS = re.compile(r"(?<![\w.=\"])(?P<seconds>\d+\.\d{3})(?![\w.])")


class NginxAccess:
    """``1.2.3.4 - - [02/Jan/2025:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "agent"``."""

    name = "access log"
    starts = "[:0123456789" + string.ascii_letters

    def parse(self, line: str) -> Entry | None:
        start = _START.match(line)
        stamp = stamp_at(line, start.end()) if start else None
        rest = _REST.match(line, stamp.end) if stamp else None
        if start is None or stamp is None or rest is None:
            return None
        status = int(rest["status"])
        fields: dict[str, Scalar] = {"remote_address": start["client"], "status": status}
        if start["user"] != "-":
            fields["user"] = start["user"]
        if request := _REQUEST.match(rest["request"]):
            fields["method"], fields["path"] = request["method"], request["path"]
        if rest["bytes"] != "-":
            fields["bytes"] = int(rest["bytes"])
        for key, part in (("referer", rest["referer"]), ("user_agent", rest["agent"])):
            if part and part != "-":
                fields[key] = part
        if rest["more"]:
            _append(fields, rest["more"])
        return Entry(
            fields=fields,
            at_ms=stamp.at_ms,
            zoned=stamp.zoned,
            level="error" if status >= 500 else "info",
            message=f"{rest['request']} {status}",
        )


def _append(fields: dict[str, Scalar], more: str) -> None:
    """``rt=0.123 uct=…`` by their names; a lone number of seconds is the request's time."""
    for name, value in text_fields(more).items():
        fields.setdefault({"rt": "request_time"}.get(name, name), value)
    if "request_time" not in fields and (match := _SECONDS.search(more)):
        fields["request_time"] = match["seconds"]
    for known in ("request_time", "urt", "upstream_response_time"):
        spelled = fields.get(known)
        if isinstance(spelled, str) and re.fullmatch(r"\d+\.\d+", spelled):
            fields[known] = float(spelled)
