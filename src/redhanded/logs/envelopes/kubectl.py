"""``kubectl logs --prefix`` and ``stern``: pod and container before the line."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import Unwrapped

_PREFIX = re.compile(r"\[(?:pod/)?(?P<source>[a-z0-9][\w.-]*/[\w.-]+)\] ?")
_STERN = re.compile(
    r"(?P<pod>[a-z][a-z0-9.-]*-[a-z0-9]{4,10}) (?P<container>[a-z0-9][a-z0-9-]*) (?=[\[{\d])"
)


class Kubectl:
    """``[pod/web-7d9f/app] …``."""

    name = "kubectl"
    starts = "["

    def unwrap(self, line: str) -> Unwrapped | None:
        match = _PREFIX.match(line)
        if match is None:
            return None
        return Unwrapped(text=line[match.end() :], source=match["source"])


class Stern:
    """``web-7d9f5 app {…}``: only before a line that begins with a time or an object."""

    name = "stern"
    starts = "abcdefghijklmnopqrstuvwxyz"

    def unwrap(self, line: str) -> Unwrapped | None:
        match = _STERN.match(line)
        if match is None or not any(map(str.isdigit, match["pod"])):
            return None
        source = f"{match['pod']}/{match['container']}"
        return Unwrapped(text=line[match.end() :], source=source)
