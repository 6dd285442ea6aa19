"""What a transaction that is open holds, and what it has to do with a job that is queued."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.handled import is_refusal, undone_in
from redhanded.hunt.suspect.rules.rows import is_same_table
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Event, Path, Transaction
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Known, Result, sources

WRITES: frozenset[EffectKind] = frozenset(
    {"insert", "update", "delete", "upsert", "find-or-create", "save"}
)
"""Effects on a database that other connections see only after the commit."""


def is_write(event: Event) -> bool:
    """Whether rows are written."""
    effect = event.effect
    return effect is not None and effect.store == "database" and effect.kind in WRITES


def is_statement(event: Event) -> bool:
    """Whether it runs in a transaction, and neither begins nor ends one."""
    effect = event.effect
    return effect is not None and effect.kind not in ("begin", "commit", "rollback")


def writes_in(path: Path, transaction: Transaction, beside: Event) -> Iterator[Event]:
    """What the transaction writes in the same run as ``beside``."""
    for event in path.events:
        if not is_write(event) or excludes(event, beside) or _has_failed(path, event, beside):
            continue
        own = event.transaction
        if own is not None and any(one.number == transaction.number for one in event.around):
            yield event


def _has_failed(path: Path, write: Event, beside: Event) -> bool:
    """Whether what comes later is done because the write was refused, or another statement of the
    transaction without a savepoint around it: that leaves nothing of what was written in it."""
    refused = frozenset(one for guard in beside.guards for one in undone_in(guard))
    if write.number in refused:
        return True
    if not beside.around or not any(is_refusal(guard) for guard in beside.guards):
        return False
    inner = beside.around[-1].number
    tried = [path.events[one] for one in refused if one < len(path.events)]
    return any(
        one.transaction is not None and one.transaction.number == inner and is_statement(one)
        for one in tried
    )


def takes_part(event: Event, transaction: Transaction) -> bool:
    """Whether a job is queued by a statement of the transaction itself, and undone with it."""
    effect = event.effect
    if effect is None:
        return False
    if effect.options.get("connection") == Known("given"):
        return True
    if effect.store == "database":
        return event.transaction is not None and event.transaction.number == transaction.number
    return effect.session is not None and effect.session == transaction.handle


def given(event: Event, effect: Effect) -> frozenset[int]:
    """Numbers of the events that what the job is given was made from."""
    values = (*event.arguments, *event.keywords.values(), *effect.values.values())
    return frozenset(
        one.event for value in values for one in sources(value) if isinstance(one, Result)
    )


def is_about(event: Event, effect: Effect, write: Event) -> bool:
    """Whether the job is told of the row that is changed: by the value that the row is found by."""
    written = write.effect
    if written is None:
        return False
    by = {one for value in written.where.values() for one in sources(value)}
    by |= set(sources(written.entity))
    values = (*event.arguments, *event.keywords.values(), *effect.values.values())
    told = {one for value in values for one in sources(value)}
    events = {one.event for one in by if isinstance(one, Result)}
    return bool(by & told) or any(
        isinstance(one, Result) and one.event in events and one.parts[-1:] in (("id",), ("pk",))
        for one in told
    )


def reads_of(schema: Schema, path: Path, written: Effect) -> Iterator[Event]:
    """What a path looks for in the table that was written."""
    for event in path.events:
        effect = event.effect
        if effect is None or effect.store != "database":
            continue
        if effect.kind in ("read", "update", "save") and is_same_table(schema, effect, written):
            yield event
