"""Requests share a variable of the process, and wait for something between two uses of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.derivation import comparisons, origins, reads_of, uses
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.repeated import only_asks
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import FULL
from redhanded.hunt.suspect.rules.telling import does, is_waited_for, met, step
from redhanded.source.flow.effects import EffectKind, Store
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import (
    Input,
    Kind,
    Library,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
    sources,
)

name = "module-level-mutable-state"
title = "Requests share a variable of the process"
wrong = (
    "While one request waits, others run in the same process and use the same variable: what was "
    "looked at no longer holds, or belongs to somebody else. And what one process remembers, the "
    "other processes of the service do not know."
)
safe: tuple[str, ...] = (
    "Nothing is waited for between the look and the act (one process, one thread); a server with "
    "threads may be interrupted anywhere.",
    "What is kept is a promise of the value, stored before it is waited for.",
    "It is a cache: filling it twice does no harm.",
    "It belongs to the request: a local variable, AsyncLocalStorage, contextvars.",
    "A lock of the process is held around both.",
    "The database or Redis decides, the variable only saves a look at it.",
)
needs = "two requests in one process that overlap at what is waited for, or two processes"
experiment = "hold what is waited for until a second request has passed the look"
remedy = "shared-store"
threshold = 0.5

_CHANGES: frozenset[EffectKind] = frozenset({"set", "push", "increment", "remove", "pop"})
_OVER = frozenset({">", ">="})
_BELOW = frozenset({"<", "<="})
_NEAR = 60
"""Uses of one variable on one path that are compared with each other."""
_WAITS: frozenset[Store] = frozenset({"database", "keys", "queue", "network"})
_HARM: dict[EffectKind, float] = {
    "insert": 0.25,
    "increment": 0.2,
    "send": 0.2,
    "enqueue": 0.2,
    "update": 0.2,
    "save": 0.2,
    "upsert": 0.1,
    "delete": 0.1,
}


OF_ONE = "it holds what belongs to one request, and is read after a wait"
THREADED = frozenset({"flask", "django"})
"""Frameworks that serve each request in a thread, which any other may interrupt anywhere."""
_GIVEN: dict[EffectKind, bool] = {
    "read": True,
    "find-or-create": True,
    "insert": False,
    "save": False,
    "upsert": False,
}
"""Events that give a row; whether it is known by what it was looked for, or by what it was made
of."""


def look(reading: Reading) -> Iterable[Finding]:
    """What requests do to each other by the variables they share."""
    return one_each(one for path in reading.paths for one in _on(path))


def _on(path: Path) -> Iterator[Finding]:
    shared: dict[str, list[Event]] = {}
    for one in path.events:
        if one.effect is not None and one.effect.store == "process" and one.effect.subject:
            shared.setdefault(one.effect.subject, []).append(one)
    for uses_of_one in shared.values():
        if any(_changes(one) for one in uses_of_one):
            yield from _pairs(path, uses_of_one)
            yield from _several_processes(path, uses_of_one)


def _pairs(path: Path, shared: list[Event]) -> Iterator[Finding]:
    """Two uses of one variable with a wait between them, the nearest first."""
    for place, later in enumerate(shared):
        for earlier in reversed(shared[max(0, place - _NEAR) : place]):
            found = _pair(path, shared, earlier, later)
            if found is not None:
                yield found


def _changes(event: Event) -> bool:
    return event.effect is not None and event.effect.kind in _CHANGES


def _wait(path: Path, first: Event, last: Event) -> Event | None:
    """What is waited for between two events."""
    for one in path.events[first.number + 1 : last.number]:
        if one.effect is None or not is_waited_for(one, first):
            continue
        if one.effect.store in _WAITS or one.effect.kind == "sleep":
            return one
    return None


def _decider(shared: list[Event], later: Event) -> int:
    """The last look at the variable that decides about a change of it."""
    asked = {number for guard in later.guards for number in reads_of(guard.test)}
    looks = [one.number for one in shared if one.number < later.number and one.number in asked]
    return max(looks, default=-1)


def _is_mark(path: Path, change: Event) -> bool:
    """Whether what is kept only says that something was done; an object, or what was read or made
    meanwhile, is a cache or an instance, which two requests may both make."""
    assert change.effect is not None
    if change.effect.kind == "set" and _is_stored_too(path, change):
        return False
    for value in change.effect.values.values():
        if isinstance(value, Library | Record | Kind | Procedure | Unknown):
            return False
        for number in reads_of(value):
            effect = path.events[number].effect if 0 <= number < len(path.events) else None
            if effect is None or effect.kind not in ("identifier", "clock", "get"):
                return False
    return True


def _is_stored_too(path: Path, change: Event) -> bool:
    """Whether the same value is written to the database: the variable saves a look at it."""
    assert change.effect is not None
    kept = {each for one in change.effect.values.values() for each in origins(one)}
    for one in path.events:
        if one.effect is None or one.effect.store != "database":
            continue
        if any(kept & origins(value) for value in one.effect.values.values()):
            return True
    return False


def _pair(path: Path, shared: list[Event], earlier: Event, later: Event) -> Finding | None:
    first, second = earlier.effect, later.effect
    assert first is not None
    assert second is not None
    says = ""
    decides = False
    if first.kind == "get" and second.kind in _CHANGES:
        if any(uses(value, earlier) for value in second.values.values()):
            says = "it is set to a value made from what it was before the wait"
        else:
            decides = earlier.number == _decider(shared, later) and _is_mark(path, later)
    elif first.kind == "set" and second.kind == "get":
        kept = _is_of_request(path, first.values.values())
        if kept and not _is_keyed(first.where.values()):
            says = OF_ONE
    if not (says or decides) or excludes(earlier, later):
        return None
    wait = _wait(path, earlier, later)
    if wait is None and says == OF_ONE and _is_threaded(path):
        says = "it holds what belongs to one request, and threads serve others at the same time"
        return _finding(path, earlier, None, later, Reason(weight=0.5, says=says))
    if wait is None:
        return None
    if decides and _again(path, earlier, later):
        return None
    if decides:
        return _decided(path, earlier, wait, later)
    return _finding(path, earlier, wait, later, Reason(weight=0.5, says=says))


def _again(path: Path, earlier: Event, later: Event) -> bool:
    """Whether the same is looked at once more after the wait, right before it is changed."""
    assert earlier.effect is not None
    for number in {each for guard in later.guards for each in reads_of(guard.test)}:
        if not earlier.number < number < later.number:
            continue
        nearer = path.events[number]
        same = nearer.effect is not None and nearer.effect.subject == earlier.effect.subject
        if same and _wait(path, nearer, later) is None:
            return True
    return False


def _decided(path: Path, earlier: Event, wait: Event, later: Event) -> Finding:
    weight, harm = _harm(path, earlier, later)
    says = "it is looked at, something is waited for, and then it is changed"
    reasons = [Reason(weight=0.25, says=says, location=wait.location)]
    if harm is not None:
        says = f"both runs reach what {does(harm)}"
        reasons.append(Reason(weight=weight, says=says, location=harm.location))
    else:
        says = "nothing but the variable depends on it: it may be a cache"
        reasons.append(Reason(weight=-0.1, says=says))
    return _finding(path, earlier, wait, later, *reasons)


def _harm(path: Path, first: Event, last: Event) -> tuple[float, Event | None]:
    """What happens under the same look and cannot be done twice."""
    best: tuple[float, Event | None] = (0.0, None)
    for one in path.events[first.number + 1 :]:
        if one.effect is None or one.effect.store == "process":
            continue
        weight = _HARM.get(one.effect.kind, 0.0)
        if weight <= best[0] or only_asks(one.effect):
            continue
        if any(first.number in reads_of(guard.test) for guard in one.guards) and not excludes(
            one, last
        ):
            best = (weight, one)
    return best


def _is_of_request(path: Path, values: Iterable[Value]) -> bool:
    """What a request sent, or a row that it asked for."""
    found = [one for value in values for one in sources(value)]
    asked = [
        each
        for one in found
        if isinstance(one, Result)
        for value in _where(path, one.event)
        for each in sources(value)
    ]
    return any(isinstance(one, Input) and one.source == "request" for one in (*found, *asked))


def _where(path: Path, number: int) -> Iterable[Value]:
    effect = path.events[number].effect if 0 <= number < len(path.events) else None
    if effect is None or effect.kind not in _GIVEN:
        return ()
    return effect.where.values() if _GIVEN[effect.kind] else effect.values.values()


def _is_threaded(path: Path) -> bool:
    return path.entry.kind == "route" and path.entry.library in THREADED


def _is_keyed(where: Iterable[Value]) -> bool:
    """Whether each request has its own place in it."""
    return any(sources(one) for one in where)


def _several_processes(path: Path, shared: list[Event]) -> Iterator[Finding]:
    """A look at the process's memory decides about what all processes share."""
    for earlier in shared:
        assert earlier.effect is not None
        if earlier.effect.kind != "get":
            continue
        kept = next((one for one in shared if _keeps(one)), None)
        if kept is None:
            continue
        weight, harm = _harm(path, earlier, kept)
        if harm is None:
            continue
        counts = _is_limit(path, earlier, kept, harm)
        if not counts and not _is_mark(path, kept):
            continue
        says = "only this process remembers it, and not after a restart"
        reasons = (
            Reason(weight=0.2 if counts else 0.05, says=says, location=kept.location),
            Reason(weight=weight, says=f"it decides what {does(harm)}", location=harm.location),
        )
        yield _finding(path, earlier, harm, kept, *reasons)


