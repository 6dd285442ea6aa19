"""Explore: the way from what comes in to what the database refuses, with its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from redhanded.case.codemap import CodeMap, CodePath, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.case.symptom import Symptom
from redhanded.hunt import program
from redhanded.source.flow import facts
from redhanded.source.flow.charting import Chart
from redhanded.source.flow.hops import Ground, hops_of
from redhanded.source.flow.ways import Way, subject_of, ways
from redhanded.source.history import touched

PATHS_MAX = 200
PATHS_WITH_HISTORY = 3
UNRESOLVED_PATHS = 10
ENTRIES = ("route", "job", "subscription", "schedule", "command", "function")
"""Those that the outside world sets off most often come first."""


def chart(
    root: Path, *, source: tuple[str, ...], symptom: Symptom, cache: Path | None = None
) -> CodeMap:
    """The map of the program under ``source`` (folders relative to ``root``).

    ``cache``: a folder of the caller's, in which what was read is kept for the next time.
    """
    return drawn(program.read(root, cache), root, source, symptom)


def drawn(found: Chart, root: Path, source: tuple[str, ...], symptom: Symptom) -> CodeMap:
    """The map of what was read: entries are those under ``source``, tables those of ``root``.

    Paths that write the table of the symptom come first, and among them those that share lines with
    its stack. Nothing is guessed: what could not be followed stands in ``unresolved``, what was not
    read in ``limits``.
    """
    starts = [
        place
        for place, one in enumerate(found.paths)
        if program.is_under(one.entry.location.path, source)
    ]
    own = [found.paths[place] for place in starts]
    within = program.within(found)
    ground = Ground(
        paths=found.paths,
        schema=found.schema,
        constraints=facts.constraints(found.schema),
        within=within,
        text=program.lines_of(root),
    )
    table = symptom.table or table_of(symptom.constraint, ground.constraints)
    every = ways(found.paths, starts)
    ordered = sorted(every, key=lambda one: _rank(ground, one, table, symptom))
    limits = [*_missing(root, source), *found.limits]
    if len(ordered) > PATHS_MAX:
        limits.append(f"{len(ordered)} paths were found, the first {PATHS_MAX} are listed")
        ordered = ordered[:PATHS_MAX]
    paths = tuple(CodePath(hops=hops_of(ground, one, symptom.constraint)) for one in ordered)
    history = touched(root, _worth_a_look(symptom, paths))
    if not found.files.paths:
        limits.append(f"no source file was found under {', '.join(source) or 'the root'}")
    return CodeMap(
        root=str(root),
        files=len(found.files.modules),
        routes=facts.routes(own, within),
        enqueues=facts.enqueues(own, within),
        consumers=facts.consumers(own, within),
        accesses=facts.accesses(own, found.schema, within),
        constraints=ground.constraints,
        paths=paths,
        commits=history.commits,
        unresolved=_unresolved(ground, ordered[:UNRESOLVED_PATHS]),
        limits=tuple(dict.fromkeys((*limits, *history.limits))),
    )


def table_of(constraint: str | None, known: Iterable[UniqueConstraint]) -> str | None:
    """The table of a constraint that the log names; None where none or several may be meant."""
    every = tuple(known)
    exact = {one.table for one in every if constraint is not None and one.name == constraint}
    meant = exact or {one.table for one in every if one.is_called(constraint)}
    return next(iter(meant)) if len(meant) == 1 else None


def _missing(root: Path, source: tuple[str, ...]) -> Iterable[str]:
    return (f"{one} does not exist" for one in source if not (root / one).exists())


def _rank(ground: Ground, way: Way, table: str | None, symptom: Symptom) -> tuple[object, ...]:
    """What sorts first: the symptom's table, the stack's lines, webhooks, other than GET, short."""
    write = way.write
    effect = write.effect
    known = ground.schema.table(subject_of(write))
    hit = table is not None and table in (subject_of(write), known.name if known else None)
    adds = effect is not None and effect.kind in ("insert", "upsert", "find-or-create", "save")
    inserts = adds or symptom.sqlstate not in (None, "23505")
    places = [place for one in way.stops for place in (*one.event.stack, one.event.location)]
    lines = {(one.path, one.line) for one in places}
    functions = {one.place for one in map(ground.within, places)}
    overlap = sum((one.path, one.line) in lines for one in symptom.stack)
    named = sum(one.place in functions for one in symptom.stack if one.function)
    entry = ground.paths[way.stops[0].path].entry
    rows = effect is not None and effect.store == "database"
    key = (not hit, -overlap, not (hit and inserts), -named, not entry.webhook)
    kind = (ENTRIES.index(entry.kind), entry.name.startswith("GET "), not rows)
    length = sum(len(one.event.stack) + 1 for one in way.stops)
    return (*key, *kind, length, entry.name, str(write.location))


def _worth_a_look(symptom: Symptom, paths: tuple[CodePath, ...]) -> list[Location]:
    """Lines whose history is read: the stack's, then those of the first paths."""
    hops = [hop for path in paths[:PATHS_WITH_HISTORY] for hop in path.hops]
    return [*symptom.stack, *(hop.location for hop in hops if hop.location is not None)]


def _unresolved(ground: Ground, ordered: Sequence[Way]) -> tuple[Location, ...]:
    """Calls in the functions of these paths whose target is not known."""
    found: set[Location] = set()
    for way in ordered:
        for stop in way.stops:
            path = ground.paths[stop.path]
            places = (*stop.event.stack, stop.event.location)
            found |= facts.unresolved([path], ground.within, places)
    return tuple(sorted(found, key=lambda one: (one.path, one.line)))
