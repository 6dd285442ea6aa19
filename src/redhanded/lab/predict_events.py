"""From one serial run to what the environment may do to it: ends of leases, overlaps, faults.

- *lease ends*: what a lock in Redis with a lifetime keeps apart, once that lifetime is over while
  its holder still works.
- *overlap*: two statements that look and write in one step, outside a transaction, where nothing
  unique makes the second one fail.
- *timer meanwhile*: a heartbeat or renewal that was sent before the work was seen to be done.
- *fault*: something happens between two effects of one task that are not one transaction or
  script; first between two writes of the same thing, since whoever comes next finds it half done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, EventKind, Schedule
from redhanded.lab import protection
from redhanded.lab.chains import Chain, chains, depend, writes
from redhanded.lab.faults import FAULTS, Fault
from redhanded.lab.patterns import Found, Pair, Pattern, Prediction, acts

TIMERS_MAX = 6
"""Each may take as long as a timer is waited for."""
_LOOKS = re.compile(r"\bSELECT\b", re.IGNORECASE)
_NOTHING_BETWEEN: frozenset[EventKind] = frozenset({"delivered twice"})


def predict_events(
    serial: Run, *, tables: Collection[str] = (), deliveries: int
) -> tuple[Prediction, ...]:
    """Ends of leases and overlaps, most promising first; both need nothing but time."""
    found: list[Found] = []
    tasks = chains(serial)
    for first, second in combinations(tasks, 2):
        pair = Pair(first, second, frozenset(tables), deliveries)
        found += _lease_ends(pair)
        found += _overlaps(pair)
    return _kept(found)


def predict_timers(serial: Run, *, deliveries: int) -> tuple[Prediction, ...]:
    """Where a timer may fire meanwhile: at what changes most in one step first, such as the end
    of a job."""
    found = [
        _found(
            deliveries,
            (),
            Event(kind="timer fires", at=operation.name),
            rank=(-len(writes(operation)), -operation.index),
            why=f"a timer fires while {operation.name} is under way",
            pattern="timer meanwhile",
            at=(operation, operation),
        )
        for task in chains(serial)
        for operation in task.operations
        if _is_effect(operation)
    ]
    return _kept(found)[:TIMERS_MAX]


def predict_faults(
    serial: Run, kinds: Collection[EventKind], *, deliveries: int
) -> tuple[Prediction, ...]:
    """Where each of ``kinds`` may matter, most promising first: one fault in each prediction."""
    found: list[Found] = []
    for fault in FAULTS:
        if fault.kind in kinds:
            for task in chains(serial):
                found += _faults(fault, task, serial, deliveries)
    return _kept(found)


def _kept(found: list[Found]) -> tuple[Prediction, ...]:
    found.sort(key=lambda each: each.rank)
    kept: dict[tuple[object, ...], Prediction] = {}
    for each in found:
        kept.setdefault(each.alike, each.prediction)
    return tuple(dict.fromkeys(kept.values()))


def _lease_ends(pair: Pair) -> Iterator[Found]:
    """The first task has read under a lease, which ends; the second enters; the first acts."""
    operations = pair.first.operations
    for lease in operations:
        if not protection.is_lease(lease):
            continue
        given_back = protection.tries(lease, operations)
        end = given_back.index if given_back is not None else operations[-1].index + 1
        for read, write in acts(pair.first):
            if not lease.index < read.index < write.index <= end or write is given_back:
                continue
            early = pair.early(read, write, pair.second.may_do(pair.first), without=lease)
            if early is None or writes(read) or _is_about(read, lease):
                continue
            event = Event(
                kind="lease ended",
                at=read.name,
                service=lease.service,
                target=lease.name.target,
            )
            before, after = pair.before(early, write)
            yield _found(
                pair.deliveries,
                (Constraint(before=before.name, after=after.name),),
                event,
                rank=(0, *pair.rank(read, write), early.name.access == "write", write.index),
                why=f"the lease {lease.name.target} ends after {read.name}",
                pattern="lease ends",
                at=(write, early),
            )


def _is_about(read: Operation, lease: Operation) -> bool:
    """Whether it is the lock itself that is looked at, or a script looks for a library."""
    if read.service != lease.service:
        return False
    return read.name.kind.startswith("EVAL") or any(
        each.resource in writes(lease) for each in read.touches
    )


def _overlaps(pair: Pair) -> Iterator[Found]:
    """The same statement twice, each of which looks at what the other is about to write."""
    possible = pair.second.may_do(pair.first)
    for one in pair.first.operations:
        if not _looks_and_writes(one):
            continue
        held = protection.held_at(one, pair.first.operations)
        for other in possible:
            alike = other.name.target == one.name.target and _looks_and_writes(other)
            if not alike or not depend(one, other) or protection.blocked(other, possible, held):
                continue
            yield _found(
                pair.deliveries,
                (),
                Event(kind="overlap", at=one.name, other=other.name, service=one.service),
                rank=(1, *pair.rank(one, other), 0, one.index),
                why=f"{one.name} and {other.name} take their snapshots before either has written",
                pattern="overlap in a statement",
                at=(one, other),
            )


def _looks_and_writes(operation: Operation) -> bool:
    text = operation.text.partition("  [")[0].lstrip()
    return (
        operation.name.protocol == "postgres"
        and operation.name.kind in ("INSERT", "UPDATE", "DELETE", "MERGE")
        and operation.transaction is None
        and bool(_LOOKS.search(text))
        and not protection.guarded_by_key(operation)
    )


def _faults(fault: Fault, task: Chain, run: Run, deliveries: int) -> Iterator[Found]:
    for place, operation in enumerate(task.operations):
        if not fault.applies(operation, run):
            continue
        others = task.operations[:place] if _undone(fault) else task.operations[place + 1 :]
        effects = [each for each in others if _is_effect(each) and _apart(operation, each)]
        if fault.kind not in _NOTHING_BETWEEN and not effects:
            continue
        same = [each for each in effects if writes(each) & writes(operation)]
        what = (same or effects or [operation])[-1 if _undone(fault) else 0]
        side = "after" if _undone(fault) else "before"
        yield _found(
            deliveries,
            (),
            Event(kind=fault.kind, at=operation.name),
            rank=(2, 0 if same else 1, _order(fault), operation.index),
            why=f"{fault.kind} at {operation.name}, {side} {what.name}",
            pattern="fault",
            at=(operation, what),
        )


def _undone(fault: Fault) -> bool:
    """Whether the operation itself does not happen: what came before it is then left alone."""
    return fault.kind in ("connection reset", "serialization failure", "deadlock victim")


def _order(fault: Fault) -> int:
    return FAULTS.index(fault)


def _is_effect(operation: Operation) -> bool:
    return operation.name.access == "write" and bool(operation.touches)


def _apart(one: Operation, other: Operation) -> bool:
    """Whether one of the two can happen without the other."""
    return not protection.same_transaction(one, other) or other.name.kind == "COMMIT"


def _found(
    deliveries: int,
    constraints: Sequence[Constraint],
    event: Event,
    *,
    rank: tuple[int, ...],
    why: str,
    pattern: Pattern,
    at: tuple[Operation, Operation],
) -> Found:
    schedule = Schedule(constraints=tuple(constraints), events=(event,), deliveries=deliveries)
    shape = replace(event.at, task="", occurrence=1)
    other = replace(event.other, task="", occurrence=1) if event.other is not None else None
    return Found(
        rank=rank,
        alike=(event.kind, event.target, shape, other, at[0].name.kind, at[0].name.target),
        prediction=Prediction(
            schedule=schedule, first=at[0].index, second=at[1].index, why=why, pattern=pattern
        ),
    )
