"""Traces of the JVM: causes, suppressed exceptions, frames in common that are left out."""

from __future__ import annotations

import re

_FRAME = re.compile(
    r"\s+at (?:[\w$.<>/@~-]+\.)+[\w$<>]+\(|\s+\.\.\. \d+ (?:more|common frames)"
    r"|\s+- (?:locked|waiting|parking)"
)
_CAUSE = re.compile(r"\s*(?:Caused by|Suppressed|Wrapped by): |\s*\[CIRCULAR REFERENCE")
_THROWN = re.compile(r"(?:Exception in thread \".*?\" )?(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:: .*|$)")
_NAMED = re.compile(r"(?:.* )?(?:[\w$]+\.)*[A-Z][\w$]*(?:: .*|$)")
_CRASH = re.compile(r"Exception in thread \"")


class Java:
    """``java.lang.IllegalStateException: …`` and tabs with ``at``."""

    name = "JVM"

    def begins(self, line: str) -> bool:
        return bool(_THROWN.match(line))

    def alone(self, line: str) -> bool:
        return bool(_CRASH.match(line))

    def sure(self, line: str, last: str) -> bool:
        return True

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        if blank:
            return False
        if _FRAME.match(line):
            return bool(_FRAME.match(last) or _CAUSE.match(last) or _NAMED.match(last))
        if _CAUSE.match(line):
            return bool(_FRAME.match(last) or _CAUSE.match(last))
        return False
