"""log4j, logback and their relatives: thread, level, logger and message in the usual patterns."""

from __future__ import annotations

import re

from redhanded.logs.formats.timed_text import timed_entry
from redhanded.logs.record import Entry
from redhanded.logs.times import stamp_at

_LEVEL = r"(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE|FINE|FINER|FINEST|CONFIG)"
_LOGGER = r"(?P<logger>(?:[\w$]+\.)*[\w$-]+)"
_REST = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rf"\s+{_LEVEL}\s+(?P<pid>\d+)\s+---\s+(?:\[[^\]]*\]\s+)?\[\s*(?P<thread>[^\]]*?)\s*\]"
        rf"(?:\s+\[[^\]]*\])?\s+{_LOGGER}\s+:\s?(?P<message>.*)",
        rf"\s+\[(?P<thread>.*?)\]\s+{_LEVEL}\s+{_LOGGER}(?::\d+)?\s*(?:\[[^\]]*\]\s*)?(?:-|:)\s"
        r"(?P<message>.*)",
        rf"\s+{_LEVEL}\s+\[(?P<thread>.*?)\]\s+{_LOGGER}(?::\d+)?\s*(?:-|:)\s(?P<message>.*)",
        rf"\s+{_LEVEL}\s+\[(?P<logger>[\w.$-]+)\]\s+\((?P<thread>[^)]*)\)\s(?P<message>.*)",
        rf"\s+{_LEVEL}\s+(?P<logger>(?:[\w$]+\.)+[\w$-]+|[\w$]*[A-Z][\w$]*)(?::\d+)?\s*(?:-|:)\s"
        r"(?P<message>.*)",
        rf"\s+(?:\[(?P<thread>[^\]]*)\]\s+)?{_LEVEL}\s+\[?{_LOGGER}\]?\s+-\s(?P<message>.*)",
    )
)


_NEXT = tuple("[TDIWEFSC")
"""First characters after the time: a thread in brackets, or a level."""


class Log4j:
    """``2025-01-02 10:00:00,123 [main] ERROR shop.Jobs - …`` and its relatives."""

    name = "log4j"
    starts = "0123456789"

    def parse(self, line: str) -> Entry | None:
        if not "0" <= line[:1] <= "9":
            return None
        stamp = stamp_at(line)
        if stamp is None:
            return None
        if line[stamp.end : stamp.end + 8].lstrip()[:1] not in _NEXT:
            return None
        for pattern in _REST:
            match = pattern.match(line, stamp.end)
            if match:
                return timed_entry(stamp, match)
        return None
