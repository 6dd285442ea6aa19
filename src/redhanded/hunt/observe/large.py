"""Large logs: everything from columns, nothing that needs each entry to be read by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.case.evidence import Evidence
from redhanded.case.inert import inert
from redhanded.case.log_analysis import Candidate, LogAnalysis
from redhanded.case.symptom import Occurrence, Rate, Symptom
from redhanded.hunt.observe.choosing import candidates
from redhanded.hunt.observe.comparing import Comparing
from redhanded.logs.activity import Activity, series
from redhanded.logs.correlation.events import events_of
from redhanded.logs.fetch import Place, fetch, shown
from redhanded.logs.identifiers import identifiers
from redhanded.logs.index.large import Large, large, rows_with
from redhanded.logs.index.tables import count_times
from redhanded.logs.inputs import Inputs
from redhanded.logs.investigation import Investigation
from redhanded.logs.limits import no_rate
from redhanded.logs.profile import likeness
from redhanded.logs.symptoms.partners import FailingStory, Partner
from redhanded.stats.intervals import rate

LARGE_BYTES = 64_000_000
"""From this size on logs are looked at this way, unless they are for a hunt."""
LIMIT = (
    "large logs are told from their columns: attributes of entries (version, host, route) are not "
    "compared, there is no rate for each route, and lines that are hard to read are not listed"
)
Rows = NDArray[np.int64]


def analysis_of_large(
    given: Inputs,
    symptom: str | None,
    *,
    redact: bool,
    say: Callable[[str], None],
    folder: Path | None,
) -> LogAnalysis:
    """As ``examine``, of logs that are too large to read each entry by itself."""
    known = large(given.files, folder, say)
    comparing = Comparing(events_of(known.columns), known.files, known.record, redact)
    others: tuple[Candidate, ...] = ()
    chosen = ""
    rows = np.zeros(0, np.int64)
    if symptom is None:
        may_be = candidates(comparing)
        if may_be:
            symptom, chosen, others = may_be[0].text, may_be[0].why, may_be[1:]
            rows = np.flatnonzero(comparing.events.template == comparing.errors[0].template)
    else:
        say(f"looking for {inert(symptom)!r}")
        rows = rows_with(known, symptom)
        if not len(rows):
            raise InputError(_not_found(comparing, symptom))
    times = known.columns.at_ms
    timed = not bool(np.isnan(times).all()) if len(times) else False
    analysis = LogAnalysis(
        candidates=others,
        files=known.columns.files,
        files_from_index=len(known.files) if known.kept else 0,
        entries=len(known.columns),
        size_bytes=given.size_bytes,
        first_ms=float(np.nanmin(times)) if timed else None,
        last_ms=float(np.nanmax(times)) if timed else None,
        templates=len(known.columns.templates),
        limits=(*given.limits, *known.limits, LIMIT),
    )
    if symptom is None:
        return analysis
    say("comparing what fails with what does not")
    asked = comparing.investigated(rows)
    differing = comparing.failing(asked)
    found = _Told(known, comparing, rows, asked).symptom(symptom)
    return replace(
        analysis,
        symptom=replace(found, chosen=chosen, onset=comparing.onset(rows)),
        differences=differing.differences,
        unit=differing.unit,
        orders=differing.orders,
        limits=tuple(dict.fromkeys((*analysis.limits, *differing.limits, *found.limits))),
    )


def _not_found(comparing: Comparing, symptom: str) -> str:
    listed = "; ".join(
        f"{error.lines:,} × {shown(error.text, redacted=comparing.redacted)[:160]}"
        for error in comparing.errors[:5]
    )
    head = f"{inert(symptom)!r} does not occur in the {len(comparing.events.line):,} entries"
    if not listed:
        return f"{head}, which hold no warning or error at all; name other logs or another text."
    return f"{head}. Warnings and errors that do occur: {listed}."


class _Company(NamedTuple):
    occurrences: tuple[Occurrence, ...]
    rate: Rate | None
    limits: tuple[str, ...]


class _Told:
    """Tells a symptom from the rows that show it."""

    def __init__(
        self, known: Large, comparing: Comparing, rows: Rows, asked: Investigation
    ) -> None:
        self._known, self._comparing, self._rows, self._asked = known, comparing, rows, asked
        self._events = comparing.events
        templates, counts = np.unique(self._events.template[rows], return_counts=True)
        self._main = int(templates[counts.argmax()])

    def symptom(self, text: str) -> Symptom:
        """The symptom with its company."""
        events, rows = self._events, self._rows
        together = self._company()
        times = events.at_ms[rows][~np.isnan(events.at_ms[rows])]
        everything, failing = Activity(), Activity()
        count_times(everything, events.at_ms)
        count_times(failing, times)
        redacted = self._comparing.redacted
        return Symptom(
            text=text,
            template=shown(events.templates[self._main], redacted=redacted),
            rate=together.rate,
            lines=len(rows),
            occurrences=together.occurrences,
            statements=tuple(self._evidence(rows[:3].tolist())),
            first_ms=float(times.min()) if len(times) else None,
            last_ms=float(times.max()) if len(times) else None,
            gap_ms=tuple(one.gap_ms for one in together.occurrences if one.gap_ms is not None),
            series=series(everything, failing, unit="entries"),
            files=events.files,
            records=len(events.line),
            limits=together.limits,
        )

    def _company(self) -> _Company:
        joined, found = self._asked.joined, self._asked.company
        if joined is None or found is None:
            limit = (
                "most lines that show it cannot be joined to others by a request or job id: "
                "no rate, no company"
            )
            return _Company((), None, (limit,))
        key = self._events.keys[joined.root]
        error = next((each for each in self._asked.errors if each.template == self._main), None)
        unit = "job" if likeness(key)[0] == 0 else "request"
        limits = found.limits
        if error is None:
            share: Rate | None = rate(found.failing, len(joined.value), unit=f"{unit}s")
        elif (share := error.rate) is None:
            limits = (no_rate(key, unit), *limits)
        rows = [
            row
            for story in found.stories
            for row in (story.symptom_row, *(partner.row for partner in story.partners[:1]))
        ]
        texts = fetch(self._known.files, [self._events.place(row) for row in rows])
        told = tuple(self._occurrence(story, key, texts) for story in found.stories)
        return _Company(told, share, limits)

    def _occurrence(self, story: FailingStory, key: str, texts: dict[Place, str]) -> Occurrence:
        record = self._known.record(story.symptom_row)
        names = identifiers(record) if record is not None else {}
        own = names.get(key)
        place = self._events.place(story.symptom_row)
        partner = story.partners[0] if story.partners else None
        thing = names.get(partner.key) if partner is not None else None
        label = f"{own.name}={own.value}" if own else f"{place[0]}:{place[1]}"
        return Occurrence(
            identity=shown(label, redacted=self._comparing.redacted),
            evidence=(self._line(place, texts, "shows the failure"),),
            at_ms=story.at_ms,
            entity=shown(f"{thing.name}={thing.value}", redacted=self._comparing.redacted)
            if thing
            else (partner.key if partner else None),
            partner=(self._partner(partner, texts),) if partner is not None else (),
            gap_ms=round(abs(partner.gap_ms), 3) if partner is not None else None,
        )

    def _partner(self, partner: Partner, texts: dict[Place, str]) -> Evidence:
        words = "at the same time, " if partner.overlaps else ""
        side = "before" if partner.gap_ms > 0 else "after"
        says = f"same {partner.key}, {words}begun {abs(partner.gap_ms):,.0f} ms {side} it"
        return self._line(self._events.place(partner.row), texts, says)

    def _evidence(self, rows: list[int]) -> list[Evidence]:
        places = [self._events.place(row) for row in rows]
        texts = fetch(self._known.files, places)
        return [self._line(place, texts, "shows it") for place in places]

    def _line(self, place: Place, texts: dict[Place, str], says: str) -> Evidence:
        text = shown(texts.get(place, ""), redacted=self._comparing.redacted)
        return Evidence(path=place[0], line=place[1], text=text, says=says)
