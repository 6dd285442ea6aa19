"""Lines of text that start with an ISO time: Python's logging, consoles, most home-made formats."""

from __future__ import annotations

import re

from redhanded.logs.fields import text_fields
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry
from redhanded.logs.times import epoch_ms

_START = re.compile(
    r"""^\[?(?P<before>[A-Za-z]{1,9}\b[\]:,]{0,2}\s*\[?)?
        (?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\s?(?:Z|[+-]\d\d:?\d\d|UTC))?)
        [\]:,]*\s*(?P<rest>.*)$""",
    re.VERBOSE | re.DOTALL,
)
_LEVEL = re.compile(
    r"\b(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|critical|severe)\b", re.IGNORECASE
)
_LEVEL_WITHIN = 60
"""Characters after the time in which a level is looked for; later it is part of the message."""


class PlainText:
    """An entry starts where a line starts with a time; what follows without one belongs to it."""

    name = "plain text"

    def parse(self, line: str) -> Entry | None:
        match = _START.match(line)
        if not match:
            return None
        moment = epoch_ms(match["time"].removesuffix("UTC").rstrip())
        if not moment:
            return None
        message = match["rest"]
        found = _LEVEL.search(match["before"] or "") or _LEVEL.search(message[:_LEVEL_WITHIN])
        return Entry(
            fields=text_fields(message),
            at_ms=moment[0],
            zoned=moment[1] or match["time"].endswith("UTC"),
            level=level_name(found[1]) if found else None,
            message=message,
        )
