"""Lines of text that start with a time, whatever else is in them: consoles, home-made formats."""

from __future__ import annotations

import re
import string

from redhanded.logs.fields import text_fields
from redhanded.logs.formats.timed_text import entry_at
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry
from redhanded.logs.times import Stamp, stamp_at

_BEFORE = re.compile(r"\[?(?P<level>[A-Za-z]{1,9})\b[\]:,|]{0,2}\s*[\[(]?(?=[\dA-Z])")
_NAME_AND_PROCESS = re.compile(r"\[\w+\] \d+\s+- (?=\d)")
_AFTER = re.compile(r"[\])>:,|]*\s*")
_LOUD = re.compile(
    r"(?<![\w.-])(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|FATAL|CRIT(?:ICAL)?|SEVERE"
    r"|PANIC|LOG|VERBOSE|ALERT|EMERG)(?![\w.-])"
)
_QUIET = re.compile(
    r"(?:[\[(<][^\])>]{0,40}[\])>]\s*|[\w./#-]{1,40}\s+-?\s*)??[\[(<]?(?P<level>trace|debug|verbose"
    r"|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|http|silly)(?:[\])>:|,]|\s|$)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?P<level>[TDIWEF])(?:[\s\]/|:])")
_LEVEL_WITHIN = 60
"""Characters after the time in which a level is looked for; later it is part of the message."""


class PlainText:
    """An entry starts where a line starts with a time; what follows without one belongs to it."""

    name = "plain text"
    starts = "[(<0123456789" + string.ascii_letters

    def parse(self, line: str) -> Entry | None:
        before: str | None = None
        stamp = stamp_at(line)
        if stamp is None:
            stamp, before = _after_word(line)
        if stamp is None:
            return None
        rest = _AFTER.match(line, stamp.end)
        message = line[rest.end() if rest else stamp.end :]
        return entry_at(stamp, before or _level(message), message, text_fields(message))


def _after_word(line: str) -> tuple[Stamp | None, str | None]:
    """A time in brackets or after one word (``ERROR 2025-…``, ``[Nest] 17  - …``)."""
    if line[:1] in "[(<":
        stamp = stamp_at(line, 1)
        named = _NAME_AND_PROCESS.match(line) if stamp is None else None
        if named is not None:
            stamp = stamp_at(line, named.end())
        if stamp is not None:
            return stamp, None
    match = _BEFORE.match(line)
    if match is None:
        return None, None
    stamp = stamp_at(line, match.end())
    if stamp is None or (stamp.lacks and level_name(match["level"]) is None):
        return None, None
    return stamp, match["level"] if level_name(match["level"]) else None


def _level(message: str) -> str | None:
    """Levels in capitals anywhere near the front; others only where a level stands."""
    near = message[:_LEVEL_WITHIN]
    loud = _LOUD.search(near)
    if loud:
        return loud[0]
    quiet = _QUIET.match(near)
    if quiet:
        return quiet["level"]
    letter = _LETTER.match(near)
    return letter["level"] if letter else None
