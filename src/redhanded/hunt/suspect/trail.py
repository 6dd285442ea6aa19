"""What a run did, to be asked: what led to what, and from when on others could see a change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from redhanded.case.operation import Operation, OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Event
from redhanded.lab.footprint.builtins import ADVISORY

CONTROL = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "EMPTY", "SAVEPOINT", "RELEASE", "SET"})
"""Statements of PostgreSQL that touch no row of their own; a SET of Redis is none of them."""
_LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE|KEY\s+SHARE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The operations of one run, with what the proxies know of their causes."""

    operations: tuple[Operation, ...]
    causes: dict[int, frozenset[int]]
    """Index of an operation to those of all that led to it."""
    ends: dict[tuple[str, str, int, int], Operation]
    """Process, service, connection and transaction to what ended it."""

    def leads(self, earlier: Operation, later: Operation) -> bool:
        """Whether ``later`` may rest on the answer to ``earlier``."""
        if earlier.index in self.causes.get(later.index, frozenset()):
            return True
        together = (earlier.process, earlier.name.task) == (later.process, later.name.task)
        return together and earlier.index < later.index

    def end_of(self, operation: Operation) -> Operation | None:
        """The COMMIT or ROLLBACK of its transaction; None outside one, or without an end."""
        key = _transaction(operation)
        return self.ends.get(key) if key is not None else None

    def seen_at(self, operation: Operation) -> int | None:
        """From which place in the order on others see what it did; None if they never do."""
        if operation.failure is not None:
            return None
        if operation.transaction is None or operation.name.kind == "COMMIT":
            return operation.index
        end = self.end_of(operation)
        committed = end is not None and end.name.kind == "COMMIT" and end.failure is None
        return end.index if end is not None and committed else None

    def acted_at(self, operation: Operation) -> int | None:
        """The same of a write that may have been refused: then where the refusal came."""
        if operation.failure is None:
            return self.seen_at(operation)
        replied = operation.replied_ms if operation.waited_for_lock else None
        if replied is None:
            return operation.index
        since = (each.index for each in self.operations if each.released_ms <= replied)
        return max(since, default=operation.index) + 1

    def before(self, operation: Operation) -> Iterator[Operation]:
        """What led to it, nearest first."""
        known = self.causes.get(operation.index, frozenset())
        return (each for each in reversed(self.operations) if each.index in known)

    def named(self, name: OperationName) -> Operation | None:
        """The operation of that name."""
        return next((each for each in self.operations if each.name == name), None)

    def in_transaction_of(self, operation: Operation) -> tuple[Operation, ...]:
        """All operations of its transaction, in their order; itself alone outside one."""
        key = _transaction(operation)
        if key is None:
            return (operation,)
        return tuple(each for each in self.operations if _transaction(each) == key)


def trail(run: Run) -> Trail:
    """The run, ready to be asked."""
    causes: dict[int, frozenset[int]] = {}
    for each in run.operations:
        above = causes.get(each.parent, frozenset()) if each.parent is not None else frozenset()
        causes[each.index] = above | {each.parent} if each.parent is not None else above
    ends = {
        key: each
        for each in run.operations
        if each.name.kind in ("COMMIT", "ROLLBACK") and (key := _transaction(each)) is not None
    }
    return Trail(operations=run.operations, causes=causes, ends=ends)


def effects(operations: Iterable[Operation]) -> Iterator[Operation]:
    """The writes that are told of: of rows, keys or other services, with no housekeeping."""
    for each in operations:
        if each.ambient or each.name.access != "write" or locks_only(each):
            continue
        database = each.name.protocol == "postgres"
        if each.name.protocol == "http" or (
            each.name.protocol in ("postgres", "redis")
            and each.touches
            and not (database and each.name.kind in CONTROL)
        ):
            yield each


def changed(operation: Operation) -> bool:
    """Whether a write took effect: it was not refused, and no answer says that it met no row."""
    return operation.failure is None and operation.rows != 0


def locks_only(operation: Operation) -> bool:
    """Whether it writes nothing: a SELECT … FOR UPDATE, an advisory lock."""
    if any(touch.resource == ADVISORY for touch in operation.touches):
        return True
    return operation.name.kind == "SELECT" and _LOCKS.search(operation.text) is not None


def meet(write: Operation, other: Operation, access: str) -> bool:
    """Whether ``write`` changes what ``other`` reads (or writes, as ``access`` says)."""
    return any(
        mine.access == "write" and theirs.access == access and mine.conflicts(theirs)
        for mine in write.touches
        for theirs in other.touches
    )


def shape(name: OperationName) -> OperationName:
    """The name without whose work it is and the how-manieth."""
    return replace(name, task="", occurrence=1)


def same_work(operation: Operation, other: Operation) -> bool:
    """Whether the same program does both for the same delivery."""
    mine, theirs = operation.name, other.name
    return (mine.role, mine.task) == (theirs.role, theirs.task)


def happened_at(event: Event, known: Trail) -> Operation | None:
    """The event's own place in the run."""
    for each in known.operations:
        if each.name.protocol == "fault" and each.name.kind == event.kind:
            return each
    return None


def _transaction(operation: Operation) -> tuple[str, str, int, int] | None:
    if operation.transaction is None:
        return None
    return (operation.process, operation.service, operation.connection, operation.transaction)
