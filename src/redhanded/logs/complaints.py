"""Every message of a log that may be a failure: how often, since when, and one line of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from redhanded.logs.activity import Activity
from redhanded.logs.files import LogFile
from redhanded.logs.progress import told
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record
from redhanded.logs.redact import redact
from redhanded.logs.search import headline
from redhanded.logs.templates import WILDCARD, template

_BAD = {"warn": 1, "error": 2, "fatal": 3}
_SOUNDS_BAD = re.compile(
    r"\b(?:error|exception|fail(?:ed|ure|s)?|fatal|panic|traceback|refused|denied|timed?[ -]?out"
    r"|violat\w+|deadlock|abort(?:ed)?|crash(?:ed)?|corrupt\w*|unavailable)\b",
    re.IGNORECASE,
)
_TEMPLATES_MAX = 2_000
_TEXT_MIN = 3
_TEXT_MAX = 160


@dataclass(slots=True)
class Complaint:
    """One message that may be a failure."""

    template: str
    severity: int
    """3 fatal, 2 error or a line without a level that speaks of one, 1 warn."""
    text: str
    """A part of it that stands so in the log."""
    path: str
    line: int
    example: str
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
    left_out: int = 0
    """Entries of messages beyond the first 2,000."""


def complaints(
    files: Sequence[LogFile], say: Callable[[str], None] = lambda sentence: None
) -> Complaints:
    """Warnings, errors, and lines without a level that speak of failing. Memory is bounded.

    ``say`` is told how far a long read is.

    Raises ``InputError`` as ``read`` does.
    """
    seen = Complaints()
    for record in told(read(files, seen.tally), say, "reading"):
        at_ms = record.entry.at_ms
        if at_ms is not None:
            seen.activity.add(at_ms)
        severity = _severity(record)
        if severity:
            _add(seen, record, severity)
    return seen


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


def _severity(record: Record) -> int:
    level = record.entry.level
    if level is not None:
        return _BAD.get(level, 0)
    return 2 if _SOUNDS_BAD.search(record.text) else 0


def _add(seen: Complaints, record: Record, severity: int) -> None:
    text = headline(record)
    masked = template(text)
    one = seen.found.get(masked)
    if one is None:
        if len(seen.found) >= _TEMPLATES_MAX:
            seen.left_out += 1
            return
        one = seen.found[masked] = Complaint(
            template=masked,
            severity=severity,
            text=literal(masked, record.text),
            path=record.path,
            line=record.line,
            example=record.text.partition("\n")[0],
        )
    one.entries += 1
    one.severity = max(one.severity, severity)
    at_ms = record.entry.at_ms
    if at_ms is not None:
        one.activity.add(at_ms)
        one.first_ms = at_ms if one.first_ms is None else min(one.first_ms, at_ms)
