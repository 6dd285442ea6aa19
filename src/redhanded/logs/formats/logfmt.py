"""logfmt: the whole line is ``name=value`` pairs."""

from __future__ import annotations

import re
import string

from redhanded.logs.formats.json_dialect import LEVEL_NAMES, MESSAGE_NAMES, TIME_NAMES
from redhanded.logs.levels import level_name
from redhanded.logs.record import Entry, Scalar
from redhanded.logs.times import epoch_ms

_PAIR = re.compile(
    r'(?P<name>[A-Za-z_@][\w.@/-]*)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]*))(?:\s+|$)'
)
_FIRST = re.compile(r"[A-Za-z_@][\w.@/-]*=\S")
_ESCAPED = re.compile(r"\\(.)")
_UNESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_WHOLE_NUMBER = re.compile(r"-?\d{1,15}\Z")


class Logfmt:
    """``time=2025-01-02T10:00:00Z level=info msg="job done" job=17``."""

    name = "logfmt"
    starts = "_@" + string.ascii_letters

    def parse(self, line: str) -> Entry | None:
        if not _FIRST.match(line):
            return None
        fields: dict[str, Scalar] = {}
        end = 0
        for match in _PAIR.finditer(line):
            if match.start() != end:
                break
            end = match.end()
            if match["quoted"] is not None:
                value = match["quoted"]
                fields[match["name"]] = _unescaped(value) if "\\" in value else value
            elif match["bare"]:
                bare = match["bare"]
                fields[match["name"]] = int(bare) if _WHOLE_NUMBER.match(bare) else bare
        if len(fields) < 2 or end < len(line):
            return None
        return _entry(fields)


def _entry(fields: dict[str, Scalar]) -> Entry | None:
    moment = next((found for name in TIME_NAMES if name in fields
                   and (found := epoch_ms(fields[name]))), None)  # fmt: skip
    level = next((level_name(fields[name]) for name in LEVEL_NAMES if name in fields), None)
    if moment is None and level is None and "msg" not in fields:
        return None
    message = next((str(fields[name]) for name in MESSAGE_NAMES if name in fields), "")
    return Entry(
        fields=fields,
        at_ms=moment[0] if moment else None,
        zoned=moment[1] if moment else True,
        level=level,
        message=message,
    )


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _UNESCAPED.get(match[1], match[1]), text)
