"""``docker compose logs``: the container's name, a bar, and the line."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import LETTERS, Unwrapped
from redhanded.logs.levels import level_name

_COMPOSE = re.compile(r"(?P<source>[A-Za-z][\w.-]*)\s*\| ?")


class Compose:
    """``web-1  | …``; a level in that place is no container."""

    name = "compose"
    starts = LETTERS

    def unwrap(self, line: str) -> Unwrapped | None:
        if "|" not in line:
            return None
        match = _COMPOSE.match(line)
        if match is None or level_name(match["source"]) is not None:
            return None
        return Unwrapped(text=line[match.end() :], source=match["source"])
