"""A way through a program as hops that a person can follow: one line of source for each."""

from __future__ import annotations

from redhanded.case.codemap import Hop, HopKind, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.frameworks.facts import AccessFact, ConsumerFact
from redhanded.source.reading import Reading
from redhanded.source.ways import Call, Way, reads_before

_VERBS = {
    "INSERT": "INSERT INTO {}",
    "UPDATE": "UPDATE {}",
    "DELETE": "DELETE FROM {}",
    "SELECT": "SELECT FROM {}",
}


def hops_of(reading: Reading, way: Way, constraint: str | None = None) -> tuple[Hop, ...]:
    """Entry, calls, queues, look-ups of the same table, the write, its table and constraints.

    With the name of a ``constraint`` of the written table only that one ends the path, otherwise
    each unique constraint of the table but the primary key.
    """
    trail = _Trail(reading)
    reads = reads_before(reading, way)
    skipped = _enter(trail, way)
    for position, step in enumerate(way.steps):
        for one in reads.get(position, ()):
            trail.read(one)
        if isinstance(step, Call):
            if position == 0 and skipped is not None and step.target.location == skipped:
                continue
            label = f"{step.site.label}()"
            trail.add("call", label, step.site.location)
        else:
            trail.add("enqueue", step.enqueue.label, step.enqueue.site.location)
            _consume(trail, step.consumer)
    for one in reads.get(len(way.steps), ()):
        trail.read(one)
    _write(trail, way.write, constraint)
    return tuple(trail.hops)


class _Trail:
    """Hops in order, each with its source line."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.hops: list[Hop] = []

    def add(self, kind: HopKind, label: str, location: Location | None) -> None:
        text = self.reading.program.line(location.path, location.line) if location else ""
        self.hops.append(Hop(kind=kind, label=label, location=location, text=text))

    def read(self, fact: AccessFact) -> None:
        columns = ", ".join(fact.access.columns)
        where = f" WHERE {columns}" if columns else ""
        self.add("read", f"SELECT FROM {fact.access.table}{where}", fact.access.location)


def _enter(trail: _Trail, way: Way) -> Location | None:
    """The entry's hops; gives the handler that a wrapper calls, whose call needs no hop."""
    if isinstance(way.entry, ConsumerFact):
        _consume(trail, way.entry)
        return None
    route = way.entry.route
    trail.add("route", f"{route.method} {route.path}", route.location)
    start = way.start.location
    in_middleware = way.start in way.entry.middleware
    handler = start if in_middleware or route.handler is None else route.handler
    trail.add("handler", f"{handler.function or 'handler'}()", handler)
    return handler if handler != start else None


def _consume(trail: _Trail, fact: ConsumerFact) -> None:
    consumer = fact.consumer
    queue = consumer.queue if consumer.queue is not None else "?"
    job = f" {consumer.job!r}" if consumer.job is not None else ""
    trail.add("consume", f"{fact.site.label}{job} on queue {queue!r}", consumer.location)
    handler = consumer.handler
    if handler is not None and (handler.path, handler.line) != (
        consumer.location.path,
        consumer.location.line,
    ):
        trail.add("handler", f"{handler.function or 'processor'}()", handler)


def _write(trail: _Trail, fact: AccessFact, constraint: str | None) -> None:
    table = fact.access.table
    trail.add("write", _VERBS[fact.verb].format(table), fact.access.location)
    trail.add("table", table, fact.model)
    for one in _ending(trail.reading.constraints, table, constraint):
        columns = ", ".join(one.columns)
        named = f" {one.name}" if one.name else ""
        trail.add("constraint", f"UNIQUE {table}({columns}){named}", one.location)


def _ending(
    known: tuple[UniqueConstraint, ...], table: str, constraint: str | None
) -> list[UniqueConstraint]:
    own = [one for one in known if one.table == table]
    named = [one for one in own if one.name == constraint]
    return named or [one for one in own if one.name != f"{table}_pkey"]
