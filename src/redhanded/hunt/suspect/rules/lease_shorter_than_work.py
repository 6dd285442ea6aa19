"""A lock ends by itself while what it guards is still going on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redhanded.hunt.suspect.rules.conditional import Condition, condition_of
from redhanded.hunt.suspect.rules.identity import same_subject
from redhanded.hunt.suspect.rules.leases import Lease, leases, marks, seconds
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.telling import does, is_waited_for, step, subject_of
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path

name = "lease-shorter-than-work"
title = "A lock ends before the work that it guards"
wrong = (
    "A lease ends when its time is over, whether the work is done or not; a second run then enters "
    "while the first is still inside (Kleppmann, How to do distributed locking, 2016). How long a "
    "request over the network takes is not for the waiting side to say."
)
safe: tuple[str, ...] = (
    "The lease is extended while the work goes on.",
    "It is longer than all time-outs inside together.",
    "What is written carries a fencing token or version that the store compares.",
    "What is written is under a lock of the database, which is held as long as its session lives.",
)
needs = "work that took longer than the lease, and a second run that entered meanwhile"
experiment = "let the lease end while the work is held; a second run enters"
remedy = "extend-lease"
threshold = 0.5

_WORK: frozenset[EffectKind] = frozenset(
    {"read", "insert", "update", "delete", "upsert", "save", "find-or-create", "statement"}
)


_ALONE = frozenset({"job", "schedule", "command"})
"""Entries that keep other runs of themselves out by a key; with requests such a key limits how
often something is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is done inside of a lease, as far as its length is known."""

    bounded_s: float
    """Pauses and requests with a time-out, together."""
    unbounded: tuple[Event, ...]
    """Requests over the network without a time-out that is seen."""
    statements: int
    loops: bool


def look(reading: Reading) -> Iterable[Finding]:
    """The leases that end too soon."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    held = [*leases(path)]
    if path.entry.kind in _ALONE:
        held += [one for one in marks(path) if _work(one).bounded_s >= _lasts(one)]
    for lease in held:
        effect = lease.taken.effect
        assert effect is not None
        lasts = effect.expiry_s
        if lasts is None or effect.store not in ("keys", "process", "other", "database"):
            continue
        if _is_extended(path, lease, reading):
            continue
        work = _work(lease)
        reasons = [*_reasons(lease, work, lasts)]
        if not reasons:
            continue
        if _is_locked(path, lease):
            continue
        if _is_fenced(path, lease, reading):
            says = "what is written inside demands what was read"
            reasons.append(Reason(weight=-0.4, says=says))
        reasons.append(occasion(path, lease.taken))
        yield _finding(path, lease, work, lasts, tuple(reasons))


def _is_over(lease: Lease, one: Event) -> bool:
    """Whether something is done before the lease is given back: the run waits for it, or what gives
    the lease back comes after it in the same chain of callbacks."""
    if is_waited_for(one, lease.taken):
        return True
    return any(one.number < end.number and is_waited_for(one, end) for end in lease.ends)


def _lasts(lease: Lease) -> float:
    effect = lease.taken.effect
    return effect.expiry_s if effect is not None and effect.expiry_s is not None else float("inf")


def _work(lease: Lease) -> _Work:
    bounded, unbounded, statements, loops = 0.0, [], 0, False
    for one in lease.inside:
        if one.effect is None or not _is_over(lease, one):
            continue
        kind = one.effect.kind
        length = one.effect.expiry_s if kind == "sleep" else None
        if kind == "send":
            length = seconds(one.effect.options.get("timeout"))
        if kind in ("send", "sleep"):
            loops = loops or one.in_loop
            if length is not None:
                bounded += length
            else:
                unbounded.append(one)
        elif kind in _WORK and one.effect.store == "database":
            statements += 1
            loops = loops or one.in_loop
    return _Work(bounded_s=bounded, unbounded=tuple(unbounded), statements=statements, loops=loops)


def _reasons(lease: Lease, work: _Work, lasts: float) -> Iterator[Reason]:
    where = lease.taken.location
    if work.bounded_s >= lasts:
        says = f"what is inside may take {work.bounded_s:g} s by its own pauses and time-outs"
        yield Reason(weight=0.6, says=says, location=where)
    elif work.unbounded:
        first = work.unbounded[0]
        weight = 0.55 if lasts <= 5 else 0.4 if lasts <= 15 else 0.3 if lasts <= 60 else 0.1
        says = f"{does(first)} inside takes as long as the other side wants"
        yield Reason(weight=weight, says=says, location=first.location)
        if len(work.unbounded) > 1 or work.loops:
            yield Reason(weight=0.1, says="it does so several times", location=first.location)
    elif lasts <= 1 and work.statements:
        says = f"{work.statements} statements may take longer than {lasts:g} s"
        yield Reason(weight=0.35, says=says, location=where)
    elif work.loops and lasts <= 30:
        says = f"the statements in a loop may take longer than {lasts:g} s"
        yield Reason(weight=0.25, says=says, location=where)


def _is_extended(path: Path, lease: Lease, reading: Reading) -> bool:
    """Whether something extends the lease while it is held."""
    effect = lease.taken.effect
    assert effect is not None
    for one in path.events:
        if one.effect is None or one.number <= lease.taken.number:
            continue
        if one.effect.kind == "extend":
            return True
        if one.effect.kind == "expire" and same_subject(one.effect, effect, reading.schema):
            return True
    return "extends" in effect.options


def _is_locked(path: Path, lease: Lease) -> bool:
    """Whether a lock of the database holds for all that is written, so that the lease only saves
    work."""
    writes = [
        one
        for one in lease.inside
        if one.effect is not None and one.effect.store == "database" and _counts(one)
    ]
    return bool(writes) and all(
        any(_is_of_database(path.events[number]) for number in one.locks) for one in writes
    )


def _is_of_database(lock: Event) -> bool:
    return lock.effect is not None and lock.effect.store == "database"


def _is_fenced(path: Path, lease: Lease, reading: Reading) -> bool:
    """Whether all rows written inside are written under a condition."""
    writes = [
        one
        for one in lease.inside
        if one.effect is not None and one.effect.kind in ("update", "save", "insert")
    ]
    return bool(writes) and all(
        condition_of(path, one, None, reading.schema) is not Condition.NONE for one in writes
    )


def _finding(
    path: Path, lease: Lease, work: _Work, lasts: float, reasons: tuple[Reason, ...]
) -> Finding:
    last = next((one for one in reversed(lease.inside) if _counts(one)), lease.taken)
    longest = work.unbounded[0] if work.unbounded else last
    return Finding(
        rule=name,
        location=lease.taken.location,
        message=(
            f"{lease.name} ends {lasts:g} s after it was taken at {lease.taken.location}, and "
            f"{path.entry.name} still {does(longest)} ({longest.location}): a second run enters "
            f"before the first is done."
        ),
        steps=(
            step("the first run", lease.taken, f"takes {lease.name} for {lasts:g} s"),
            step("the first run", longest),
            Step(location=lease.taken.location, says=f"{lease.name} ends by itself"),
            step("the second run", lease.taken, "takes it, and does the same work"),
            step("the first run", last, f"goes on: {does(last)} beside the second run"),
        ),
        reasons=reasons,
        subject=lease.name or subject_of(lease.taken),
        entry=path.entry.name,
    )


def _counts(event: Event) -> bool:
    return event.effect is not None and event.effect.kind in _WORK - {"read"}
