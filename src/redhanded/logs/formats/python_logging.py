"""Python's logging with the usual format strings, and what Celery, Django and uvicorn make of it.

Without a time (``WARNING:root:…``, the default of ``basicConfig``) too.
"""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.formats.timed_text import timed_entry
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import stamp_at

_LEVEL = r"(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|TRACE|NOTSET)"
_LOGGER = r"(?P<logger>[A-Za-z_][\w.-]*)"
_AFTER_DASH = (
    rf"\s+-\s+{_LOGGER}\s+-\s+{_LEVEL}\s+-\s+(?P<message>.*)",
    rf"\s+-\s+{_LEVEL}\s+-\s+{_LOGGER}\s+-\s+(?P<message>.*)",
)
_AFTER_BAR = (rf"\s*\|\s*{_LEVEL}\s*\|\s*(?P<logger>[\w.<>:-]+)\s+-\s+(?P<message>.*)",)
_AFTER_COLON = (rf":\s+{_LEVEL}/(?P<process>[\w-]+)\]\s+(?P<message>.*)",)
_AFTER_LEVEL = (
    rf"\]?\s+\[?{_LEVEL}\s*\]?:?\s+(?!\[[\w-]+\])\[?(?P<logger>[a-z_]\w*(?:\.\w+)+|[a-z_]\w*(?=[:\]]))\]?"
    r"\s*:?\s+(?!\()(?P<message>.*)",
)
_AFTER_PROCESS = (
    rf"\s+(?P<pid>\d+)\s+{_LEVEL}\s+(?P<logger>[\w.]+)\s+(?:\[.*?\]\s+)?(?P<message>.*)",
)
_BY_NEXT: dict[str, tuple[re.Pattern[str], ...]] = {
    character: tuple(re.compile(pattern, re.DOTALL) for pattern in patterns)
    for characters, patterns in (
        ("-", _AFTER_DASH),
        ("|", _AFTER_BAR),
        (":", _AFTER_COLON),
        ("[]DIWECFTN", _AFTER_LEVEL),
        ("0123456789", _AFTER_PROCESS),
    )
    for character in characters
}
"""By the first character after the time that is no space."""
_UNTIMED = re.compile(
    r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?:(?P<logger>[A-Za-z_][\w.-]*):(?P<message>\S.*)"
    r"|\s{2,}(?P<text>\S.*))$",
    re.DOTALL,
)


class PythonLogging:
    """``2025-01-02 10:00:00,123 - shop.jobs - ERROR - …`` and its relatives."""

    name = "Python logging"
    starts = "[0123456789DIWEC"

    def parse(self, line: str) -> Entry | None:
        first = line[:1]
        if not ("0" <= first <= "9" or first == "["):
            return self._untimed(line) if first in "DIWEC" and ":" in line[4:9] else None
        start = 1 if first == "[" else 0
        stamp = stamp_at(line, start)
        if stamp is None:
            return None
        after = line[stamp.end : stamp.end + 8].lstrip()[:1]
        for pattern in _BY_NEXT.get(after, ()):
            match = pattern.match(line, stamp.end)
            if match:
                return timed_entry(stamp, match)
        return None

    def _untimed(self, line: str) -> Entry | None:
        match = _UNTIMED.match(line)
        if match is None:
            return None
        message = match["message"] or match["text"]
        fields: dict[str, Scalar] = text_fields(message)
        if match["logger"]:
            fields.setdefault("logger", match["logger"])
        return Entry(fields=fields, level=level_name(match["level"]), message=message)
