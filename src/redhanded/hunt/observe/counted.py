"""What the counts of many shards say: a symptom, its windows of time, and what differs in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.case.evidence import Evidence
from redhanded.case.inert import inert
from redhanded.case.log_analysis import LogAnalysis
from redhanded.case.symptom import Difference, Symptom
from redhanded.case.times import span
from redhanded.hunt.observe.choosing import CANDIDATES_MAX, candidate, ranked
from redhanded.hunt.observe.differing import differences_of
from redhanded.logs.activity import Activity, series
from redhanded.logs.cluster.counting import Counts
from redhanded.logs.complaints import Complaint, literal
from redhanded.logs.difference.compare import compare
from redhanded.logs.difference.result import Finding
from redhanded.logs.difference.stories import stories
from redhanded.logs.fetch import shown
from redhanded.logs.templates.masks import shown as readable
from redhanded.stats.intervals import rate

WINDOWS_MAX = 512
_EXACT_MAX = 16
_NEAREST = 5
LIMIT = (
    "shards were counted in windows of time: requests were not joined, so no company and no "
    "request rate; run `redhanded logs` on the files of one window for these"
)


def analysis_of(counts: Counts, symptom: str | None, *, redact: bool) -> LogAnalysis:
    """The symptom (the one given, or the one that shows by itself) and what is different about the
    windows of time that have it. Raises ``InputError`` for a symptom in no template."""
    told = _Told(counts, redact)
    known = told.complaints()
    first, last = told.span_ms()
    order = ranked(known, entries=counts.total, first=first, last=last)
    chosen = ""
    if symptom is None:
        if not order:
            return told.analysis(None, ())
        best = order[0]
        symptom, numbers = best.complaint.text, [best.complaint.row]
        chosen = candidate(best, first, redacted=redact, others=order).why
        others = order[1:CANDIDATES_MAX]
    else:
        numbers, others = told.showing(symptom), []
        if not numbers:
            raise InputError(told.not_found(symptom, [each.complaint for each in order]))
    found = told.symptom(symptom, numbers, chosen)
    told_of = (candidate(each, first, redacted=redact, others=order) for each in others)
    return told.analysis(found, tuple(told_of))


class _Told:
    """Counts, in windows few enough to be compared."""

    def __init__(self, counts: Counts, redact: bool) -> None:
        self._counts, self._redact = counts, redact
        self._texts = tuple(readable(mask) for mask in counts.templates.masks)
        self._shift = _shift_for(counts.window)
        self._window = counts.window >> self._shift
        self._begins, self._place = np.unique(self._window, return_inverse=True)
        self._length_ms = float(1 << (counts.shift + self._shift))

    def complaints(self) -> list[Complaint]:
        """Templates that may be failures."""
        return [
            self._complaint(number)
            for number, severity in enumerate(self._counts.severity)
            if severity > 0
        ]

    def span_ms(self) -> tuple[float | None, float | None]:
        if not len(self._begins):
            return None, None
        return (
            float(self._begins[0] * self._length_ms),
            float((self._begins[-1] + 1) * self._length_ms),
        )

    def showing(self, text: str) -> list[int]:
        """Templates that hold ``text``, or whose first entry does."""
        wanted = text.lower()
        return [
            number
            for number, template in enumerate(self._texts)
            if wanted in template.lower() or wanted in self._example(number).text.lower()
        ]

    def not_found(self, text: str, nearest: Sequence[Complaint]) -> str:
        listed = "; ".join(
            f"{one.entries:,} × {shown(one.template, redacted=self._redact)[:160]}"
            for one in nearest[:_NEAREST]
        )
        return (
            f"{inert(text)!r} stands in no template of the {self._counts.total:,} entries; give "
            f"the fixed words of the message. What does occur: {listed or 'no warning or error'}."
        )

    def symptom(self, text: str, numbers: Sequence[int], chosen: str) -> Symptom:
        """Its windows against the others."""
        counts = self._counts
        shows = np.isin(counts.template, numbers)
        failing = np.zeros(len(self._begins), bool)
        failing[self._place[shows]] = True
        lines = sum(counts.templates.counts[number] for number in numbers)
        main = max(numbers, key=lambda number: counts.templates.counts[number])
        times = [at for number in numbers if not np.isnan(at := counts.first_ms[number])]
        example = self._example(main)
        return Symptom(
            text=text,
            template=shown(self._texts[main], redacted=self._redact),
            chosen=chosen,
            lines=lines,
            records=counts.total,
            rate=rate(int(failing.sum()), len(failing), unit=f"windows of {span(self._length_ms)}")
            if len(failing)
            else None,
            differences=self._differences(failing, numbers),
            statements=(example,),
            first_ms=min(times, default=None),
            last_ms=float((self._window[shows].max() + 1) * self._length_ms)
            if shows.any()
            else None,
            series=series(
                self._activity(np.ones(len(shows), bool)), self._activity(shows), unit="entries"
            ),
            limits=(LIMIT, *counts.limits),
        )

    def analysis(self, found: Symptom | None, others: tuple[Any, ...]) -> LogAnalysis:
        first, last = self.span_ms()
        return LogAnalysis(
            symptom=found,
            candidates=others,
            entries=self._counts.total,
            size_bytes=self._counts.size_bytes,
            first_ms=first,
            last_ms=last,
            templates=len(self._texts),
            limits=found.limits if found else self._counts.limits,
        )

    def _differences(
        self, failing: NDArray[np.bool_], numbers: Sequence[int]
    ) -> tuple[Difference, ...]:
        counts = self._counts
        pairs, place = np.unique(
            self._place * np.int64(max(1, len(self._texts))) + counts.template, return_inverse=True
        )
        entries = np.bincount(place, counts.entries, len(pairs)).astype(np.int64)
        repeat = _fewer(entries)
        story = np.repeat(pairs // max(1, len(self._texts)), repeat)
        template = np.repeat(pairs % max(1, len(self._texts)), repeat)
        told = stories(
            story=story,
            template=template,
            at_ms=self._begins[story] * self._length_ms,
            failing=failing,
            templates=self._texts,
            chain=np.full(len(story), -1),
            noun="window",
        )
        found = compare(told, symptom=list(numbers))
        return differences_of(found, self._lines, redacted=self._redact)

    def _lines(self, finding: Finding) -> list[Evidence]:
        if finding.template is None or finding.template not in self._texts:
            return []
        example = self._example(self._texts.index(finding.template))
        return [example] if example.path else []

    def _activity(self, chosen: NDArray[np.bool_]) -> Activity:
        activity = Activity()
        counts = self._counts
        for window, entries in zip(
            counts.window[chosen].tolist(), counts.entries[chosen].tolist(), strict=True
        ):
            activity.add(float(window << counts.shift), entries)
        return activity

    def _complaint(self, number: int) -> Complaint:
        counts = self._counts
        example, first = self._example(number), counts.first_ms[number]
        return Complaint(
            template=self._texts[number],
            severity=counts.severity[number],
            file=-1,
            row=number,
            text=literal(self._texts[number], example.text or self._texts[number]),
            path=example.path,
            line=example.line,
            example=example.text,
            entries=counts.templates.counts[number],
            first_ms=None if np.isnan(first) else first,
        )

    def _example(self, number: int) -> Evidence:
        example = self._counts.examples[number]
        if example is None:
            return Evidence(path="", line=0, text="")
        return Evidence(path=example.path, line=example.line, text=example.text)


def _shift_for(window: NDArray[Any]) -> int:
    shift, distinct = 0, np.unique(window)
    while len(distinct) > WINDOWS_MAX:
        shift, distinct = shift + 1, np.unique(distinct >> 1)
    return shift


def _fewer(entries: NDArray[Any]) -> NDArray[Any]:
    """Counts on a scale on which a hundred million entries fit into memory. Up to sixteen they stay
    what they are; beyond, a sixteenth of a doubling is one more. Larger stays larger or equal, and
    comparisons ask for more or fewer only."""
    large = np.maximum(entries, _EXACT_MAX) / _EXACT_MAX
    scaled = _EXACT_MAX + np.floor(16 * np.log2(large)).astype(np.int64)
    return np.where(entries <= _EXACT_MAX, entries, scaled)
