"""A promise or coroutine of something that matters is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.handled import takes_all
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.telling import does, step, subject_of
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Catcher, Event, Path

name = "promise-not-awaited"
title = "A promise is dropped"
wrong = (
    "Nobody waits for it: the answer is given, the transaction commits or the lock is released "
    "before it is done; if it fails, the error goes nowhere or ends the process (Node.js, "
    "unhandledRejection). In Python a coroutine that is not awaited never runs."
)
safe: tuple[str, ...] = (
    "It is awaited, returned, or given to Promise.all or gather.",
    "It is dropped on purpose, and its errors are handled: void, .catch(…), a task that is kept.",
    "A for loop awaits what forEach would start and drop.",
    "It commits or rolls back in the function that the transaction was given: the promise of the "
    "transaction itself waits for that.",
)
needs = "work that is missing or late after its request was answered, or an unhandled rejection"
experiment = "hold the dropped operation until the run has ended; let it fail"
remedy = "await"
threshold = 0.5

_MATTERS: dict[EffectKind, float] = {
    "insert": 0.55,
    "update": 0.55,
    "upsert": 0.55,
    "save": 0.55,
    "delete": 0.55,
    "find-or-create": 0.55,
    "begin": 0.55,
    "commit": 0.6,
    "rollback": 0.4,
    "enqueue": 0.5,
    "send": 0.4,
    "set": 0.4,
    "increment": 0.4,
    "remove": 0.4,
    "push": 0.4,
    "publish": 0.35,
    "script": 0.4,
    "release": 0.4,
    "acquire": 0.6,
    "statement": 0.45,
    "expire": 0.35,
}
"""What is lost when it fails, or comes too late."""
_MEANT = re.compile(
    r"\bvoid\b|\.catch\(|\.then\([^)]*,|create_task|ensure_future|waitUntil|after\("
)


def look(reading: Reading) -> Iterable[Finding]:
    """Writes, jobs and requests that nobody waits for."""
    found = one_each(one for path in reading.paths for one in _on(path, reading))
    best: dict[Location, Finding] = {}
    for one in found:  # whatever the dropped call does, it is one call
        best.setdefault(one.location, one)
    return list(best.values())


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for event in path.events:
        effect = event.effect
        if effect is None or event.is_detached or effect.store == "process":
            continue
        place = event.dropped_at or (None if event.awaited else event.location)
        # A dropped read does no harm, unless it was to lock what it reads.
        weight = 0.5 if effect.lock else _MATTERS.get(effect.kind)
        if place is None or weight is None or is_test(place) or is_one_off(place):
            continue
        if _MEANT.search(reading.text(place)) or _is_start(path, place):
            continue
        if _is_waited_for_by_transaction(path, event):
            continue
        yield _finding(path, event, place, weight)


def _is_start(path: Path, place: Location) -> bool:
    """``main();`` at the top of a script: there is nobody to wait, and the process stays."""
    return path.entry.kind == "command" and place.path == path.entry.location.path


def _is_waited_for_by_transaction(path: Path, event: Event) -> bool:
    """Whether it ends a transaction in the function that ``transaction(…)`` was given."""
    if event.effect is None or event.effect.kind not in ("commit", "rollback"):
        return False
    return any(path.events[one.number].location in event.stack for one in event.around)


def _handles(event: Event, place: Location) -> Catcher | None:
    """A handler inside of what is dropped that takes whatever goes wrong and does not raise."""
    calls = (*event.stack, event.location)
    inside = calls[calls.index(place) + 1 :] if place in calls else ()
    functions = {(one.path, one.function) for one in inside} - {(place.path, place.function)}
    for one in event.catchers:
        is_inside = (one.location.path, one.location.function) in functions
        if is_inside and takes_all(one) and not one.tests and one.outcome != "raises":
            return one
    return None


def _finding(path: Path, event: Event, place: Location, weight: float) -> Finding:
    says = f"it {does(event)}, and nobody waits for it"
    reasons = [Reason(weight=weight, says=says, location=place)]
    handler = _handles(event, place)
    if handler is not None:
        says = "what goes wrong there is handled there: it may be meant to run by itself"
        reasons.append(Reason(weight=-0.3, says=says, location=handler.location))
    around = _outside(path, [one.number for one in event.around], place)
    if around:
        says = "a transaction around it ends without it"
        begin = path.events[around[-1]].location
        reasons.append(Reason(weight=0.3, says=says, location=begin))
    if _outside(path, event.locks, place):
        says = "a lock that is held here is given back before it is done"
        reasons.append(Reason(weight=0.2, says=says))
    if path.entry.kind in ("job", "subscription"):
        says = "the job counts as done, and a failure is not tried again"
        reasons.append(Reason(weight=0.15, says=says, location=path.entry.location))
    if path.entry.kind == "function":
        says = f"nothing that was read calls {path.entry.name}"
        reasons.append(Reason(weight=-0.1, says=says, location=path.entry.location))
    subject = subject_of(event)
    how = "that is started" if place == event.location else f"that is started at {place}"
    return Finding(
        rule=name,
        location=place,
        message=(
            f"{path.entry.name} goes on without waiting for what {does(event)} at "
            f"{event.location}, {how} and dropped: it may come late or never, and its error is "
            f"lost."
        ),
        steps=(
            Step(location=place, says="the run starts it and goes on"),
            *_ends(path, event, around),
            step("meanwhile it", event),
        ),
        reasons=tuple(reasons),
        subject=subject,
        entry=path.entry.name,
    )


def _outside(path: Path, begun: Iterable[int], place: Location) -> list[int]:
    """Of events that began something, those that are not part of the call that is dropped."""
    return [one for one in begun if place not in (path.events[one].dropped_at, *_at(path, one))]


def _at(path: Path, number: int) -> tuple[Location, ...]:
    event = path.events[number]
    return () if event.awaited else (event.location,)


def _ends(path: Path, event: Event, around: list[int]) -> Iterator[Step]:
    """What comes too soon: the commit, or the answer."""
    if around:
        begin = path.events[around[-1]]
        yield Step(location=begin.location, says="the transaction commits, the connection is free")
        return
    for one in path.events[event.number + 1 :]:
        if one.effect is not None and one.effect.kind == "respond":
            yield step("the run", one, "answers")
            return
