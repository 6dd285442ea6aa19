"""Pieces of work in a timeline: a request with the jobs it led to, or a job alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

from redhanded.logs.timeline import Timeline

_REQUEST_MS_MAX = 600_000.0
"""A longer duration is not believed when the arrival is computed from the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of work and where it shows."""

    key: int
    """Hash of its identifier."""
    at_ms: float | None
    """When it arrived: its first line, or a later line minus the duration that it states."""
    row: int
    """The line to show for it: its first one that names a thing it works on."""
    route: int
    """Index into the timeline's routes; -1 if none shows."""
    things: dict[str, int]
    """Other identifiers on its lines and those of its jobs: field to the value's hash."""
    jobs: tuple[int, ...]
    """Hashes of the jobs it led to, first one first."""
    lag_ms: float | None = None
    """From its first line to the first line about it in another process."""
    worker: int | None = None
    """That process, as an index into the timeline's processes."""
    end_ms: float | None = None
    """The last line of it and its jobs."""


def works(
    timeline: Timeline,
    key: str,
    *,
    job_key: str | None,
    thing_keys: Iterable[str],
    routes: frozenset[int] | None = None,
) -> list[Work]:
    """All pieces of work that are named by ``key``, those of ``routes`` where some are given."""
    columns = _Columns(timeline, job_key, tuple(thing_keys))
    found = []
    for value, group in timeline.groups(key):
        rows = group.tolist()
        route = columns.route_of(rows)
        if routes is None or route in routes:
            found.append(columns.work(value, rows, route))
    return found


def routes_of(timeline: Timeline, key: str, values: Iterable[int]) -> frozenset[int]:
    """The routes of the works named by ``values``; those without one are left out.

    A request that calls others logs their routes too, mostly from another process: the routes in
    the process of its first line count.
    """
    columns = _Columns(timeline, None, ())
    routes = {columns.route_of(timeline.rows(key, value).tolist()) for value in values}
    return frozenset(route for route in routes if route >= 0)


class _Columns:
    """A timeline as plain lists: groups are a handful of rows, too few for arrays to pay."""

    def __init__(
        self, timeline: Timeline, job_key: str | None, thing_keys: tuple[str, ...]
    ) -> None:
        self._at_ms: list[float] = timeline.at_ms.tolist()
        self._process: list[int] = timeline.process.tolist()
        self._route: list[int] = timeline.route.tolist()
        self._duration_ms: list[float] = timeline.duration_ms.tolist()
        self._things = {key: timeline.identifiers[key].tolist() for key in thing_keys}
        self._job: list[int] = timeline.identifiers[job_key].tolist() if job_key else []
        self._job_rows: dict[int, list[int]] = {}
        if job_key:
            self._job_rows = {job: rows.tolist() for job, rows in timeline.groups(job_key)}

    def route_of(self, rows: list[int]) -> int:
        named = [row for row in rows if self._route[row] >= 0]
        if len(named) < 2:
            return self._route[named[0]] if named else -1
        first = self._process[self._in_time(rows)[0]]
        near = [row for row in named if self._process[row] == first] or named
        return Counter(self._route[row] for row in near).most_common(1)[0][0]

    def work(self, value: int, rows: list[int], route: int) -> Work:
        own = self._in_time(rows)
        named = (self._job[row] for row in own) if self._job else ()
        jobs = tuple(dict.fromkeys(job for job in named if job))
        everything = own
        if jobs:
            related = set(own).union(*(self._job_rows[job] for job in jobs))
            everything = self._in_time(sorted(related))
        first = own[0]
        things = self._things_on(everything)
        home = self._process[first]
        begun = next((row for row in everything if self._process[row] != home), None)
        times = [at_ms for row in everything if not isnan(at_ms := self._at_ms[row])]
        return Work(
            key=value,
            at_ms=self._arrival(own),
            row=self._telling(own, things),
            route=route,
            things=things,
            jobs=jobs,
            lag_ms=None if begun is None else self._gap(first, begun),
            worker=None if begun is None else self._process[begun],
            end_ms=max(times, default=None),
        )

    def _things_on(self, rows: list[int]) -> dict[str, int]:
        found = {}
        for key, column in self._things.items():
            value = next((column[row] for row in rows if column[row]), 0)
            if value:
                found[key] = value
        return found

    def _telling(self, rows: list[int], things: dict[str, int]) -> int:
        for row in rows:
            if any(self._things[key][row] for key in things):
                return row
        return rows[0]

    def _arrival(self, rows: list[int]) -> float | None:
        times = [at_ms for row in rows if not isnan(at_ms := self._at_ms[row])]
        for row in rows:
            span = self._duration_ms[row] if self._route[row] >= 0 else -1.0
            if 0 <= span < _REQUEST_MS_MAX and not isnan(self._at_ms[row]):
                times.append(self._at_ms[row] - span)
        return min(times, default=None)

    def _in_time(self, rows: list[int]) -> list[int]:
        """Rows without a time stay where they were read, before the others."""
        times = self._at_ms
        return sorted(rows, key=lambda row: -1.0 if isnan(times[row]) else times[row])

    def _gap(self, first: int, later: int) -> float | None:
        gap = self._at_ms[later] - self._at_ms[first]
        return gap if gap >= 0 else None
