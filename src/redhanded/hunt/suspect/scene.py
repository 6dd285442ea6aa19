"""The part of the code map that the symptom is about: from the entry to the constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from redhanded.case.codemap import (
    CodeMap,
    CodePath,
    Consumer,
    DataAccess,
    Enqueue,
    Hop,
    Route,
    UniqueConstraint,
)
from redhanded.case.evidence import Evidence, Location
from redhanded.case.symptom import Symptom

Placed = TypeVar("Placed", Enqueue, Route)

CREATING = frozenset({"insert", "save"})
"""What adds a row without looking whether it is there."""
FINDING = frozenset({"find-or-create", "upsert"})
"""What finds the row of an earlier run, if it looks by the right columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Every part is None where the code map does not show one."""

    table: str | None
    constraint: UniqueConstraint | None
    path: CodePath | None
    route: Route | None
    enqueue: Enqueue | None
    consumer: Consumer | None
    create: DataAccess | None
    write: DataAccess | None
    """The write of the table on the path, safe or not."""
    look_up: DataAccess | None
    """The read of the same table before the work is handed over."""


def survey(symptom: Symptom, code: CodeMap, *, constraint: str | None = None) -> Scene:
    """The scene of ``symptom``; ``constraint`` is the measured name where there is one."""
    violated = _constraint(symptom, code, constraint)
    table = violated.table if violated else symptom.table
    path = _path(code, table, violated)
    hops = path.hops if path else ()
    write = _write(symptom, code, table, hops)
    create = write if write is not None and _creates(write, violated) else None
    enqueue = _first(code.enqueues, _places(hops, "enqueue"))
    consumer = _consumer(code, enqueue, hops)
    return Scene(
        table=table,
        constraint=violated,
        path=path,
        route=_first(code.routes, _places(hops, "route")),
        enqueue=enqueue,
        consumer=consumer,
        create=create,
        write=write,
        look_up=_look_up(code, table, enqueue, write, hops),
    )


def finds_first(scene: Scene) -> bool:
    """Whether the write finds or creates on what the violated constraint holds."""
    return scene.write is not None and scene.create is None and scene.write.does in FINDING


def same_line(one: Location | None, other: Location | None, *, reach: int = 0) -> bool:
    """Whether both are the same line, at most ``reach`` lines apart."""
    if one is None or other is None:
        return False
    return one.path == other.path and abs(one.line - other.line) <= reach


def log_evidence(symptom: Symptom, *, most: int = 2) -> tuple[Evidence, ...]:
    """Log lines in which the same entity was asked for twice."""
    found: list[Evidence] = []
    for occurrence in symptom.occurrences:
        if occurrence.partner and len(found) < most:
            other = occurrence.partner[0]
            gap = "" if occurrence.gap_ms is None else f", {occurrence.gap_ms:.0f} ms apart"
            says = f"another request touched {occurrence.entity or 'the same entity'}{gap}"
            found.append(Evidence(path=other.path, line=other.line, text=other.text, says=says))
    return tuple(found)


def paired(symptom: Symptom) -> int:
    """Occurrences with a partner request."""
    return sum(1 for each in symptom.occurrences if each.partner or each.gap_ms is not None)


def _creates(write: DataAccess, violated: UniqueConstraint | None) -> bool:
    """A plain create, or one that looks by other columns than the constraint's."""
    if write.does in CREATING:
        return True
    return (
        write.does == "find-or-create"
        and violated is not None
        and bool(write.columns)
        and not set(write.columns) & set(violated.columns)
    )


def _constraint(symptom: Symptom, code: CodeMap, name: str | None) -> UniqueConstraint | None:
    for wanted in (name, symptom.constraint):
        exact = [each for each in code.constraints if wanted and each.name == wanted]
        meant = exact or [each for each in code.constraints if each.is_called(wanted)]
        if len({each.table for each in meant}) == 1:
            return meant[0]
    return None


def _path(code: CodeMap, table: str | None, violated: UniqueConstraint | None) -> CodePath | None:
    def fits(path: CodePath) -> tuple[int, int]:
        kinds = {hop.kind for hop in path.hops}
        reaches = violated is not None and any(
            hop.kind == "constraint" and same_line(hop.location, violated.location)
            for hop in path.hops
        )
        writes = table is not None and any(
            hop.kind in {"write", "table"} and table in hop.label for hop in path.hops
        )
        return (2 * reaches + writes, len(kinds & {"enqueue", "write"}))

    if not code.paths:
        return None
    best = max(code.paths, key=fits)
    return best if fits(best)[0] or table is None else None


def _places(hops: tuple[Hop, ...], *kinds: str) -> list[Location]:
    return [hop.location for hop in hops if hop.kind in kinds and hop.location is not None]


def _first(candidates: tuple[Placed, ...], places: list[Location]) -> Placed | None:
    for place in places:
        for each in candidates:
            if same_line(each.location, place):
                return each
    return None


def _write(
    symptom: Symptom, code: CodeMap, table: str | None, hops: tuple[Hop, ...]
) -> DataAccess | None:
    frames = (*symptom.stack, *_places(hops, "write"))
    writes = [
        each
        for each in code.accesses
        if each.access != "read" and (table is None or each.table == table)
    ]
    for frame in frames:
        for each in writes:
            if same_line(each.location, frame, reach=1):
                return each
    creating = [each for each in writes if each.does in CREATING | FINDING]
    return creating[0] if len(creating) == 1 or (creating and not frames) else None


def _consumer(code: CodeMap, enqueue: Enqueue | None, hops: tuple[Hop, ...]) -> Consumer | None:
    for place in _places(hops, "consume"):
        for each in code.consumers:
            if same_line(each.location, place):
                return each
    if enqueue is None:
        return None
    for each in code.consumers:
        if each.queue == enqueue.queue and each.job in (enqueue.job, None, "*"):
            return each
    return None


def _look_up(
    code: CodeMap,
    table: str | None,
    enqueue: Enqueue | None,
    write: DataAccess | None,
    hops: tuple[Hop, ...],
) -> DataAccess | None:
    reads = [each for each in code.accesses if each.access == "read" and each.table == table]
    before = enqueue.location if enqueue else write.location if write else None
    for place in _places(hops, "read"):
        for each in reads:
            if same_line(each.location, place):
                return each
    if before is None:
        return None
    same = [each for each in reads if each.location.path == before.path]
    near = [
        each
        for each in same
        if each.location.line <= before.line and each.location.function == before.function
    ]
    return near[-1] if near else None
