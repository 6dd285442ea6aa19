"""Causes that lie in the order of two tasks, or of two processes at work on one: no event."""

from __future__ import annotations

import re
from dataclasses import replace

from redhanded.case.operation import Operation
from redhanded.hunt.suspect.telling import Explained, at_line, step_at, thing, who
from redhanded.hunt.suspect.trail import Trail, changed, effects, locks_only, meet
from redhanded.lab import protection

DEADLOCK = "40P01"
_OVERWRITING = frozenset({"UPDATE", "MERGE", "SET", "HSET", "HMSET"})
_UPSERT = re.compile(r"\bON\s+CONFLICT\b.*\bDO\s+UPDATE\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def opposite_locks(failing: Trail, _passing: Trail | None) -> Explained | None:
    """Two transactions that each wait for a row that the other one holds."""
    for victim in failing.operations:
        if victim.failure is None or victim.failure.code != DEADLOCK:
            continue
        for mine in _held_before(victim, failing):
            for other in failing.operations:
                if other.transaction is None or not _waits(other, mine, victim, failing):
                    continue
                for theirs in _held_before(other, failing):
                    if meet(theirs, victim, "write"):
                        return _crossing(mine, victim, theirs, other, failing)
    return None


def _held_before(operation: Operation, failing: Trail) -> list[Operation]:
    return [
        each
        for each in failing.in_transaction_of(operation)
        if each.index < operation.index and each.failure is None and _locks(each)
    ]


def _locks(operation: Operation) -> bool:
    return locks_only(operation) or next(iter(effects([operation])), None) is not None


def _waits(other: Operation, mine: Operation, victim: Operation, failing: Trail) -> bool:
    apart = other not in failing.in_transaction_of(victim)
    return apart and _locks(other) and meet(other, mine, "write")


def _crossing(
    mine: Operation, victim: Operation, theirs: Operation, other: Operation, failing: Trail
) -> Explained:
    place = thing(victim, theirs)
    return Explained(
        mechanism="opposite-lock-order",
        title="Two transactions lock the same rows in opposite order",
        sentence=(
            f"{who(mine)} holds a row of {place}{at_line(mine, failing)} and waits for another"
            f"{at_line(victim, failing)}, which {who(theirs)} holds{at_line(theirs, failing)} "
            f"while it waits for the first{at_line(other, failing)}: PostgreSQL ends "
            f"{who(victim)} as a deadlock."
        ),
        places=(("lock", theirs), ("lock", other), ("lock", mine), ("lock", victim)),
    )


def queued_early(failing: Trail, passing: Trail | None) -> Explained | None:
    """A job whose worker looks for a row that the one who queued it has not committed yet."""
    for read in failing.operations:
        if read.name.access != "read" or read.name.protocol != "postgres" or not read.touches:
            continue
        for change in effects(failing.operations):
            if change.name.task != read.name.task or change.process == read.process:
                continue
            late = _unseen_by(read, change, failing) and meet(change, read, "read")
            queue = _handed_over(change, read, failing) if late else None
            if queue is not None and not _seen_in(passing, change, read):
                return _too_early(change, queue, read, failing)
    return None


def _unseen_by(read: Operation, change: Operation, failing: Trail) -> bool:
    """Whether it was committed only later; or not at all, where the failure ended the run."""
    if failing.end_of(change) is None and change.transaction is not None:
        return change.failure is None and change.index < read.index
    seen = failing.seen_at(change)
    return seen is not None and read.index < seen


def _handed_over(change: Operation, read: Operation, failing: Trail) -> Operation | None:
    """The last thing that the process of ``change`` did before others took over and read."""
    for each in failing.before(read):
        if each.process == change.process and each.name.protocol in ("redis", "postgres"):
            return each if each.name.access == "write" and each is not change else None
    return None


def _seen_in(passing: Trail | None, change: Operation, read: Operation) -> bool:
    """Whether the passing run has the read before the change as well."""
    if passing is None:
        return False
    wrote, looked = passing.named(change.name), passing.named(read.name)
    seen = passing.seen_at(wrote) if wrote is not None else None
    return looked is not None and seen is not None and looked.index < seen


def _too_early(change: Operation, queue: Operation, read: Operation, failing: Trail) -> Explained:
    open_ = (
        f"before the COMMIT of {step_at(change, failing)}"
        if change.transaction is not None
        else f"before {step_at(change, failing)}"
    )
    return Explained(
        mechanism="job-enqueued-before-commit",
        title="A job is queued before its row is committed",
        sentence=(
            f"The job is queued by {queue.name.role}{at_line(queue, failing)} {open_}; "
            f"{read.name.role} is quicker and does not see the row of {thing(read, change)}"
            f"{at_line(read, failing)}."
        ),
        places=(("enqueue", queue), ("change", change), ("look-up", read)),
    )


def out_of_order(failing: Trail, passing: Trail | None) -> Explained | None:
    """An older event that is applied after a newer one, and overwrites what that wrote."""
    if passing is None:
        return None
    arrived = {
        each.name.task: each.index
        for each in passing.operations
        if each.name.protocol == "delivery"
    }
    writes = [each for each in effects(failing.operations) if _overwrites(each) and changed(each)]
    for old in writes:
        for new in writes:
            if replace(new.name, task=old.name.task) != old.name or new.name == old.name:
                continue
            sent = arrived.get(old.name.task, 0) < arrived.get(new.name.task, -1)
            turned = _in_order(failing, new, old) and _in_order_there(passing, old, new)
            if sent and turned and meet(new, old, "write"):
                return _applied_late(old, new, failing)
    return None


def _overwrites(operation: Operation) -> bool:
    """Whether it replaces what is there, whatever that is."""
    if operation.name.kind in _OVERWRITING:
        return not protection.guarded(operation, (operation,))
    found = _UPSERT.search(operation.text.partition("  [")[0])
    return found is not None and re.search(r"\bWHERE\b", found["rest"], re.IGNORECASE) is None


def _in_order(known: Trail, first: Operation, second: Operation) -> bool:
    seen, later = known.seen_at(first), known.seen_at(second)
    return seen is not None and later is not None and seen < later


def _in_order_there(passing: Trail, first: Operation, second: Operation) -> bool:
    one, two = passing.named(first.name), passing.named(second.name)
    return one is not None and two is not None and _in_order(passing, one, two)


def _applied_late(old: Operation, new: Operation, failing: Trail) -> Explained:
    newer, older = at_line(new, failing), at_line(old, failing)
    return Explained(
        mechanism="out-of-order-event-applied",
        title="An older event is applied after a newer one",
        sentence=(
            f"{who(old)} is applied to {thing(old, new)}{older} after {who(new)}"
            f"{newer if newer != older else ''}, which comes later where nothing fails; nothing "
            "compares which of the two is newer, so the older one stays."
        ),
        places=(("change", new), ("write", old)),
    )
