"""What keeps a second run out between a read and the write of the same row or key."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.hunt.suspect.rules.conditional import Condition, condition_of
from redhanded.hunt.suspect.rules.derivation import columns_of, reads_of, uses
from redhanded.hunt.suspect.rules.identity import same_row, written_columns
from redhanded.hunt.suspect.rules.leases import leases
from redhanded.hunt.suspect.rules.rule import Reason
from redhanded.hunt.suspect.rules.serialised import FULL, kept_apart
from redhanded.source.flow.events import Event, Path, Transaction
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Known

SNAPSHOTS = frozenset({"repeatable read", "snapshot"})


ONE_CONNECTION = frozenset({"better-sqlite3", "node:sqlite", "bun:sqlite"})
"""Libraries that run statements one after another on the one connection of their process and give
each result at once: there is no pool, and nothing comes between two that nothing is waited for."""


def kept_out(
    path: Path, first: Event, last: Event, schema: Schema, *, one_row: bool = True
) -> tuple[Reason, ...]:
    """Reasons against a second run between the two events; `FULL` rules it out.

    ``one_row``: they concern the same row, whose second update a snapshot refuses (PostgreSQL
    manual, 13.2.2); an invariant of several rows is not kept by it.
    """
    found = [*kept_apart(path, first, last, "present"), *_leased(path, first, last)]
    found.extend(_watched(path, first, last, schema))
    if at_once(path, first, last):
        says = "nothing is waited for between the two, and the process has one connection"
        found.append(Reason(weight=FULL, says=says, location=last.location))
    if one_row:
        found.extend(_claimed(path, first, last, schema))
    shared = shared_transaction(first, last)
    if shared is None:
        return tuple(found)
    if one_row and level(shared) in SNAPSHOTS:
        says = f"the second update under {level(shared).upper()} is refused"
        found.append(Reason(weight=FULL, says=says, location=last.location))
    found.extend(_row_written(path, first, shared, schema))
    return tuple(found)


def _claimed(path: Path, first: Event, last: Event, schema: Schema) -> Iterator[Reason]:
    """The run has marked the row as its own before: by an update that demands its state and whose
    answer is looked at, or under a lock after its state was looked at."""
    for one in path.events[: last.number]:
        if one.effect is None or one.effect.kind not in ("update", "save"):
            continue
        by_condition = (
            condition_of(path, one, None, schema) is Condition.CHECKED
            and any(one.number in reads_of(guard.test) for guard in last.guards)
            and same_row(one, last, schema) == "same"
        )
        if by_condition or _marks_under_lock(one, first):
            says = "the run has marked the row as its own before"
            yield Reason(weight=FULL, says=says, location=one.location)
            return


def _marks_under_lock(mark: Event, first: Event) -> bool:
    if first.number not in mark.locks or mark.effect is None:
        return False
    written = set(written_columns(mark.effect))
    tested = {
        column
        for guard in mark.guards
        for use in uses(guard.test, first)
        for column in columns_of(use.result)
    }
    return bool(written & tested)


def at_once(path: Path, first: Event, last: Event) -> bool:
    """Whether all between two statements runs on the one connection without waiting."""
    effects = [one.effect for one in path.events[first.number : last.number + 1] if one.effect]
    ours = {one.library for one in effects if one.store == "database"}
    waited = [one for one in effects if one.kind != "respond"]
    others = [one for one in waited if one.store in ("keys", "queue", "network")]
    return bool(ours) and ours <= ONE_CONNECTION and not others


def shared_transaction(first: Event, last: Event) -> Transaction | None:
    """The transaction that both run in."""
    if first.transaction is None or last.transaction is None:
        return None
    theirs = {one.number for one in (*last.around, last.transaction)}
    ours = (first.transaction, *reversed(first.around))
    return next((one for one in ours if one.number in theirs), None)


def level(transaction: Transaction) -> str:
    """Its isolation level in lower case with spaces; empty: the database's own."""
    return transaction.isolation.lower().replace("_", " ")


def _leased(path: Path, first: Event, last: Event) -> Iterator[Reason]:
    """A key that is set only if it is absent, and removed after both."""
    for lease in leases(path):
        number = lease.taken.number
        if number in first.locks and number in last.locks:
            continue
        numbers = {one.number for one in lease.inside}
        if first.number in numbers and last.number in numbers:
            says = f"both happen while {lease.name} is held"
            yield Reason(weight=FULL, says=says, location=lease.taken.location)


def _watched(path: Path, first: Event, last: Event, schema: Schema) -> Iterator[Reason]:
    """The key is watched before it is read, and written in MULTI, which is refused if another has
    changed it meanwhile (Redis documentation, Optimistic locking using check-and-set)."""
    queued = last.effect.options.get("queued") if last.effect is not None else None
    if queued != Known("MULTI"):
        return
    for one in path.events[: first.number]:
        is_watch = one.effect is not None and one.effect.kind == "watch"
        if is_watch and same_row(one, first, schema) != "other":
            says = "the key is watched, and MULTI is refused where another has changed it"
            yield Reason(weight=FULL, says=says, location=one.location)
            return


def _row_written(path: Path, first: Event, shared: Transaction, schema: Schema) -> Iterator[Reason]:
    """A row that was updated earlier in the same transaction is locked until its end."""
    for one in path.events[: first.number]:
        if one.effect is None or one.effect.kind not in ("update", "save", "upsert"):
            continue
        if one.transaction is None or one.transaction.number != shared.number:
            continue
        if same_row(first, one, schema) == "same":
            says = "the row was updated before it is read, which locks it"
            yield Reason(weight=FULL, says=says, location=one.location)
