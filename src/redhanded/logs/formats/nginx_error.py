"""nginx's error log."""

from __future__ import annotations

import re

from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import stamp_at

_REST = re.compile(
    r" \[(?P<level>[a-z]+)\] (?P<pid>\d+)#(?P<tid>\d+): (?:\*(?P<connection>\d+) )?(?P<message>.*)",
    re.DOTALL,
)
_CONTEXT = re.compile(
    r", (?P<name>client|server|request|upstream|host|referrer|subrequest): "
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^,]*))"
)
_REQUEST = re.compile(r"(?P<method>[A-Z]{3,10}) (?P<path>\S+)")


class NginxError:
    """``2025/01/02 10:00:00 [error] 12#12: *34 …, client: …, request: "…"``."""

    name = "nginx error log"
    starts = "0123456789"

    def parse(self, line: str) -> Entry | None:
        if line[4:5] != "/":
            return None
        stamp = stamp_at(line)
        match = _REST.match(line, stamp.end) if stamp else None
        if stamp is None or match is None:
            return None
        fields: dict[str, Scalar] = {"pid": int(match["pid"])}
        if match["connection"]:
            fields["connection"] = int(match["connection"])
        whole = match["message"]
        cut = len(whole)
        for pair in _CONTEXT.finditer(whole):
            cut = min(cut, pair.start())
            value = pair["quoted"] if pair["quoted"] is not None else pair["bare"]
            fields.setdefault({"client": "remote_address"}.get(pair["name"], pair["name"]), value)
        if request := _REQUEST.match(str(fields.get("request", ""))):
            fields["method"], fields["path"] = request["method"], request["path"]
        return Entry(
            fields=fields,
            at_ms=stamp.at_ms,
            zoned=stamp.zoned,
            level=level_name(match["level"]),
            message=whole[:cut],
        )
