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
    {"insert", "upsert", "update", "delete", "set", "remove", "pop", "increment", "script", "push"}
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
        for source in sources(guard.test):
            if not isinstance(source, Result) or not 0 <= source.event < act.number:
                continue
            look = path.events[source.event]
            sense = presence(guard.test, guard.holds, source.event)
            if sense is None or look.effect is None or (look.number, sense) in seen:
                continue
            if look.effect.kind in LOOKS or look.effect.kind in CLAIMS:
                seen.add((look.number, sense))
                yield Check(look=look, sense=sense, guard=guard)


def excludes(one: Event, other: Event) -> bool:
    """Whether the two stand in different branches, so that no run does both."""
    branches = {(left.location, left.test): left.holds for left in one.guards}
    return any(
        branches.get((right.location, right.test), right.holds) != right.holds
        for right in other.guards
    )


def follows(later: Event, earlier: Event) -> bool:
    """Whether one run can do ``later`` after ``earlier``."""
    return later.number > earlier.number and not excludes(later, earlier)
