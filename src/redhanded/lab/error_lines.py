"""Lines in which a process says that something went wrong, whatever the words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Set

from redhanded.case.run import Failure, OutputLine

WORDS = re.compile(
    r"\b(ERROR|FATAL|CRITICAL|SEVERE)\b|\bUnhandled\w*\b|^\s*(Uncaught\s+)?\w*(Error|Exception):"
)
VARIABLE = re.compile(r"[0-9a-zA-Z_\-]*\d[0-9a-zA-Z_\-]*")
BUNYAN_ERROR = 50
LEVELS = {"error", "err", "fatal", "critical", "severe", "panic", "alert", "emergency"}


def shows(wanted: str | None, text: str) -> bool:
    """Whether a line holds ``wanted`` in any case, as it is or as JSON escapes it; not if empty."""
    if not wanted:
        return False
    line = text.lower()
    escaped = json.dumps(wanted, ensure_ascii=False)[1:-1]
    return wanted.lower() in line or escaped.lower() in line


def is_error(text: str) -> bool:
    """Whether a line is of level error or above (JSON ``level``/``severity``, or words)."""
    if text.startswith("{"):
        try:
            record = json.loads(text)
        except ValueError:
            return bool(WORDS.search(text))
        level = record.get("level", record.get("severity", record.get("levelname")))
        if isinstance(level, int | float):
            return level >= BUNYAN_ERROR
        if isinstance(level, str):
            return level.lower() in LEVELS
        return False
    return bool(WORDS.search(text))


def shape(text: str) -> str:
    """The message without what changes from line to line."""
    message = text
    if text.startswith("{"):
        try:
            record = json.loads(text)
            message = str(record.get("msg", record.get("message", record.get("event", text))))
        except ValueError:
            message = text
    return VARIABLE.sub("#", message)[:300]


def unusual_errors(lines: Iterable[OutputLine], usual: Set[str]) -> list[Failure]:
    """The first error line that serial runs do not write."""
    for line in lines:
        if is_error(line.text) and shape(line.text) not in usual:
            return [Failure(kind="error", text=line.text[:2000], process=line.process)]
    return []
