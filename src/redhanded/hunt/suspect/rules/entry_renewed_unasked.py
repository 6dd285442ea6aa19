"""A heartbeat puts an entry back that somebody has taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.exclusion import kept_out
from redhanded.hunt.suspect.rules.guarded import checks
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import step, subject_of
from redhanded.source.flow.events import Event, Path

name = "entry-renewed-unasked"
title = "What is renewed may be gone, and comes back"
wrong = (
    "A heartbeat that was due when the work ended writes its entry again, unasked whether it is "
    "still there: what has finished stands among what runs, until it counts as lost (Redis "
    "documentation, ZADD XX and SET XX)."
)
safe: tuple[str, ...] = (
    "The renewal changes only what is there: ZADD XX, SET XX, EXPIRE.",
    "A script looks and renews in one step.",
    "The heartbeat is over before the entry is taken out: nothing takes it out elsewhere.",
    "Both happen under one lock.",
)
needs = "a heartbeat that is sent after the entry was taken out"
experiment = "hold the heartbeat until the entry is gone"
remedy = "renew-if-there"
threshold = 0.5

BEATS = re.compile(
    r"heart_?beat|keep_?alive|(?:^|_)renew|refresh|(?:^|_)touch|extend|prolong|(?:^|_)beat|ping"
    r"|[a-z]Renew",
    re.IGNORECASE,
)
"""Names of functions that are called again and again while something lasts."""
MEMBERS = frozenset({"ZADD", "SADD"})
WEIGHTS = {"ZADD": 0.35, "SADD": 0.35, "SET": 0.3, "HSET": 0.2}


def look(reading: Reading) -> Iterable[Finding]:
    """One for each line that writes the entry."""
    careful = {
        event.location
        for path in reading.paths
        for event in path.events
        if event.effect is not None and "only_if_there" in event.effect.options
    }
    beside = {(one.path, line) for one in careful for line in range(one.line - 3, one.line + 4)}
    taken = _taken_out(reading)
    found = [one for path in reading.paths for one in _on(path, reading, taken)]
    return one_each(one for one in found if (one.location.path, one.location.line) not in beside)


def _taken_out(reading: Reading) -> dict[str, Event]:
    """What takes members or keys out, by what they are taken out of."""
    found: dict[str, Event] = {}
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.store != "keys" or effect.kind != "remove":
                continue
            if effect.subject is not None:
                found.setdefault(effect.subject, event)
    return found


def _on(path: Path, reading: Reading, taken: dict[str, Event]) -> Iterator[Finding]:
    for event in path.events:
        effect = event.effect
        if effect is None or effect.store != "keys" or effect.subject not in taken:
            continue
        weight = WEIGHTS.get(effect.verb, 0.0)
        out = taken[effect.subject]
        beat = _beat(event)
        if not weight or beat is None or effect.only_if_absent or effect.kind == "remove":
            continue
        if (effect.verb in MEMBERS) != (out.effect is not None and out.effect.verb in _MEMBERS_OUT):
            continue
        against = kept_out(path, event, event, reading.schema)
        if not is_ruled_out(against):
            yield _finding(path, event, out, beat, weight, against)


_MEMBERS_OUT = frozenset({"ZREM", "SREM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK"})


def _beat(event: Event) -> Location | None:
    """The call of a function that is named like a heartbeat, on the way to an event."""
    for caller, inner in pairwise((*event.stack, event.location)):
        if inner.function and BEATS.search(inner.function):
            return caller
    return None


def _finding(
    path: Path,
    event: Event,
    out: Event,
    beat: Location,
    weight: float,
    against: tuple[Reason, ...],
) -> Finding:
    effect = event.effect
    assert effect is not None
    subject = subject_of(event)
    asked = any(one.look.effect and one.look.effect.store == "keys" for one in checks(path, event))
    reasons = [
        Reason(
            weight=weight, says=f"{effect.verb} adds what is not there", location=event.location
        ),
        Reason(weight=0.1, says=f"{subject} is taken out of elsewhere", location=out.location),
        *against,
        occasion(path, event),
    ]
    if asked:
        says = "it is looked at before, in a step of its own"
        reasons.append(Reason(weight=-0.15, says=says, location=event.location))
    calls = event.stack[event.stack.index(beat) + 1 :] if beat in event.stack else ()
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"The heartbeat at {beat} writes into {subject} at {event.location}, whether the entry "
            f"is still there or not. If {out.location} has taken it out in between, it comes back "
            "and stays."
        ),
        steps=(
            Step(location=beat, says="a heartbeat is due"),
            step("meanwhile the end of the work", out, f"takes the entry out of {subject}"),
            *(Step(location=one, says="the heartbeat goes on") for one in calls),
            step("the heartbeat", event, f"adds it to {subject} again"),
        ),
        reasons=tuple(reasons),
        subject=subject,
        entry=path.entry.name,
    )
