"""A collector's own time before the line: ``docker logs -t``, ``kubectl logs --timestamps``, an
export of CloudWatch; and Heroku's, with the process."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import TIME, Unwrapped
from redhanded.logs.times import epoch_ms

_TIME = r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?P<fraction>\d+))?(?:Z|[+-]\d\d:\d\d))"
_STAMP = re.compile(rf"{_TIME} (?:(?=[{{\x1b\[]?\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d)|(?=[{{\x1b]))")
_LONG = re.compile(rf"{_TIME} ?")
_FIRST_AFTER = frozenset("{[\x1b0123456789")
_HEROKU = re.compile(rf"{_TIME} (?P<source>[a-z][\w-]*\[[\w.-]+\]): ")

_ANY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)[ \t]?")


def may_be_stamped(line: str) -> bool:
    """Whether a line that begins with an ISO time may have it from a collector: it is finer than
    programs' own, or the line goes on like an object, a second time, a stream or a process."""
    match = _ANY.match(line)
    if match is None:
        return False
    if len(match[1] or "") >= 6:
        return True
    after = line[match.end() : match.end() + 100]
    return after[:1] in _FIRST_AFTER or after[:3] == "std" or "]: " in after


class CollectorStamp:
    """Nanoseconds, or any time before an object or a second time. A program's own time stays."""

    name = "collector's time"
    starts = TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        if line[10:11] != "T":
            return None
        match = _STAMP.match(line)
        if match is None:
            match = _LONG.match(line)
            if match is None or len(match["fraction"] or "") < 8:
                return None
        moment = epoch_ms(match["time"])
        return Unwrapped(text=line[match.end() :], at_ms=moment[0] if moment else None)


class Heroku:
    """``2025-01-02T10:00:00.123456+00:00 app[web.1]: …``."""

    name = "Heroku"
    starts = TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        match = _HEROKU.match(line)
        if match is None:
            return None
        moment = epoch_ms(match["time"])
        source = match["source"]
        return Unwrapped(
            text=line[match.end() :],
            source=source,
            stream=source,
            at_ms=moment[0] if moment else None,
        )
