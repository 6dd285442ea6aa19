"""Which earlier look an event depends on, and what the look had to say for it to happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.hunt.suspect.rules.presence import Sense, presence
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Guard, Path
from redhanded.source.flow.values import Result, sources

LOOKS: frozenset[EffectKind] = frozenset({"read", "get"})
"""What only looks."""
CLAIMS: frozenset[EffectKind] = frozenset(
    [
        *("insert", "upsert", "find-or-create", "update", "delete"),
        *("set", "remove", "pop", "increment", "script", "push"),
    ]
)
"""What changes something, and by its result tells one of two runs that it came second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An earlier event by whose result a later one happens or not."""

    look: Event
    sense: Sense
    """What it says for the later event to happen."""
    guard: Guard


def checks(path: Path, act: Event) -> Iterator[Check]:
    """The looks and claims that ``act`` stands under, outermost guard first."""
    seen: set[tuple[int, Sense]] = set()
    for guard in act.guards:
        for number, sense in _asked(guard):
            if not 0 <= number < act.number or (number, sense) in seen:
                continue
            look = path.events[number]
            if look.effect is None:
                continue
            if look.effect.kind in LOOKS or look.effect.kind in CLAIMS:
                seen.add((look.number, sense))
                yield Check(look=look, sense=sense, guard=guard)


_ASKED: dict[int, tuple[Guard, tuple[tuple[int, Sense], ...]]] = {}
"""By identity: one condition stands over hundreds of events. It is kept with what was found, so
that its identity is nobody else's."""
_ASKED_MAX = 20_000


def _asked(guard: Guard) -> tuple[tuple[int, Sense], ...]:
    """Numbers of the events that a condition looks at, and what it wants of each."""
    known = _ASKED.get(id(guard))
    if known is None:
        if len(_ASKED) > _ASKED_MAX:
            _ASKED.clear()
        found = dict.fromkeys(
            (one.event, sense)
            for one in sources(guard.test)
            if isinstance(one, Result)
            and (sense := presence(guard.test, guard.holds, one.event)) is not None
        )
        known = _ASKED[id(guard)] = (guard, tuple(found))
    return known[1]


_EXCLUDED: dict[tuple[int, int], tuple[tuple[Guard, ...], tuple[Guard, ...], bool]] = {}
"""By identity of what two events stand under: many stand under the same."""
_EXCLUDED_MAX = 200_000


def excludes(one: Event, other: Event) -> bool:
    """Whether the two stand in different branches, so that no run does both."""
    left, right = one.guards, other.guards
    if not left or not right:
        return False
    known = _EXCLUDED.get((id(left), id(right)))
    if known is None:
        if len(_EXCLUDED) > _EXCLUDED_MAX:
            _EXCLUDED.clear()
        known = _EXCLUDED[id(left), id(right)] = (left, right, _are_apart(left, right))
    return known[2]


def _are_apart(left: tuple[Guard, ...], right: tuple[Guard, ...]) -> bool:
    branches = {(one.location, one.test): one.holds for one in left}
    return any(branches.get((one.location, one.test), one.holds) != one.holds for one in right)
