"""How bad an entry is, by its level or, where it has none, by its words."""

from __future__ import annotations

import re

from redhanded.logs.record import Record

NAMES = {1: "warn", 2: "error", 3: "fatal"}
_LEVELS = {name: number for number, name in NAMES.items()}
_SOUNDS_BAD = re.compile(
    r"\b(?:error|exception|fail(?:ed|ure|s)?|fatal|panic|traceback|refused|denied|timed?[ -]?out"
    r"|violat\w+|deadlock|abort(?:ed)?|crash(?:ed)?|corrupt\w*|unavailable)\b",
    re.IGNORECASE,
)


def severity(record: Record) -> int:
    """3 fatal, 2 error, 1 warn, 0 neither; 2 where there is no level, but words of failing."""
    level = record.entry.level
    return badness(level) if level is not None else sounds_bad(record.text)


def badness(level: str) -> int:
    """3 fatal, 2 error, 1 warn, 0 any other level."""
    return _LEVELS.get(level, 0)


def sounds_bad(text: str) -> int:
    """2 for words of failing, otherwise 0."""
    return 2 if _SOUNDS_BAD.search(text) else 0
