"""What several rules say in the same words."""

from __future__ import annotations

from dataclasses import replace

from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.occasion import is_for_debugging
from redhanded.hunt.suspect.rules.rule import Reading, Step
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Input, sources

SLOW: frozenset[EffectKind] = frozenset({"send", "sleep"})
"""What takes as long as others want."""

_VERBS = {
    "read": "reads {}",
    "get": "reads {}",
    "insert": "inserts into {}",
    "update": "updates {}",
    "save": "saves {}",
    "upsert": "inserts into or updates {}",
    "find-or-create": "finds or creates a row of {}",
    "delete": "deletes from {}",
    "set": "sets {}",
    "remove": "removes {}",
    "increment": "increments {}",
    "push": "adds to {}",
    "acquire": "takes the lock {}",
    "release": "gives the lock {} back",
    "extend": "extends the lock {}",
    "enqueue": "puts a job on {}",
    "publish": "publishes to {}",
    "send": "sends to {}",
}


def does(event: Event) -> str:
    """What an event does, in a few words: ``updates accounts``."""
    effect = event.effect
    if effect is None:
        return f"calls {event.callee}"
    says = _VERBS.get(effect.kind)
    subject = effect.subject or _key(effect)
    if says is None or not subject:
        return f"{effect.verb or event.callee}"
    return says.format(subject)


def step(run: str, event: Event, says: str = "") -> Step:
    """What a run does at an event."""
    return Step(location=event.location, says=f"{run} {says or does(event)}")


def is_waited_for(event: Event, beside: Event) -> bool:
    """Whether an event is over before what follows it, as seen from another: both may be in one
    call that nobody waits for."""
    if event.is_detached != beside.is_detached:
        return False
    return event.awaited or (event.dropped_at is not None and event.dropped_at == beside.dropped_at)


def met(one: Event, other: Event) -> tuple[Event, Event]:
    """Two events with the lines that they come from in the function that leads to both.

    A helper that only runs a statement is not where the order of two of them is decided.
    """
    first, second = (*one.stack, one.location), (*other.stack, other.location)
    depth = 0
    while depth < min(len(first), len(second)) - 1 and first[depth] == second[depth]:
        depth += 1
    places = [first[depth], second[depth]]
    if places[0] == places[1]:  # one is called back by the other
        places = [each[-1] if len(each) > depth + 1 else each[depth] for each in (first, second)]
    return replace(one, location=places[0]), replace(other, location=places[1])


def between(path: Path, first: Event, last: Event) -> tuple[Event, ...]:
    """The events strictly between two."""
    return path.events[first.number + 1 : last.number]


def slow_between(path: Path, first: Event, last: Event, reading: Reading) -> Event | None:
    """A request over the network or a pause between two events."""
    for one in between(path, first, last):
        if one.effect is None or one.effect.kind not in SLOW or excludes(one, last):
            continue
        if is_waited_for(one, first) and not is_for_debugging(one, reading):
            return one
    return None


def subject_of(event: Event) -> str:
    """The table, key pattern or queue that an event is about, for a message."""
    effect = event.effect
    if effect is None:
        return event.callee
    return effect.subject or effect.model or _key(effect) or effect.verb


def _key(effect: Effect) -> str:
    """A key of which nothing is written out, by what names it."""
    if effect.store != "keys":
        return ""
    for one in sources(effect.where.get("key")):
        if isinstance(one, Input) and one.parts:
            return f"the key of {one.parts[-1]}"
    return ""
