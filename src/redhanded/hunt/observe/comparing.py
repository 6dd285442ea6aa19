"""What sets failing ones apart: joined requests or windows of time, in all respects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from redhanded.case.evidence import Evidence
from redhanded.case.log_analysis import AlwaysInOrder, Comparison
from redhanded.case.symptom import Difference, Onset
from redhanded.hunt.observe.differing import differences_of
from redhanded.logs.correlation.discovery import Key, keys_of, root_of
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import Joined, join
from redhanded.logs.correlation.one_order import OneOrder
from redhanded.logs.correlation.units import of_runs
from redhanded.logs.difference.compare import compare
from redhanded.logs.difference.result import Differences, Finding
from redhanded.logs.difference.stories import Stories
from redhanded.logs.fetch import Place, fetch, shown
from redhanded.logs.files import LogFile
from redhanded.logs.index.building import Index
from redhanded.logs.index.events import begins_of, events_of_index
from redhanded.logs.index.ranges import records_at
from redhanded.logs.investigation import Investigation, investigate
from redhanded.logs.record import Record
from redhanded.logs.symptoms.errors import ErrorFound, errors_of

ORDERS_QUOTED = 3
"""Pairs that were always seen in one order, of which the lines are given."""
ROSE_LOG_P = -4.6
"""Chance of one in a hundred that a rate never rose."""
PROCESS_NAMES = frozenset(
    ("source", "pid", "process.pid", "process", "hostname", "host", "pod", "container", "worker")
)


class Compared(NamedTuple):
    """What a comparison gives."""

    differences: tuple[Difference, ...]
    unit: str
    limits: tuple[str, ...]
    orders: tuple[AlwaysInOrder, ...] = ()


@dataclass(slots=False)
class Comparing:
    """Events, joined by the identifier that their values show to be the request's."""

    events: Events
    """File by file, in the order of their lines."""
    files: tuple[LogFile, ...]
    record_of: Callable[[int], Record | None]
    """The entry of an event, read again; None where it cannot be read alone."""
    redacted: bool

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """What the data say of each identifier."""
        return keys_of(self.events)

    @cached_property
    def joined(self) -> Joined | None:
        root = root_of(self.keys)
        return join(self.events, root.index) if root is not None else None

    @cached_property
    def errors(self) -> tuple[ErrorFound, ...]:
        """New and suddenly frequent ones first."""
        return errors_of(self.events, self.joined)

    def rows(self, places: Sequence[Place]) -> NDArray[np.int64]:
        """The events to which physical lines belong."""
        events = self.events
        ends = np.searchsorted(events.file, np.arange(len(events.files)), "right")
        numbers = {name: number for number, name in enumerate(events.files)}
        found = set()
        for path, line in places:
            number = numbers.get(path)
            if number is None:
                continue
            begin = int(ends[number - 1]) if number else 0
            place = int(np.searchsorted(events.line[begin : ends[number]], line, "right"))
            if place:
                found.add(begin + place - 1)
        return np.array(sorted(found), np.int64)

    def onset(self, rows: NDArray[np.int64]) -> Onset | None:
        """Since when the message of most of ``rows`` is more frequent, beyond chance."""
        if not len(rows):
            return None
        template = int(np.bincount(self.events.template[rows]).argmax())
        error = next((each for each in self.errors if each.template == template), None)
        if error is None or error.onset_ms is None or error.first_ms is None:
            return None
        if error.onset_log_p > ROSE_LOG_P:
            # New within the log, and as frequent from then on: it began when it was first seen.
            return Onset(
                at_ms=error.first_ms,
                before=None,
                after=None,
                p_value=float(np.exp(error.novelty_log_p)),
            )
        return Onset(
            at_ms=error.onset_ms,
            before=error.rate_before,
            after=error.rate_after,
            p_value=float(np.exp(error.onset_log_p)),
        )

    def investigated(self, rows: NDArray[np.int64]) -> Investigation:
        """All that can be asked about the messages of ``rows``."""
        templates = tuple(np.unique(self.events.template[rows]).tolist())
        return investigate(self.events, symptom=templates, keys=self.keys)

    def failing(self, found: Investigation) -> Compared:
        """What requests, jobs or windows that fail have and others have not."""
        if found.differences is None:
            return Compared((), "", found.limits)
        told = self._compared(found.differences, found.limits)
        return told._replace(orders=tuple(self._order(found, one) for one in found.one_order))

    def runs(self, bad: Sequence[int]) -> Compared:
        """Files ``bad`` against the others."""
        told, limit = of_runs(self.events, self.joined, bad)
        return self._compared(compare(_without_names(told)), (limit,))

    def _order(self, found: Investigation, one: OneOrder) -> AlwaysInOrder:
        first, then = (self.events.templates[at] for at in (one.before, one.after))
        places = [self.events.place(row) for row in one.rows]
        texts = fetch(self.files, places) if found.one_order.index(one) < ORDERS_QUOTED else {}
        return AlwaysInOrder(
            first=shown(first, redacted=self.redacted),
            then=shown(then, redacted=self.redacted),
            key=one.key,
            seen=one.seen,
            closest_ms=round(one.closest_ms, 3),
            examples=tuple(
                Evidence(
                    path=place[0],
                    line=place[1],
                    text=shown(texts.get(place, ""), redacted=self.redacted),
                )
                for place in places
            ),
        )

    def _compared(self, found: Differences, limits: tuple[str, ...]) -> Compared:
        lines = self._lines([group.first for group in found.groups[:40]])
        return Compared(
            differences_of(found, lines, redacted=self.redacted),
            f"{found.noun}s",
            tuple(dict.fromkeys((*limits, *found.limits))),
        )

    def _lines(self, findings: Sequence[Finding]) -> Callable[[Finding], list[Evidence]]:
        """The lines of the events that show each finding; of one that shows by its absence, a line
        of those that lack it."""
        rows = {id(finding): list(finding.events[:2]) for finding in findings}
        places = {row: self.events.place(row) for shown_rows in rows.values() for row in shown_rows}
        texts = fetch(self.files, places.values())

        def lines(finding: Finding) -> list[Evidence]:
            return [
                Evidence(
                    path=place[0],
                    line=place[1],
                    text=shown(texts.get(place, ""), redacted=self.redacted),
                )
                for row in rows.get(id(finding), ())
                for place in (places[row],)
            ]

        return lines


