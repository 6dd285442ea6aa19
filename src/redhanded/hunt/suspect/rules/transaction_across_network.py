"""A transaction, and a connection with it, is held while something slow is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.exclusion import ONE_CONNECTION
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.handled import undone_in
from redhanded.hunt.suspect.rules.leases import seconds
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_for_debugging, is_one_off, is_test, occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.telling import does, is_waited_for, step, subject_of
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path

name = "transaction-across-network"
title = "A transaction is open while something slow is waited for"
wrong = (
    "The transaction keeps a connection of the pool and the rows it has locked for as long as the "
    "other side takes; when that is slow, requests that have nothing to do with it wait for a "
    "connection or time out. What was sent cannot be rolled back. A transaction that asks the same "
    "pool for a second connection waits for itself once the pool is used up (HikariCP, About Pool "
    "Sizing)."
)
safe: tuple[str, ...] = (
    "What is slow happens before the transaction begins or after it has committed.",
    "The transaction writes down what is to be sent, and a worker sends it (an outbox).",
    "All statements of a transaction are given its handle.",
    "It is sent and not waited for.",
    "It happens only where the transaction could not be begun.",
)
needs = (
    "requests that wait for a connection, or time-outs of the pool, while the other side is slow"
)
experiment = "the other side answers late; as many requests at once as the pool has connections"
remedy = "send-after-commit"
threshold = 0.5

_ROWS: frozenset[EffectKind] = frozenset(
    {"read", "insert", "update", "delete", "upsert", "save", "find-or-create", "statement"}
)
_WRITES = _ROWS - {"read", "statement"}
_SHORT_S = 1.0


def look(reading: Reading) -> Iterable[Finding]:
    """What is waited for inside of transactions."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for event in path.events:
        effect = event.effect
        if effect is None or not event.around:
            continue
        begin = path.events[event.around[-1].number]
        if (
            not is_waited_for(event, begin)
            or excludes(begin, event)
            or any(begin.number in undone_in(one) for one in event.guards)
            or is_test(event.location)
            or is_one_off(event.location)
        ):
            continue
        if effect.kind in ("send", "sleep") and not is_for_debugging(event, reading):
            yield _waits(path, begin, event)
        elif effect.store == "database" and effect.kind in _ROWS and _is_beside(path, event):
            yield _takes_another(path, begin, event)


def _is_beside(path: Path, event: Event) -> bool:
    """Whether a statement runs on another connection than the transaction that is open."""
    effect = event.effect
    assert effect is not None
    if event.transaction is not None or effect.session is not None:
        return False
    if effect.library in ONE_CONNECTION:
        return False
    handles = [one for one in event.around if one.handle is not None]
    libraries = {
        begin.library for one in handles if (begin := path.events[one.number].effect) is not None
    }
    is_followed = all(_is_followed(path, one.number, event) for one in handles)
    return bool(handles) and effect.library in libraries and is_followed


def _is_followed(path: Path, number: int, event: Event) -> bool:
    """Whether it is known how the program hands this transaction on: it is begun in the same file,
    or one of its statements was seen to be in it."""
    if path.events[number].location.path == event.location.path:
        return True
    return any(
        one.transaction is not None
        and one.transaction.number == number
        and one.effect is not None
        and one.effect.kind not in ("begin", "commit", "rollback")
        for one in path.events[number:]
    )


def _waits(path: Path, begin: Event, event: Event) -> Finding:
    effect = event.effect
    assert effect is not None
    locked = _locked(path, begin, event)
    reasons = [
        Reason(weight=0.45, says="the transaction is open meanwhile", location=begin.location),
        *_how_long(event),
        occasion(path, event),
    ]
    if locked is not None:
        says = f"{subject_of(locked)} has rows locked meanwhile"
        reasons.append(Reason(weight=0.1, says=says, location=locked.location))
    elif begin.effect is not None and begin.effect.kind == "read":
        says = "a read has begun it by itself, and nothing is written yet"
        reasons.append(Reason(weight=-0.15, says=says, location=begin.location))
    what = "sleeps" if effect.kind == "sleep" else f"waits for {subject_of(event)}"
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"{path.entry.name} {what} at {event.location} with the transaction of "
            f"{begin.location} open: one connection of the pool"
            + (f" and locked rows of {subject_of(locked)} are" if locked is not None else " is")
            + " held as long as that takes."
        ),
        steps=(
            step("each run", begin, "takes a connection and begins"),
            *((step("each run", locked),) if locked is not None else ()),
            step("each run", event, what),
            Step(location=begin.location, says="the next runs wait for a connection of the pool"),
        ),
        reasons=tuple(reasons),
        subject=subject_of(event),
        entry=path.entry.name,
    )


def _how_long(event: Event) -> Iterator[Reason]:
    effect = event.effect
    assert effect is not None
    bound = effect.expiry_s if effect.kind == "sleep" else seconds(effect.options.get("timeout"))
    if bound is not None and bound <= _SHORT_S:
        says = f"it ends within {bound:g} s"
        yield Reason(weight=-0.2, says=says, location=event.location)
    if event.in_loop:
        yield Reason(
            weight=0.05, says="it happens once for each of several", location=event.location
        )


def _locked(path: Path, begin: Event, event: Event) -> Event | None:
    """What has locked rows before, in the transaction."""
    for one in path.events[begin.number : event.number]:
        if one.effect is None or one.transaction is None:
            continue
        if one.effect.store != "database" or one.transaction.number != begin.number:
            continue
        if one.effect.lock in ("update", "table") or one.effect.kind in _WRITES:
            return one
    return None


def _takes_another(path: Path, begin: Event, event: Event) -> Finding:
    effect = event.effect
    assert effect is not None
    writes = effect.kind in _WRITES
    says = "it is given no handle of the transaction that is open around it"
    reasons = [
        Reason(weight=0.45, says=says, location=event.location),
        occasion(path, event),
    ]
    if writes:
        says = "what it writes stays when the transaction is rolled back"
        reasons.append(Reason(weight=0.1, says=says, location=event.location))
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"{path.entry.name} {does(event)} at {event.location} on a second connection, while "
            f"the transaction of {begin.location} holds the first: as many runs at once as the "
            f"pool has connections wait for each other"
            + (", and a rollback does not undo it." if writes else ".")
        ),
        steps=(
            step("each run", begin, "takes a connection and begins"),
            step("each run", event, f"asks the pool for another one and {does(event)}"),
            Step(location=event.location, says="all connections are taken by runs that wait here"),
        ),
        reasons=tuple(reasons),
        subject=subject_of(event),
        entry=path.entry.name,
    )
