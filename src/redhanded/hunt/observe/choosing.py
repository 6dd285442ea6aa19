"""Which message of a log is the symptom, where nobody said so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redhanded.case.evidence import Evidence
from redhanded.case.log_analysis import Candidate
from redhanded.case.times import clock, span
from redhanded.logs.complaints import Complaint
from redhanded.logs.fetch import shown
from redhanded.logs.index.building import Index
from redhanded.logs.index.complaining import complaints_of, told
from redhanded.logs.severity import NAMES

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


def candidates(known: Index, *, redacted: bool) -> tuple[Candidate, ...]:
    """The messages that may be the symptom, the likeliest first; see ``ranked``."""
    found = complaints_of(known)
    starts = [counts.first_ms for counts in found.tally.values() if counts.first_ms is not None]
    ends = [counts.last_ms for counts in found.tally.values() if counts.last_ms is not None]
    first, last = min(starts, default=None), max(ends, default=None)
    order = ranked(found.found.values(), entries=known.entries, first=first, last=last)
    shown_max = order[:CANDIDATES_MAX]
    chosen = told(known, [each.complaint for each in shown_max])
    return tuple(
        candidate(each, first, redacted=redacted, others=order)
        for each in shown_max
        if any(each.complaint is one for one in chosen)
    )


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
