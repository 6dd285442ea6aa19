"""Routes, queues, data access and constraints of a program as values of a code map."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from redhanded.case.codemap import Consumer, DataAccess, Enqueue, Route, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.telling import READS, WRITES, atomic
from redhanded.source.flow.values import Value
from redhanded.source.flow.written import written

Within = Callable[[Location], Location]
Placed = TypeVar("Placed", Route, Enqueue, Consumer, DataAccess)
BOTH = frozenset(("find-or-create", "upsert"))
"""What looks and writes in one call."""
CONCURRENCY = ("concurrency", "teamSize", "max_jobs", "worker_concurrency")


def routes(paths: Iterable[Path], within: Within) -> tuple[Route, ...]:
    """HTTP entries, each place and path once."""
    found: dict[tuple[object, ...], Route] = {}
    for path in paths:
        entry = path.entry
        if entry.kind != "route":
            continue
        method, _, address = entry.name.partition(" ")
        one = Route(
            method=method,
            path=address,
            location=within(entry.location),
            handler=within(path.functions[-1]) if path.functions else None,
            webhook=bool(entry.webhook),
            library=entry.library,
        )
        key = (method, address, one.location)
        if key not in found or one.webhook:
            found[key] = one
    return _in_order(found.values())


def enqueues(paths: Iterable[Path], within: Within) -> tuple[Enqueue, ...]:
    """One for each place and meaning; of unknown queue only where no other is known there."""
    found: dict[tuple[object, ...], Enqueue] = {}
    for path in paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.kind != "enqueue":
                continue
            language = event.location.path
            one = Enqueue(
                queue=effect.subject,
                job=effect.job,
                library=effect.library,
                location=within(event.location),
                options=_written(effect.options, language),
                data=_written(effect.values, language),
                in_transaction=bool(event.around),
            )
            key = (one.location, one.queue, one.job)
            known = found.get(key, one)
            found[key] = replace(
                max(known, one, key=lambda each: len(each.options)),
                in_transaction=known.in_transaction or one.in_transaction,
            )
    named = {one.location for one in found.values() if one.queue is not None}
    kept = [one for one in found.values() if one.queue is not None or one.location not in named]
    return _in_order(kept)


def consumers(paths: Iterable[Path], within: Within) -> tuple[Consumer, ...]:
    """Entries that take jobs."""
    found: dict[tuple[object, ...], Consumer] = {}
    for path in paths:
        entry = path.entry
        if entry.kind != "job":
            continue
        options = _written(entry.options, entry.location.path)
        one = Consumer(
            queue=entry.queue,
            job=entry.job,
            library=entry.library,
            location=within(entry.location),
            handler=within(path.functions[-1]) if path.functions else None,
            concurrency=next((options[name] for name in CONCURRENCY if name in options), None),
            options=options,
        )
        found.setdefault((one.location, one.queue, one.job), one)
    return _in_order(found.values())


def accesses(paths: Iterable[Path], schema: Schema, within: Within) -> tuple[DataAccess, ...]:
    """Reads and writes of rows, one for each place: what is true on any way it is reached by."""
    found: dict[tuple[object, ...], DataAccess] = {}
    for path in paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.store != "database" or effect.kind not in READS | WRITES:
                continue
            one = _access(event, effect, schema, within)
            key = (one.location, one.method, one.table, one.access)
            known = found.get(key, one)
            found[key] = replace(
                known,
                columns=max(known.columns, one.columns, key=len),
                in_transaction=known.in_transaction or one.in_transaction,
                locked=known.locked or one.locked,
                isolation=known.isolation or one.isolation,
            )
    return _in_order(found.values())


def _access(event: Event, effect: Effect, schema: Schema, within: Within) -> DataAccess:
    table = schema.table(effect.subject) or schema.table(effect.model)
    named = effect.subject or effect.model or "?"
    transaction = event.transaction
    return DataAccess(
        model=effect.model,
        table=table.name if table is not None else named,
        method=effect.verb,
        access=_way(effect),
        library=effect.library,
        location=within(event.location),
        columns=_columns(effect),
        ranges=tuple(name for name in effect.ranges if name != "?"),
        in_transaction=transaction is not None,
        locked=bool(effect.lock) or bool(event.locks),
        does=effect.kind,
        isolation=transaction.isolation if transaction is not None else "",
        conflict=effect.conflict,
        conflict_columns=effect.conflict_columns,
        atomic=bool(atomic(effect)),
    )


def _way(effect: Effect) -> Literal["read", "write", "read-write"]:
    if effect.kind in READS:
        return "read"
    return "read-write" if effect.kind in BOTH else "write"


def _columns(effect: Effect) -> tuple[str, ...]:
    """Those it looks by; of an insert those it writes."""
    looked = [*effect.where, *effect.ranges]
    named = looked if looked and effect.kind not in ("insert", "upsert") else list(effect.values)
    return tuple(name for name in named if name != "?")


def constraints(schema: Schema) -> tuple[UniqueConstraint, ...]:
    """What the database refuses to hold twice, primary keys included."""
    return tuple(
        _constraint(table, one) for table in schema.tables.values() for one in table.uniques
    )


def _constraint(table: Table, one: Unique) -> UniqueConstraint:
    made = f"{table.name}_pkey" if one.is_primary else "_".join((table.name, *one.columns, "key"))
    return UniqueConstraint(
        table=table.name,
        columns=one.columns,
        name=one.name or made,
        location=one.location,
        source="migration" if "migration" in one.said or not one.said else one.said[0],
        where=one.where,
        in_force=one.is_in_force,
    )


def unresolved(paths: Sequence[Path], within: Within, of: Collection[Location]) -> set[Location]:
    """Calls whose target is not known, in the functions that these places stand in."""
    functions = {(one.path, one.function) for one in map(within, of)}
    return {
        place
        for path in paths
        for event in path.events
        if not event.is_resolved
        and (place := within(event.location))
        and (place.path, place.function) in functions
    }


def _written(values: Mapping[str, Value], path: str) -> dict[str, str]:
    return {name: written(value, path) for name, value in values.items() if name != "?"}


def _in_order(found: Iterable[Placed]) -> tuple[Placed, ...]:
    return tuple(sorted(found, key=lambda one: (one.location.path, one.location.line)))
