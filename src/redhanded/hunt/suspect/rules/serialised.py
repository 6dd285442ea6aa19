"""What keeps two runs apart between a look and the act that depends on it."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.hunt.suspect.rules.origin import are_of_one, is_constant, is_fresh
from redhanded.hunt.suspect.rules.presence import Sense
from redhanded.hunt.suspect.rules.rule import Reason
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Input, Value, sources

FULL = -1.0
"""Weight of what rules the fault out."""

EXCLUSIVE = frozenset({"serializable", "exclusive", "immediate"})


def kept_apart(path: Path, look: Event, act: Event, sense: Sense) -> Iterator[Reason]:
    """Reasons against a race of ``look`` and ``act`` with another run of the same.

    A weight of `FULL` rules it out; what helps in part weighs less.
    """
    serializable = _serializable(look, act)
    if serializable is not None:
        yield serializable
    for number in look.locks:
        if number in act.locks and 0 <= number < look.number:
            yield _by_lock(path, path.events[number], look, act)
    if look.number in act.locks and look.effect is not None and look.effect.lock:
        yield _by_own_lock(look, sense)


def is_ruled_out(reasons: tuple[Reason, ...]) -> bool:
    """Whether one of them alone makes it safe."""
    return any(one.weight <= FULL for one in reasons)


def _serializable(look: Event, act: Event) -> Reason | None:
    for one in act.around:
        held = any(each.number == one.number for each in look.around)
        if held and one.isolation.lower() in EXCLUSIVE:
            return Reason(
                weight=FULL,
                says=f"both are in one {one.isolation.upper()} transaction: one of two is refused",
                location=act.location,
            )
    return None


def _by_own_lock(look: Event, sense: Sense) -> Reason:
    """``SELECT … FOR UPDATE`` of the very rows that were looked for."""
    effect = look.effect
    assert effect is not None
    if effect.lock in ("advisory", "table") or sense != "absent":
        return Reason(
            weight=FULL,
            says="the look locks what it reads until the act is done",
            location=look.location,
        )
    return Reason(
        weight=-0.05,
        says="the look locks the rows it finds, and there is nothing to lock where it finds none",
        location=look.location,
    )


def _by_lock(path: Path, lock: Event, look: Event, act: Event) -> Reason:
    effect = lock.effect
    if effect is None:
        return Reason(weight=0.0, says="a lock that could not be read", location=lock.location)
    named = effect.subject or effect.verb
    if effect.store == "process":
        return Reason(
            weight=-0.25,
            says=f"{named} keeps runs apart within one process only",
            location=lock.location,
        )
    key = lock_key(lock)
    if key and all(is_fresh(path, one) for one in key):
        return Reason(
            weight=0.0, says=f"{named} is another lock in each run", location=lock.location
        )
    if is_constant(key) or are_of_one(path, key, _about(look, act)):
        return Reason(
            weight=FULL, says=f"both happen while {named} is held", location=lock.location
        )
    asked = tuple(look.effect.where.values()) if look.effect is not None else ()
    if _are_given(key) and _are_given(asked):
        return Reason(
            weight=-0.15,
            says=f"both happen while {named} is held, but two runs of one row may hold two",
            location=lock.location,
        )
    return Reason(
        weight=-0.4,
        says=f"both happen while {named} is held, whose key could be of something else",
        location=lock.location,
    )


def _are_given(values: tuple[Value, ...]) -> bool:
    """Whether all that is not written in the source is from outside, each part of it known."""
    found = [one for value in values for one in sources(value)]
    return bool(found) and all(isinstance(one, Input) and one.parts for one in found)


def lock_key(lock: Event) -> tuple[Value, ...]:
    """What tells one lock from another: the rows of a locking read, or the lock's name."""
    effect = lock.effect
    if effect is None:
        return ()
    if effect.where or effect.ranges:
        return (*effect.where.values(), *effect.ranges.values())
    if "key" in effect.options:
        return (effect.options["key"],)
    return lock.arguments[:1]


def _about(look: Event, act: Event) -> tuple[Value, ...]:
    """The values that two runs must have in common to get into each other's way."""
    found: list[Value] = []
    for event in (look, act):
        effect = event.effect
        if effect is None:
            continue
        found += [*effect.where.values(), *effect.ranges.values(), *effect.values.values()]
        if effect.store in ("keys", "process"):
            found += event.arguments[:1]
    return tuple(found)
