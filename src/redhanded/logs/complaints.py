"""Every message of a log that may be a failure: how often, since when, and one line of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import takewhile

from redhanded.logs.activity import Activity
from redhanded.logs.read import Tally
from redhanded.logs.redact import redact
from redhanded.logs.templates.message import WILDCARD

_TEXT_MIN = 3
_TEXT_MAX = 160


@dataclass(slots=True)
class Complaint:
    """One message that may be a failure."""

    template: str
    severity: int
    """3 fatal, 2 error or a line without a level that speaks of one, 1 warn."""
    file: int
    """Number of the file that has the first entry."""
    row: int
    """Of that entry, in its file."""
    text: str = ""
    """A part of it that stands so in the log."""
    path: str = ""
    line: int = 0
    example: str = ""
    entries: int = 0
    first_ms: float | None = None
    activity: Activity = field(default_factory=Activity)


@dataclass(slots=True)
class Complaints:
    """What one pass found."""

    found: dict[str, Complaint] = field(default_factory=dict)
    activity: Activity = field(default_factory=Activity)
    """Of all entries."""
    tally: Tally = field(default_factory=dict)


def literal(masked: str, raw: str) -> str:
    """The longest part of a template that stands in ``raw`` (JSON's escapes seen through) and holds
    nothing personal; where there is none, the begin of ``raw`` up to what is personal."""
    lowered = raw.lower()
    pieces = sorted(
        (piece.strip(" \t:;,.=([{") for line in masked.split("\n") for piece in _parts(line)),
        key=len,
        reverse=True,
    )
    for piece in pieces:
        escaped = json.dumps(piece, ensure_ascii=False)[1:-1].lower()
        stands = piece.lower() in lowered or escaped in lowered
        if len(piece) >= _TEXT_MIN and stands and redact(piece) == piece:
            return piece[:_TEXT_MAX].strip()
    first = raw.split("\n")[0][:_TEXT_MAX]
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, redact(first), strict=False))
    return "".join(one for one, _ in same).strip()


def _parts(line: str) -> list[str]:
    return [part for piece in line.split(WILDCARD) for part in (piece, *piece.split(": "))]
