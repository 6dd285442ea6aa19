"""Which message of a log is the symptom, where nobody said so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from redhanded.case.evidence import Evidence
from redhanded.case.log_analysis import Candidate
from redhanded.case.times import clock, span
from redhanded.hunt.observe.comparing import ROSE_LOG_P, Comparing
from redhanded.logs.complaints import Complaint, literal
from redhanded.logs.fetch import shown
from redhanded.logs.search import headline
from redhanded.logs.severity import NAMES
from redhanded.logs.symptoms.errors import ErrorFound
from redhanded.logs.templates import template

CANDIDATES_MAX = 8
_NEW_SHARE = 0.1
"""A message that is absent from the first tenth of the log is new in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A complaint with what speaks for it."""

    complaint: Complaint
    new: bool
    share: float
    """Of all entries."""

    def rank(self) -> tuple[int, bool, int, str]:
        one = self.complaint
        chronic = self.share > 0.2
        return -one.severity, chronic, -one.entries * (2 if self.new else 1), one.template


def candidates(comparing: Comparing) -> tuple[Candidate, ...]:
    """The messages that may be the symptom: those that are new or rose first, beyond chance, then
    the frequent ones. Where there are neither warnings nor errors, lines that speak of failing."""
    found = [_of_error(comparing, error) for error in comparing.errors[:CANDIDATES_MAX]]
    return tuple(one for one in found if one.text)


def _of_error(comparing: Comparing, error: ErrorFound) -> Candidate:
    row = int(np.flatnonzero(comparing.events.template == error.template)[0])
    record = comparing.record_of(row)
    redacted = comparing.redacted
    text = record.text if record is not None else error.text
    path, line = comparing.events.place(row)
    return Candidate(
        template=shown(error.text, redacted=redacted),
        text=literal(template(headline(record)) if record is not None else error.text, text),
        entries=error.lines,
        level=error.level or "",
        first_ms=error.first_ms,
        why=_why(error, len(comparing.errors)),
        example=Evidence(
            path=path, line=line, text=shown(text.partition("\n")[0], redacted=redacted)
        ),
    )


def _why(error: ErrorFound, alike: int) -> str:
    level = error.level or "speaks of failing"
    why = [f"{level}, {error.lines:,} {'entry' if error.lines == 1 else 'entries'}"]
    if error.onset_ms is not None and error.onset_log_p > ROSE_LOG_P:
        why.append("new within the log")
    elif error.onset_ms is not None:
        why.append(f"more frequent since {clock(error.onset_ms)}")
    if alike > 1:
        why.append(f"one of {alike:,} such messages")
    return ", ".join(why)


def ranked(
    found: Iterable[Complaint], *, entries: int, first: float | None, last: float | None
) -> list[Ranked]:
    """By severity, then by number, where those that begin within the log count twice. What stands
    in more than a fifth of all entries comes last."""
    order = [
        Ranked(complaint=one, new=_is_new(one, first, last), share=one.entries / max(entries, 1))
        for one in found
    ]
    return sorted(order, key=Ranked.rank)


def _is_new(one: Complaint, first: float | None, last: float | None) -> bool:
    if one.first_ms is None or first is None or last is None or last <= first:
        return False
    return one.first_ms - first >= _NEW_SHARE * (last - first)


def candidate(
    each: Ranked, first: float | None, *, redacted: bool, others: Sequence[Ranked]
) -> Candidate:
    """What is shown of one that may be the symptom; ``first`` is when the log begins."""
    one = each.complaint
    level = NAMES[one.severity]
    alike = sum(other.complaint.severity == one.severity for other in others)
    why = [f"{level}, {one.entries:,} {'entry' if one.entries == 1 else 'entries'}"]
    if one.first_ms is not None and first is not None:
        why.append(
            f"first seen {clock(one.first_ms)}, {span(one.first_ms - first)} after the log begins"
            if each.new
            else "there from the begin of the log on"
        )
    if alike > 1:
        why.append(f"one of {alike:,} messages of that level")
    return Candidate(
        template=shown(one.template, redacted=redacted),
        text=one.text,
        entries=one.entries,
        level=level,
        first_ms=one.first_ms,
        why=", ".join(why),
        example=Evidence(path=one.path, line=one.line, text=shown(one.example, redacted=redacted)),
    )
