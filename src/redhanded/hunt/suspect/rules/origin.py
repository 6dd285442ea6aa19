"""Where a value comes from: outside, chance, or a row that the same run has made."""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Either, Input, Kind, Known, Record, Result, Value, sources


def results(path: Path, value: Value) -> tuple[Event, ...]:
    """The events of the path that a value was made from."""
    return tuple(
        path.events[one.event]
        for one in sources(value)
        if isinstance(one, Result) and 0 <= one.event < len(path.events)
    )


def made_by(path: Path, value: Value, kinds: Iterable[EffectKind]) -> Event | None:
    """The first event of one of these kinds that the value was made from."""
    wanted = frozenset(kinds)
    for event in results(path, value):
        if event.effect is not None and event.effect.kind in wanted:
            return event
    return None


def is_fresh(path: Path, value: Value) -> bool:
    """Another one in each run: drawn at random or made from nothing but chance and time."""
    from_ = sources(value)
    made = results(path, value)
    if not made or len(made) < len(from_):
        return False
    kinds = [one.effect.kind for one in made if one.effect is not None]
    return len(kinds) == len(made) and set(kinds) <= {"identifier", "clock"}


def is_new_entity(path: Path, value: Value) -> bool:
    """The key of a row that this very run has inserted, so that no other run can mean it, or the
    instance that was inserted."""
    if isinstance(value, Record) and isinstance(value.of, Kind):
        return any(
            one.effect is not None and one.effect.kind == "insert" and one.effect.entity == value
            for one in path.events
        )
    event = made_by(path, value, ("insert",))
    return event is not None and event.effect is not None and event.effect.conflict == ""


def written_out(value: Value | None) -> frozenset[object]:
    """The literals that a value is one of; empty where it may be something else."""
    if isinstance(value, Known):
        return frozenset((value.value,))
    if isinstance(value, Either):
        inside = value.values
    elif isinstance(value, Record) and value.is_complete and value.of is None:
        inside = tuple(value.parts.values())
    else:
        return frozenset()
    found = [written_out(one) for one in inside]
    return frozenset().union(*found) if found and all(found) else frozenset()


def is_given(value: Value) -> bool:
    """From outside: the request, the job, an argument."""
    return any(isinstance(one, Input) and one.source != "environment" for one in sources(value))


def roots(path: Path, value: Value, depth: int = 4) -> frozenset[Input | Result]:
    """What a value was made from in the end: a row that was read counts as what it was read by.

    ``user.id`` of ``find(user, email=body.email)`` has the roots ``user.id`` and ``body.email``.
    """
    found: set[Input | Result] = set()
    for one in sources(value):
        found.add(one)
        if isinstance(one, Result) and depth and 0 <= one.event < len(path.events):
            effect = path.events[one.event].effect
            if effect is not None and effect.kind in ("read", "get", "upsert", "find-or-create"):
                for by in effect.where.values():
                    found |= roots(path, by, depth - 1)
    return frozenset(found)


def are_of_one(path: Path, left: Iterable[Value], right: Iterable[Value]) -> bool:
    """Whether some of the values on both sides come from the same thing."""
    ours = [roots(path, one) for one in left]
    theirs = [roots(path, one) for one in right]
    return any(mine & other for mine in ours for other in theirs)


def is_constant(values: Iterable[Value]) -> bool:
    """Whether nothing in them varies between runs."""
    return all(isinstance(one, Known) or not sources(one) for one in values)
