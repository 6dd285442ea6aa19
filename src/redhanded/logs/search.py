"""One pass over logs for a text: the entries that show it, and a profile of everything else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redhanded.case.symptom import Marker
from redhanded.logs.activity import Activity
from redhanded.logs.database_errors import DatabaseError, database_error
from redhanded.logs.files import LogFile
from redhanded.logs.http_requests import route_of
from redhanded.logs.identifiers import Identifier, identifiers
from redhanded.logs.markers import Markers
from redhanded.logs.profile import Profile
from redhanded.logs.progress import told
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record
from redhanded.logs.templates import similarity, template, words_of

_ATTEMPT = re.compile(r"(?:^|[._])(?:attempts?_?(?:made|number|no)?|retry|retries|try)$", re.I)
_TEMPLATES_MAX = 2_000
MATCHES_MAX = 50_000
_TEXTS_MAX = 200
"""Matches of which the entry itself is kept."""
_BAD = frozenset(("warn", "error", "fatal"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry that shows the text."""

    path: str
    line: int
    """The physical line that shows it; an entry's stack trace spans several."""
    at_ms: float | None
    identifiers: dict[str, Identifier]
    attempt: int | None
    """Number of the try, where the entry says one."""
    template: str
    error: DatabaseError
    record: Record | None
    """Of the first two hundred matches."""


@dataclass(slots=True)
class Search:
    """What one pass found."""

    matches: list[Match] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)
    tally: Tally = field(default_factory=dict)
    complaints: Counter[str] = field(default_factory=Counter)
    """Templates of warnings and errors, with their lines."""
    activity: Activity = field(default_factory=Activity)
    """Of all entries."""
    marked: tuple[Marker, ...] = ()
    """Starts and deploys."""
    left_out: int = 0
    """Entries with the text beyond the first 50,000."""

    def note(self, match: Match) -> None:
        """Keeps the match, or counts it where there are too many."""
        if len(self.matches) < MATCHES_MAX:
            self.matches.append(match)
        else:
            self.left_out += 1

    def complaints_like(self, text: str) -> list[tuple[str, int]]:
        """The complaints, those that share most words with ``text`` first, then the frequent."""
        words = words_of(text)
        return sorted(
            self.complaints.items(), key=lambda item: (-similarity(words, item[0]), -item[1])
        )


def search(
    files: Sequence[LogFile], text: str, say: Callable[[str], None] = lambda sentence: None
) -> Search:
    """Every entry whose lines contain ``text``, whatever the case; JSON's escapes are seen through.

    ``say`` is told how far a long read is.

    Raises ``InputError`` as ``read`` does.
    """
    found = Search()
    markers = Markers()
    needles = needles_of(text)
    for record in told(read(files, found.tally), say, "searching"):
        known = identifiers(record)
        markers.add(record)
        if record.entry.at_ms is not None:
            found.activity.add(record.entry.at_ms)
        found.profile.add(known, is_request=route_of(record) is not None)
        lowered = record.text.lower()
        if any(needle in lowered for needle in needles):
            found.note(match_of(record, known, needles, len(found.matches)))
        if record.entry.level in _BAD:
            _complain(found.complaints, record)
    found.marked = markers.finish()
    return found


def needles_of(text: str) -> tuple[str, ...]:
    """What to look for in lower case: ``text`` as it is, and as JSON escapes it."""
    return tuple({text.lower(), json.dumps(text, ensure_ascii=False)[1:-1].lower()})


def headline(record: Record, needles: Sequence[str] = ()) -> str:
    """The entry's message, followed by the shortest text in it that names the cause.

    With ``needles`` that is the line that contains one of them, else the deepest error message.
    """
    message = record.entry.message.partition("\n")[0]
    cause = _shortest_with(record, needles) if needles else _deepest_message(record)
    if not cause or cause.lower() in message.lower():
        return message or cause
    return f"{message}: {cause}" if message else cause


def match_of(
    record: Record, known: dict[str, Identifier], needles: tuple[str, ...], number: int
) -> Match:
    """What is known of an entry that shows the text, the ``number``-th of its kind from 0."""
    physical = record.text.lower().split("\n")
    inside = next(
        (at for at, line in enumerate(physical) if any(needle in line for needle in needles)), 0
    )
    return Match(
        path=record.path,
        line=record.line_at(inside),
        at_ms=record.entry.at_ms,
        identifiers=known,
        attempt=_attempt(record),
        template=template(headline(record, needles)),
        error=database_error(_readable(record), record.entry.fields),
        record=record if number < _TEXTS_MAX else None,
    )


def _readable(record: Record) -> str:
    """The strings of an entry, without the escapes of its format."""
    if not record.text.startswith("{"):
        return record.text
    strings = [value for value in record.entry.fields.values() if isinstance(value, str)]
    return "\n".join(strings) if record.entry.whole else record.text


def _attempt(record: Record) -> int | None:
    for name, value in record.entry.fields.items():
        if isinstance(value, int) and not isinstance(value, bool) and _ATTEMPT.search(name):
            return value
    return None


def _shortest_with(record: Record, needles: Sequence[str]) -> str:
    texts = [value for value in record.entry.fields.values() if isinstance(value, str)]
    texts.append(record.entry.message)
    if not record.text.startswith("{"):
        texts.append(record.text.partition("\n")[2])
    plain = needles if len(needles) == 1 else (min(needles, key=len),)
    lines = [
        line.strip()
        for text in texts
        for line in text.split("\n")
        if any(needle in line.lower() for needle in plain)
    ]
    return min(lines, key=len, default="")


def _deepest_message(record: Record) -> str:
    found = [
        (not any(map(str.isdigit, name)), name.count("."), value)
        for name, value in record.entry.fields.items()
        if isinstance(value, str) and "." in name and name.rpartition(".")[2] == "message"
    ]
    return max(found)[2].partition("\n")[0] if found else ""


def _complain(complaints: Counter[str], record: Record) -> None:
    text = template(headline(record))
    if text in complaints or len(complaints) < _TEMPLATES_MAX:
        complaints[text] += 1