def _is_of_rows(lock: Event) -> bool:
    """Whether it locks what was read: another request locks other rows."""
    return lock.effect is not None and lock.effect.kind == "read"


def _is_limit(path: Path, look: Event, kept: Event, harm: Event) -> bool:
    """Whether a number is counted up there, and what cannot be done twice happens below a limit."""
    assert kept.effect is not None
    summed = kept.effect.kind == "increment" or any(
        use.is_arithmetic
        for value in kept.effect.values.values()
        for number in reads_of(value)
        if _is_look_at(path.events[number], kept)
        for use in uses(value, path.events[number])
    )
    return summed and any(
        look.number in reads_of(one) and one.operator in (_OVER if not guard.holds else _BELOW)
        for guard in harm.guards
        for one in comparisons(guard.test)
    )


def _is_look_at(event: Event, kept: Event) -> bool:
    first, second = event.effect, kept.effect
    return first is not None and second is not None and first.subject == second.subject


def _keeps(event: Event) -> bool:
    return event.effect is not None and event.effect.kind in ("set", "push", "increment")


def _finding(
    path: Path, earlier: Event, wait: Event | None, later: Event, *reasons: Reason
) -> Finding:
    assert earlier.effect is not None
    variable = (earlier.effect.subject or "").rsplit(":", 1)[-1]
    against = [
        Reason(weight=FULL, says="a lock of the process is held", location=earlier.location)
        for number in earlier.locks
        if number in later.locks and not _is_of_rows(path.events[number])
    ]
    reason = occasion(path, later)
    earlier, later = met(earlier, later)
    waits = (step("the first request", wait, f"waits: {does(wait)}"),) if wait is not None else ()
    meanwhile = (
        f" and waits at {wait.location} in between, where other requests change it"
        if wait is not None
        else ", and the threads of other requests change it in between"
    )
    return Finding(
        rule=name,
        location=later.location,
        message=(
            f"Requests share {variable}: {path.entry.name} uses it at {earlier.location} and "
            f"{later.location}{meanwhile}."
        ),
        steps=(
            step("the first request", earlier, f"uses {variable}"),
            *waits,
            step("the second request", earlier, f"uses {variable} meanwhile"),
            Step(location=later.location, says=f"the first request goes on with {variable}"),
        ),
        reasons=(*reasons, *against, reason),
        subject=variable,
        entry=path.entry.name,
    )
