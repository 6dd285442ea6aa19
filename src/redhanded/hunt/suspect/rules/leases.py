"""Locks that the program takes by itself: where each begins and ends, and what runs inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.hunt.suspect.rules.conditional import looked_at
from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.identity import key_of
from redhanded.hunt.suspect.rules.origin import is_constant
from redhanded.hunt.suspect.rules.remembered import OfPath
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Known, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lock outside of the database: a key that is set only if it is absent, a lock object."""

    taken: Event
    ends: tuple[Event, ...]
    """What gives it back, in the order of the source."""
    inside: tuple[Event, ...]
    """What runs while it is held."""

    @property
    def name(self) -> str:
        effect = self.taken.effect
        return (effect.subject if effect is not None else None) or self.taken.callee


def marks(path: Path) -> Iterator[Lease]:
    """Keys that are set if absent and end by themselves alone, where they are the same in each run:
    one run of all enters in that time. A key of one thing among many says that it was done."""
    locks = {one.taken.number for one in leases(path)}
    for event in path.events:
        effect = event.effect
        if effect is None or effect.kind != "set" or effect.store != "keys":
            continue
        if not effect.only_if_absent or effect.expiry_s is None or event.number in locks:
            continue
        key = key_of(event)
        if key is None or not is_constant((key,)):
            continue
        inside = tuple(
            one
            for one in path.events[event.number + 1 :]
            if any(event.number in reads_of(guard.test) for guard in one.guards)
        )
        yield Lease(taken=event, ends=(), inside=inside)


_ENDING = frozenset({"remove", "release", "script"})


def leases(path: Path) -> tuple[Lease, ...]:
    """The locks of a path whose taking is seen. A key that is set if absent and never removed on
    the path is no lock: it remembers that something was done."""
    return _LEASES.of(path)


def _leases(path: Path) -> Iterator[Lease]:
    for event in path.events:
        effect = event.effect
        if effect is None:
            continue
        taken = effect.kind == "acquire" and effect.store != "database"
        claimed = effect.kind == "set" and effect.store == "keys" and effect.only_if_absent
        if not taken and not claimed:
            continue
        if claimed and not (looked_at(path, event) and not _counts(path, event)):
            continue
        ends = tuple(one for one in path.events if one.number > event.number and ended(event, one))
        if not ends and not taken:
            continue
        yield Lease(taken=event, ends=ends, inside=tuple(_inside(path, event, ends)))


def _counts(path: Path, taken: Event) -> bool:
    """A key that is counted up is a counter with a first value, and no lock."""
    return any(
        one.effect is not None and one.effect.kind == "increment" and _is_key_of(taken, one)
        for one in path.events
    )


def ended(taken: Event, event: Event) -> bool:
    """Whether an event gives back a lock."""
    first, second = taken.effect, event.effect
    if first is None or second is None or second.kind not in _ENDING:
        return False
    if taken.number in reads_of(second.entity):
        return True
    if second.kind == "release" and second.subject is None and second.library == first.library:
        return True
    return _is_key_of(taken, event)


def _is_key_of(taken: Event, event: Event) -> bool:
    first, second = taken.effect, event.effect
    if first is None or second is None:
        return False
    if first.subject is None or second.subject is None:
        mine, theirs = key_of(taken), key_of(event)
        return mine is not None and mine == theirs
    return first.subject == second.subject


def _inside(path: Path, taken: Event, ends: tuple[Event, ...]) -> Iterator[Event]:
    last = max((one.number for one in ends), default=None)
    ending = {one.number for one in ends}
    for event in path.events[taken.number + 1 :]:
        if event.number in ending:
            continue
        if taken.number in event.locks or (last is not None and event.number < last):
            yield event


_LEASES = OfPath(lambda path: tuple(_leases(path)))


def seconds(value: Value | None) -> float | None:
    """A number that is written in the source."""
    if isinstance(value, Known) and isinstance(value.value, int | float):
        return float(value.value)
    return None
