"""A way through a program as hops that a person can follow: one line of source for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redhanded.case.codemap import Hop, HopKind, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.telling import ROWS, said
from redhanded.source.flow.ways import Way, reads_before, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What hops are drawn from."""

    paths: Sequence[Path]
    schema: Schema
    constraints: tuple[UniqueConstraint, ...]
    within: Callable[[Location], Location]
    """A place with the name of the function around it."""
    text: Callable[[Location], str]
    """The source line, stripped."""


def hops_of(ground: Ground, way: Way, constraint: str | None = None) -> tuple[Hop, ...]:
    """Entry, calls, queues, look-ups of the same table, the write, its table and constraints.

    With the name of a ``constraint`` of the written table only that one ends the path, otherwise
    each unique constraint of the table but the primary key.
    """
    drawn = _Drawn(ground)
    table = subject_of(way.write)
    for place, stop in enumerate(way.stops):
        path = ground.paths[stop.path]
        if place:
            _consume(drawn, path.entry)
        else:
            _enter(drawn, path.entry)
        _handle(drawn, path, stop.event)
        _inside(drawn, path, stop.event, table)
        if stop is not way.stops[-1]:
            effect = stop.event.effect
            job = f"'{effect.job}'" if effect is not None and effect.job else ""
            drawn.add("enqueue", f"{stop.event.callee}({job})", stop.event.location)
    _write(drawn, way.write, table, constraint)
    return tuple(drawn.hops)


@dataclass(slots=True)
class _Drawn:
    """Hops in order, each with its source line."""

    ground: Ground
    hops: list[Hop] = field(default_factory=list)

    def add(self, kind: HopKind, label: str, location: Location | None) -> None:
        place = self.ground.within(location) if location is not None else None
        text = self.ground.text(place) if place is not None else ""
        self.hops.append(Hop(kind=kind, label=label, location=place, text=text))


def _enter(drawn: _Drawn, entry: Entry) -> None:
    if entry.kind == "job":
        _consume(drawn, entry)
    elif entry.kind == "route":
        drawn.add("route", entry.name, entry.location)
    else:
        words = {"function": f"{entry.name}()", "command": entry.name}
        drawn.add("entry", words.get(entry.kind, f"{entry.kind} {entry.name}"), entry.location)


def _consume(drawn: _Drawn, entry: Entry) -> None:
    job = f" '{entry.job}'" if entry.job is not None else " jobs"
    queue = f" from queue '{entry.queue}'" if entry.queue is not None else ""
    drawn.add("consume", f"{entry.library or 'worker'} takes{job}{queue}", entry.location)


def _handle(drawn: _Drawn, path: Path, last: Event) -> None:
    """The function of the entry from which the event is reached, where it stands elsewhere."""
    first = last.stack[0] if last.stack else last.location
    above = [one for one in path.functions if one.path == first.path and one.line <= first.line]
    handler = max(above, key=lambda one: one.line, default=None)
    if handler is None or (handler.path, handler.line) == _line(path.entry.location):
        return
    drawn.add("handler", f"{handler.function or 'handler'}()", handler)


def _inside(drawn: _Drawn, path: Path, last: Event, table: str) -> None:
    """The calls that lead to an event, and the look-ups before it, where each of them happens."""
    reads = [(_shared(one, last), one) for one in reads_before(path, last, table)]
    begun = {(one.location, one.stack): one.callee for one in path.events}
    for depth, call in enumerate(last.stack):
        _reads(drawn, [one for shared, one in reads if shared == depth])
        inner = last.stack[depth + 1] if depth + 1 < len(last.stack) else last.location
        name = begun.get((call, last.stack[:depth])) or drawn.ground.within(inner).function
        drawn.add("call", f"{name or 'function'}()", call)
    _reads(drawn, [one for shared, one in reads if shared >= len(last.stack)])


def _reads(drawn: _Drawn, events: Sequence[Event]) -> None:
    for event in events:
        if event.effect is not None:
            drawn.add("read", said(event.effect), event.location)


def _shared(one: Event, last: Event) -> int:
    """How many calls both have in common."""
    depth = 0
    while depth < min(len(one.stack), len(last.stack)) and one.stack[depth] == last.stack[depth]:
        depth += 1
    return depth


def _write(drawn: _Drawn, event: Event, table: str, constraint: str | None) -> None:
    effect = event.effect
    if effect is None:
        return
    rows = effect.store == "database" and effect.kind in ROWS
    drawn.add("write", f"{ROWS[effect.kind]} {table}" if rows else said(effect), event.location)
    known = drawn.ground.schema.table(table) if rows else None
    if not rows or not table:
        return
    drawn.add("table", table, known.location if known is not None else None)
    for one in _ending(drawn.ground.constraints, known.name if known else table, constraint):
        columns = ", ".join(one.columns)
        named = f" {one.name}" if one.name else ""
        drawn.add("constraint", f"UNIQUE {one.table}({columns}){named}", one.location)


def _ending(
    known: Sequence[UniqueConstraint], table: str, constraint: str | None
) -> list[UniqueConstraint]:
    own = [one for one in known if one.table == table]
    named = [one for one in own if one.name == constraint] or [
        one for one in own if one.is_called(constraint)
    ]
    return named or [one for one in own if one.name != f"{table}_pkey"]


def _line(location: Location) -> tuple[str, int]:
    return (location.path, location.line)
