"""Lines without a time that begin with a level: consoles, build tools, small programs."""

from __future__ import annotations

import re
import string

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry

_START = re.compile(
    r"(?:\[(?P<bracketed>[A-Za-z]{3,11})\s*\]:?\s+|(?P<bare>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR"
    r"|FATAL|CRITICAL)\s*(?:[:|-]\s*|\s)|(?P<quiet>trace|debug|info|warn|warning|error|fatal): )"
    r"(?P<message>\S.*)",
    re.DOTALL,
)


class Console:
    """``[ERROR] …``, ``WARN …``, ``error: …``."""

    name = "console"
    starts = "[" + string.ascii_letters

    def parse(self, line: str) -> Entry | None:
        match = _START.match(line)
        if match is None:
            return None
        level = level_name(match["bracketed"] or match["bare"] or match["quiet"])
        if level is None:
            return None
        return Entry(fields=text_fields(match["message"]), level=level, message=match["message"])