def _without_names(told: Stories) -> Stories:
    """Without the names of processes and files: of two runs they are never the same."""
    names = [number for number, key in enumerate(told.keys) if key in PROCESS_NAMES]
    kept = ~np.isin(told.attribute_key, names)
    return replace(
        told,
        attribute_story=told.attribute_story[kept],
        attribute_key=told.attribute_key[kept],
        attribute_value=told.attribute_value[kept],
    )


def comparing_index(known: Index, *, redacted: bool) -> Comparing:
    """The events of an index."""
    begins = begins_of(known)
    events = events_of_index(known)

    def record_of(row: int) -> Record | None:
        file = int(events.file[row])
        found = records_at(known.files[file], known.parts[file], [row - int(begins[file])])
        return found[0] if found else None

    return Comparing(events, known.files, record_of, redacted)


def runs_compared(known: Index, good: int, *, redacted: bool) -> tuple[Comparison, tuple[str, ...]]:
    """The files from number ``good`` on are the bad run, those before it the good one."""
    found = comparing_index(known, redacted=redacted).runs(range(good, len(known.files)))
    entries = [len(part.columns) for part in known.parts]
    names = [file.name for file in known.files]
    comparison = Comparison(
        good=tuple(names[:good]),
        bad=tuple(names[good:]),
        good_entries=sum(entries[:good]),
        bad_entries=sum(entries[good:]),
        unit=found.unit,
        differences=found.differences,
    )
    return comparison, found.limits
