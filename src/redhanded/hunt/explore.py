"""Explore: the way from what comes in to what the database refuses, with its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from redhanded.case.codemap import (
    CodeMap,
    CodePath,
    Consumer,
    DataAccess,
    Enqueue,
    Route,
    UniqueConstraint,
)
from redhanded.case.evidence import Location
from redhanded.case.symptom import Symptom
from redhanded.source.frameworks.facts import RouteFact
from redhanded.source.history import touched
from redhanded.source.hops import hops_of
from redhanded.source.reading import Reading, read
from redhanded.source.ways import Way, ways

PATHS_MAX = 200
PATHS_WITH_HISTORY = 3
UNRESOLVED_PATHS = 10


def chart(
    root: Path, *, source: tuple[str, ...], symptom: Symptom, cache: Path | None = None
) -> CodeMap:
    """The map of the program under ``source`` (folders relative to ``root``).

    Paths that write the table of the symptom come first, and among them those that share lines with
    its stack. ``cache`` is accepted for later use. Nothing is guessed: what could not be followed
    stands in ``unresolved``, what was not read in ``limits``.
    """
    del cache
    reading = read(root, source)
    table = symptom.table or _table_of(symptom.constraint, reading.constraints)
    ordered = sorted(ways(reading), key=lambda one: _rank(one, table, symptom))
    limits = list(reading.limits)
    if len(ordered) > PATHS_MAX:
        limits.append(f"{len(ordered)} paths were found, the first {PATHS_MAX} are listed")
        ordered = ordered[:PATHS_MAX]
    paths = tuple(CodePath(hops=hops_of(reading, one, symptom.constraint)) for one in ordered)
    history = touched(root, _worth_a_look(symptom, paths))
    if not reading.program.paths:
        limits.append(f"no source file was found under {', '.join(source) or 'the root'}")
    return CodeMap(
        root=str(root),
        files=len(reading.program.paths),
        routes=_routes(reading),
        enqueues=_enqueues(reading),
        consumers=_consumers(reading),
        accesses=_accesses(reading),
        constraints=reading.constraints,
        paths=paths,
        commits=history.commits,
        unresolved=_unresolved(reading, ordered[:UNRESOLVED_PATHS]),
        limits=(*limits, *history.limits),
    )


def _table_of(constraint: str | None, known: Iterable[UniqueConstraint]) -> str | None:
    return next((one.table for one in known if constraint and one.name == constraint), None)


def _rank(way: Way, table: str | None, symptom: Symptom) -> tuple[object, ...]:
    """What sorts first: the symptom's table, the stack's lines, webhooks, other than GET, short."""
    write = way.write
    hit = table is not None and write.access.table == table
    inserts = write.verb == "INSERT" or symptom.sqlstate not in (None, "23505")
    places = [site.location for _, site in way.stops()]
    lines = {(one.path, one.line) for one in places}
    functions = {(one.path, one.function) for one in places}
    overlap = sum((one.path, one.line) in lines for one in symptom.stack)
    named = sum((one.path, one.function) in functions for one in symptom.stack if one.function)
    route = way.entry.route if isinstance(way.entry, RouteFact) else None
    webhook = route is not None and route.webhook
    reading = route is not None and route.method == "GET"
    name = (route.method, route.path) if route is not None else ("", str(way.entry.site.location))
    key = (not hit, -overlap, not (hit and inserts), -named, not webhook, reading)
    return (*key, len(way.steps), name, str(write.access.location))


def _worth_a_look(symptom: Symptom, paths: tuple[CodePath, ...]) -> list[Location]:
    """Lines whose history is read: the stack's, then those of the first paths."""
    hops = [hop for path in paths[:PATHS_WITH_HISTORY] for hop in path.hops]
    return [*symptom.stack, *(hop.location for hop in hops if hop.location is not None)]


def _routes(reading: Reading) -> tuple[Route, ...]:
    found: dict[tuple[object, ...], Route] = {}
    for fact in reading.facts.routes:
        one = fact.route
        known = found.setdefault((one.method, one.path, one.location), one)
        if one.webhook and not known.webhook:
            found[(one.method, one.path, one.location)] = one
    return tuple(sorted(found.values(), key=lambda one: _place(one.location)))


def _enqueues(reading: Reading) -> tuple[Enqueue, ...]:
    """One for each place and meaning; those of unknown name only where no other is known there."""
    found: list[Enqueue] = []
    for fact in reading.facts.enqueues:
        if fact.enqueue not in found:
            found.append(fact.enqueue)
    named = {one.location for one in found if one.queue is not None}
    kept = [one for one in found if one.queue is not None or one.location not in named]
    jobs = {(one.location, one.queue) for one in kept if one.job is not None}
    kept = [one for one in kept if one.job is not None or (one.location, one.queue) not in jobs]
    return tuple(sorted(kept, key=lambda one: _place(one.location)))


def _consumers(reading: Reading) -> tuple[Consumer, ...]:
    found: dict[tuple[object, ...], Consumer] = {}
    for fact in reading.facts.consumers:
        one = fact.consumer
        known = found.setdefault((one.location, one.queue, one.job), one)
        if known.handler is None and one.handler is not None:
            found[(one.location, one.queue, one.job)] = one
    return tuple(sorted(found.values(), key=lambda one: _place(one.location)))


def _accesses(reading: Reading) -> tuple[DataAccess, ...]:
    """One for each place: what is true in any context it is reached in."""
    found: dict[tuple[object, ...], DataAccess] = {}
    for fact in reading.facts.accesses:
        one = fact.access
        key = (one.location, one.method, one.table, one.access)
        known = found.get(key, one)
        found[key] = replace(
            known,
            columns=max(known.columns, one.columns, key=len),
            in_transaction=known.in_transaction or one.in_transaction,
            locked=known.locked or one.locked,
        )
    return tuple(sorted(found.values(), key=lambda one: _place(one.location)))


def _unresolved(reading: Reading, ordered: list[Way]) -> tuple[Location, ...]:
    """Calls in the functions of these paths whose target is not known."""
    found = {
        site.location: None
        for way in ordered
        for closure, _ in way.stops()
        for site in reading.graph.sites(closure)
        if not site.callee
    }
    return tuple(sorted(found, key=_place))


def _place(location: Location) -> tuple[str, int]:
    return (location.path, location.line)
