"""Lines that a stack has lost, put back from what was read of the program.

``async function f() { return db.row.create(…) }``: a library that sends when somebody waits for
the promise (Prisma) sends after ``f`` has returned, so the stack names the call of ``f`` and not
the line in it. Where one statement alone below that call fits what was sent, it was that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.case.operation import Operation
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path

FITS: dict[str, frozenset[EffectKind]] = {
    "SELECT": frozenset(("read", "find-or-create", "upsert", "save", "update", "insert")),
    "INSERT": frozenset(("insert", "find-or-create", "upsert", "save")),
    "UPDATE": frozenset(("update", "find-or-create", "upsert", "save")),
    "DELETE": frozenset(("delete",)),
}
"""Statements to the calls that may send them."""
FIRST: dict[str, frozenset[EffectKind]] = {"SELECT": frozenset(("read", "find-or-create"))}
"""Those that are taken where one of them and others fit."""

Line = tuple[str, int]


def put_back(operations: Iterable[Operation], paths: Sequence[Path]) -> tuple[Operation, ...]:
    """The operations, each with the lines between its innermost frame and the statement."""
    below = _below(paths)
    stated = {
        (event.location.path, line)
        for path in paths
        for event in path.events
        if event.effect is not None
        for line in range(event.location.line, max(event.end_line, event.location.line) + 1)
    }
    return tuple(_with_lines(each, below, stated) for each in operations)


def _with_lines(
    operation: Operation,
    below: dict[Line, list[tuple[Event, int]]],
    stated: set[Line],
) -> Operation:
    frames = operation.stack or ((operation.location,) if operation.location else ())
    kinds = FITS.get(operation.name.kind)
    if not frames or kinds is None or (frames[0].path, frames[0].line) in stated:
        return operation
    fitting = [
        (event, depth)
        for event, depth in below.get((frames[0].path, frames[0].line), ())
        if event.effect is not None
        and event.effect.kind in kinds
        and operation.name.target in (event.effect.subject, event.effect.model)
    ]
    first = [one for one in fitting if _kind(one[0]) in FIRST.get(operation.name.kind, kinds)]
    chosen = first or fitting
    if len({event.location for event, _ in chosen}) != 1:
        return operation
    event, depth = chosen[0]
    inner = (event.location, *reversed(event.stack[depth + 1 :]))
    return replace(operation, location=event.location, stack=(*inner, *frames))


def _kind(event: Event) -> EffectKind | None:
    return event.effect.kind if event.effect is not None else None


def _below(paths: Sequence[Path]) -> dict[Line, list[tuple[Event, int]]]:
    """Line of a call to the statements that it leads to, and its depth in their stacks."""
    found: dict[Line, list[tuple[Event, int]]] = {}
    for path in paths:
        for event in path.events:
            if event.effect is None or event.effect.store != "database":
                continue
            for depth, call in enumerate(event.stack):
                found.setdefault(_line(call), []).append((event, depth))
    return found


def _line(place: Location) -> Line:
    return place.path, place.line
