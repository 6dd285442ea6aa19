"""Causes that need the environment to do something: a lease that ends, a process that dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from redhanded.case.operation import Operation
from redhanded.case.schedule import Event, EventKind
from redhanded.hunt.suspect.leases import lease_ended
from redhanded.hunt.suspect.telling import Explained, step_at, who
from redhanded.hunt.suspect.trail import Trail, effects, happened_at, same_work, shape
from redhanded.hunt.suspect.tried_again import delivered_again, refused

_BETWEEN: dict[str, str] = {
    "process killed": "{process} dies between them",
    "reply lost": "the answer to the first is lost",
}
_AFTER: dict[str, str] = {
    "process killed": "{process} dies right after",
    "reply lost": "the answer is lost to",
}


def overlap(event: Event, failing: Trail, _passing: Trail | None) -> Explained | None:
    """Two statements that look and write in one step, each in a snapshot of its own."""
    one = failing.named(event.at)
    other = failing.named(event.other) if event.other is not None else None
    if one is None or other is None:
        return None
    return Explained(
        mechanism="overlapping-snapshots",
        title="Two statements look and write at once, and neither sees the other",
        sentence=(
            f"{step_at(one, failing)} of {who(one)} and {step_at(other, failing)} of {who(other)} "
            "look and write in one statement; both take their snapshot before either has written, "
            "so neither sees what the other writes."
        ),
        places=(("statement", other), ("statement", one)),
    )


def cut_off(event: Event, failing: Trail, passing: Trail | None) -> Explained | None:
    """An effect that happened and one that never did, or one that was made twice."""
    done = failing.named(event.at)
    if done is None or passing is None:
        return None
    again = _again(done, event, failing, passing)
    if again is not None:
        return _made_twice(done, again, _AFTER[event.kind].format(process=done.process), failing)
    missing = _never_done(done, failing, passing)
    if missing is None:
        return None
    words = _BETWEEN[event.kind].format(process=done.process)
    return _half_done(done, missing, words, (failing, passing))


def not_sent(event: Event, failing: Trail, _passing: Trail | None) -> Explained | None:
    """A write that the service never got, after one that it did."""
    missing = failing.named(event.at)
    if missing is None or missing.name.access != "write":
        return None
    mine = [each for each in effects(failing.operations) if same_work(each, missing)]
    before = [
        each for each in mine if each.index < missing.index and failing.seen_at(each) is not None
    ]
    later = {shape(each.name) for each in mine if each.index > missing.index}
    if not before or shape(missing.name) in later:
        return None
    words = "the connection breaks before the second"
    return _half_done(before[-1], missing, words, (failing, failing))


def writes_lost(event: Event, failing: Trail, _passing: Trail | None) -> Explained | None:
    """A write that Redis had acknowledged is gone, and what goes with it stays."""
    lost = failing.named(event.at)
    if lost is None:
        return None
    beside = [
        each
        for each in effects(failing.operations)
        if each.name.task == lost.name.task and each.service != lost.service
    ]
    kept = min(beside, key=lambda each: abs(each.index - lost.index), default=None)
    stays = f" {step_at(kept, failing)} stays." if kept is not None else ""
    return Explained(
        mechanism="effects-not-atomic",
        title="A write to Redis is lost, and nothing makes it again",
        sentence=(
            f"Redis fails over and has lost {step_at(lost, failing)} of {who(lost)}, which it had "
            f"acknowledged.{stays}"
        ),
        places=((("done", kept),) if kept is not None else ()) + (("missing", lost),),
    )


def timer_fired(event: Event, failing: Trail, _passing: Trail | None) -> Explained | None:
    """A heartbeat or renewal that comes after what it is for has ended."""
    at, happened = failing.named(event.at), happened_at(event, failing)
    if at is None or happened is None:
        return None
    sent = next(
        (
            each
            for each in failing.operations
            if each.index > happened.index
            and each is not at
            and any(mine.conflicts(theirs) for mine in each.touches for theirs in at.touches)
            and (each.ambient or each.parent is None)
        ),
        None,
    )
    told = f"sends {step_at(sent, failing)}" if sent is not None else "sends its message"
    return Explained(
        mechanism="message-after-the-end",
        title="A timer's message comes after the end of what it is for",
        sentence=(
            f"While {step_at(at, failing)} of {who(at)} is under way, a timer {told}; that takes "
            "effect after the end and undoes part of it."
        ),
        places=(("done", at), *((("write", sent),) if sent is not None else ())),
    )


EVENTS: dict[EventKind, Callable[[Event, Trail, Trail | None], Explained | None]] = {
    "lease ended": lease_ended,
    "overlap": overlap,
    "process killed": cut_off,
    "reply lost": cut_off,
    "connection reset": not_sent,
    "writes lost": writes_lost,
    "serialization failure": refused,
    "deadlock victim": refused,
    "timer fires": timer_fired,
    "delivered twice": delivered_again,
}


def disturbed(events: Iterable[Event], failing: Trail, passing: Trail | None) -> Explained | None:
    """What the first event that says something about the cause says."""
    for event in events:
        explain = EVENTS.get(event.kind)
        found = explain(event, failing, passing) if explain is not None else None
        if found is not None:
            return found
    return None


def _again(done: Operation, event: Event, failing: Trail, passing: Trail) -> Operation | None:
    """A write that comes once more after the event than where nothing happened."""
    mine = list(effects(failing.in_transaction_of(done))) or [done]
    happened = happened_at(event, failing)
    since = happened.index if happened is not None else done.index
    usual = Counter(shape(each.name) for each in effects(passing.operations))
    made = Counter(shape(each.name) for each in effects(failing.operations))
    shapes = {shape(each.name) for each in mine}
    for each in effects(failing.operations):
        kind = shape(each.name)
        mine_again = each.index > since and each.name.task == done.name.task
        if mine_again and kind in shapes and made[kind] > usual[kind]:
            return each
    return None


def _never_done(done: Operation, failing: Trail, passing: Trail) -> Operation | None:
    """The next write of the same work that the passing run has and the failing one has not."""
    there = passing.named(done.name)
    if there is None:
        return None
    made = {each.name for each in failing.operations if each.failure is None}
    inside = set(passing.in_transaction_of(there))
    for each in effects(passing.operations):
        later = each.index > there.index and each.name.task == done.name.task
        if later and each.name not in made and each not in inside:
            return each
    return None


def _half_done(
    done: Operation, missing: Operation, words: str, runs: tuple[Trail, Trail]
) -> Explained:
    failing, other = runs
    first = step_at(done, failing)
    return Explained(
        mechanism="effects-not-atomic",
        title="One effect happens and the one that belongs to it never does",
        sentence=(
            f"{first} and {step_at(missing, other)} of {who(done)} are two steps; {words}: the "
            "first one stays, and the second one is never made."
        ),
        places=(("done", done), ("missing", missing)),
    )


def _made_twice(done: Operation, again: Operation, words: str, failing: Trail) -> Explained:
    return Explained(
        mechanism="retry-of-non-idempotent-job",
        title="What is tried again had already been done",
        sentence=(
            f"{words} {step_at(done, failing)} of {who(done)}, which had taken effect; it is tried "
            f"again, and {step_at(again, failing)} has its effect a second time."
        ),
        places=(("done", done), ("write", again)),
    )
