"""What keeps others out between a read and what is done with it: locks, guards, isolation levels.

A pattern that one of these covers fails in no order, so it is not predicted. Locks are judged by
what a serial run shows: a row or advisory lock lasts to the end of its transaction or its unlock, a
lock in Redis from the command or script that takes its key only if it is free to the next write of
that key.
A session's isolation level that was set before the trial is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from redhanded.case.operation import Operation, Touch
from redhanded.lab.footprint.builtins import ADVISORY
from redhanded.lab.lock_scripts import LEASE, LOCK

Level = str
"""``read committed``, ``repeatable read`` or ``serializable``."""


def held_at(place: Operation, operations: Sequence[Operation]) -> tuple[Touch, ...]:
    """The locks that a task has when ``place``, one of its ``operations``, is about to be sent."""
    held: list[Touch] = []
    for operation in operations:
        if operation.index >= place.index:
            break
        last = _released(operation, operations)
        if last is None or last.index >= place.index:
            held += _taken(operation)
    return tuple(held)


def tries(operation: Operation, operations: Sequence[Operation]) -> Operation | None:
    """What gives back a lock that ``operation`` takes only if it is free; None if it does not."""
    if _only_if(operation) or "pg_try_advisory_" in operation.text:
        return _released(operation, operations)
    return None


def waits(operation: Operation, held: Iterable[Touch]) -> bool:
    """Whether it cannot be answered (or gets a refusal) while another task holds these locks."""
    return any(mine.conflicts(theirs) for mine in _taken(operation) for theirs in held)


def blocked(operation: Operation, of: Iterable[Operation], held: Iterable[Touch]) -> bool:
    """Whether its task waits for one of the locks held before ``operation`` is answered."""
    locks = tuple(held)
    for earlier in of:
        if waits(earlier, locks):
            return True
        if earlier is operation:
            return False
    return False


def is_lease(operation: Operation) -> bool:
    """Whether it takes a lock that ends by itself: a key set only if free, with a lifetime."""
    if operation.name.kind.startswith("EVAL"):
        return LEASE in operation.fingerprint
    words = operation.text.upper().split()
    return _only_if(operation) and bool(_LIFETIME & set(words[3:]))


def guarded_by_key(operation: Operation) -> bool:
    """Whether a statement says what to do where a unique key refuses it."""
    return bool(_ON_CONFLICT.search(operation.text.partition("  [")[0]))


def guarded(operation: Operation, operations: Iterable[Operation]) -> bool:
    """Whether a write looks again, in the same step, at what it changes.

    ``UPDATE … SET used = true WHERE … used = false``, ``ON CONFLICT DO NOTHING``, ``INSERT …
    SELECT … WHERE NOT EXISTS``, ``SET … NX``, a MULTI block after WATCH, a pop. A script is taken
    to look. What follows such a write of the same table in its transaction holds the row by then.
    ``operations`` are those of its task.
    """
    if operation.name.protocol == "redis":
        kind = operation.name.kind
        whole = kind.startswith("EVAL") or "POP" in kind or kind in _TAKING
        return whole or _only_if(operation) or _was_watched(operation, operations)
    return _looks_again(operation) or any(
        other.index < operation.index
        and same_transaction(other, operation)
        and _looks_again(other)
        and bool(_written(other) & _written(operation))
        for other in operations
    )


def _written(operation: Operation) -> set[str]:
    return {touch.resource for touch in operation.touches if touch.access == "write"}


def _looks_again(operation: Operation) -> bool:
    text = operation.text.partition("  [")[0]
    if _DO_NOTHING.search(text) or _NOT_EXISTS.search(text):
        return True
    found = _UPDATE.search(text)
    if found is None:
        return False
    changed = {name.lower() for name in _ASSIGNED.findall(found["changes"])}
    looked_at = {name.lower() for name in _NAME.findall(found["where"])}
    return bool(changed & looked_at)


def level(operation: Operation, operations: Iterable[Operation]) -> Level:
    """The isolation level of the transaction that an operation stands in."""
    found = "read committed"
    for other in operations:
        stated = _LEVEL.search(other.text) if same_transaction(other, operation) else None
        if stated is not None:
            found = " ".join(stated[1].lower().split())
    return found


def same_transaction(one: Operation, other: Operation) -> bool:
    """Whether two operations stand in the same PostgreSQL transaction."""
    return one.transaction is not None and _session(one) == _session(other)


def statements(operation: Operation, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """The writes that others see once it was answered: itself, or those that a COMMIT commits."""
    if operation.name.kind != "COMMIT":
        return (operation,)
    return tuple(
        other
        for other in operations
        if other is not operation
        and same_transaction(other, operation)
        and other.name.access == "write"
    )


_UPDATE = re.compile(
    r"\bUPDATE\b.*?\bSET\b(?P<changes>.*?)\bWHERE\b(?P<where>.*?)(?:\bRETURNING\b|;|$)",
    re.IGNORECASE | re.DOTALL,
)
_ASSIGNED = re.compile(r'"?(\w+)"?\s*=(?!=)')
_NAME = re.compile(r"[A-Za-z_]\w*")
_LEVEL = re.compile(r"ISOLATION\s+LEVEL\s+(SERIALIZABLE|REPEATABLE\s+READ)", re.IGNORECASE)
_DO_NOTHING = re.compile(r"\bON\s+CONFLICT\b.*\bDO\s+NOTHING\b", re.IGNORECASE | re.DOTALL)
_ON_CONFLICT = re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE)
_LIFETIME = frozenset({"EX", "PX", "EXAT", "PXAT"})
_NOT_EXISTS = re.compile(r"\bINSERT\b.*\bWHERE\s+NOT\s+EXISTS\b", re.IGNORECASE | re.DOTALL)
_TAKING = frozenset({"BLMOVE", "LMOVE", "SMOVE", "GETDEL", "XREADGROUP"})
_FREE_ONLY = frozenset({"SETNX", "HSETNX", "MSETNX"})


def _taken(operation: Operation) -> list[Touch]:
    """The locks that it takes: rows that it writes, advisory keys, a Redis key only if free."""
    if operation.name.protocol == "postgres" and operation.name.kind != "COMMIT":
        return [touch for touch in operation.touches if touch.access == "write"]
    if _only_if(operation):
        return [touch for touch in operation.touches if touch.access == "write"]
    return []


def _released(operation: Operation, operations: Sequence[Operation]) -> Operation | None:
    """What gives its locks back: itself outside a transaction, None at the end of the run."""
    session_lock = any(touch.resource == ADVISORY for touch in operation.touches) and (
        "xact" not in operation.text
    )
    if operation.name.protocol == "redis" or session_lock:
        return next((each for each in operations if _gives_back(operation, each)), None)
    if operation.transaction is None:
        return operation
    return next(
        (
            each
            for each in operations
            if each.index > operation.index
            and same_transaction(each, operation)
            and each.name.kind in ("COMMIT", "ROLLBACK")
        ),
        None,
    )


def _gives_back(taking: Operation, other: Operation) -> bool:
    if other.index <= taking.index:
        return False
    if taking.name.protocol == "postgres" and "unlock" not in other.text:
        return False
    return any(
        touch.access == "write" and touch.conflicts(lock)
        for touch in other.touches
        for lock in _taken(taking)
    )


def _only_if(operation: Operation) -> bool:
    """A Redis write that does nothing where the key is there."""
    if operation.name.protocol != "redis":
        return False
    if operation.name.kind.startswith("EVAL"):
        return LEASE in operation.fingerprint or LOCK in operation.fingerprint
    words = operation.text.upper().split()
    return bool(words) and (words[0] in _FREE_ONLY or (words[0] == "SET" and "NX" in words[3:]))


def _was_watched(operation: Operation, operations: Iterable[Operation]) -> bool:
    """A MULTI block that was sent after WATCH on its connection."""
    return operation.name.kind in ("MULTI", "EXEC") and any(
        other.name.kind == "WATCH"
        and other.index < operation.index
        and _session(other) == _session(operation)
        for other in operations
    )


def _session(operation: Operation) -> tuple[str, str, int, int | None]:
    return (operation.process, operation.service, operation.connection, operation.transaction)
