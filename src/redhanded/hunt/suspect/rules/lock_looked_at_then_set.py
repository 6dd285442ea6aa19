"""A lock or mark in a store of keys is looked at, and set in a second command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.exclusion import kept_out
from redhanded.hunt.suspect.rules.guarded import Check, checks, excludes
from redhanded.hunt.suspect.rules.identity import same_row
from redhanded.hunt.suspect.rules.leases import ended
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.repeated import only_asks
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, step, subject_of
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Library, Procedure, Record, Unknown

name = "lock-looked-at-then-set"
title = "A lock is looked at, and then set"
wrong = (
    "Two runs that both look before either has set the key both find it free and both enter "
    "(CWE-367). SET … NX looks and sets in one step and tells who came first."
)
safe: tuple[str, ...] = (
    "The key is set only if it is absent, in one command, and its answer decides.",
    "A script looks and sets.",
    "It is a cache: what is set was read or computed, and setting it twice does no harm.",
    "Both happen under another lock.",
)
needs = "two runs for one key that both look before either sets it"
experiment = "both runs look before either sets the key"
remedy = "set-if-absent"
threshold = 0.5

LOCKING = re.compile(r"lock|mutex|semaphore|acquire|claim|(?:^|_)once|lease", re.IGNORECASE)
_GUARDED: dict[EffectKind, float] = {
    "insert": 0.2,
    "increment": 0.1,
    "send": 0.2,
    "enqueue": 0.2,
    "update": 0.1,
    "save": 0.1,
    "push": 0.1,
    "publish": 0.1,
}


def look(reading: Reading) -> Iterable[Finding]:
    """The keys that two runs can both find free; one for each look, of whose sets the first."""
    found: dict[Location, Finding] = {}
    for one in one_each(one for path in reading.paths for one in _on(path, reading)):
        looked = one.steps[0].location
        best = found.get(looked)
        if best is None or (one.score, -one.location.line) > (best.score, -best.location.line):
            found[looked] = one
    return list(found.values())


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    done: set[int] = set()
    for act in path.events:
        effect = act.effect
        if effect is None or effect.kind != "set" or effect.store != "keys":
            continue
        if effect.only_if_absent or _is_content(path, act):
            continue
        for check in checks(path, act):
            looked = check.look.effect
            if looked is None or looked.kind != "get" or check.sense not in ("absent", "state"):
                continue
            if same_row(check.look, act, reading.schema) != "same":
                continue
            if check.look.number in done:
                continue
            done.add(check.look.number)
            against = kept_out(path, check.look, act, reading.schema)
            if not is_ruled_out(against):
                yield _finding(path, check, act, against, reading)


def _is_content(path: Path, act: Event) -> bool:
    """Whether what is set was read somewhere: a cache, not a mark."""
    assert act.effect is not None
    values = [*act.effect.values.values()]
    if any(isinstance(one, Unknown | Record | Library | Procedure) for one in values):
        return True
    for number in {number for value in values for number in reads_of(value)}:
        if 0 <= number < len(path.events):
            effect = path.events[number].effect
            if effect is None or effect.kind not in ("identifier", "clock"):
                return True
    return False


def _counted(path: Path, act: Event, reading: Reading) -> Event | None:
    """What counts the key where it is there already."""
    for one in path.events:
        is_counted = one.effect is not None and one.effect.kind == "increment"
        if is_counted and excludes(one, act) and same_row(act, one, reading.schema) == "same":
            return one
    return None


def _finding(
    path: Path, check: Check, act: Event, against: tuple[Reason, ...], reading: Reading
) -> Finding:
    key = subject_of(act)
    reasons = [
        Reason(weight=0.3, says=f"{key} is looked at and then set", location=check.look.location),
        *against,
        occasion(path, act),
    ]
    removed = next(
        (one for one in path.events if one.number > act.number and ended(act, one)), None
    )
    if removed is not None:
        says = "it is removed afterwards, as a lock is"
        reasons.append(Reason(weight=0.2, says=says, location=removed.location))
    named = next((one for one in (act.location.function, key) if one and LOCKING.search(one)), None)
    if named is not None:
        says = f"{named} is named like a lock"
        reasons.append(Reason(weight=0.15, says=says, location=act.location))
    counted = _counted(path, act, reading)
    if counted is not None:
        says = "others count it in the meantime, and what they counted is set back"
        reasons.append(Reason(weight=0.2, says=says, location=counted.location))
    inside = [
        (weight, one)
        for one in path.events
        if one.number > check.look.number
        and one.effect is not None
        and (weight := _GUARDED.get(one.effect.kind, 0.0))
        and not only_asks(one.effect)
        and not excludes(one, act)
        and any(each.look.number == check.look.number for each in checks(path, one))
    ]
    if inside:
        weight, event = max(inside, key=lambda one: one[0])
        says = f"{subject_of(event)} is reached by both runs"
        reasons.append(Reason(weight=weight, says=says, location=event.location))
    looked, act = met(check.look, act)
    return Finding(
        rule=name,
        location=act.location,
        message=(
            f"{key} is looked at ({looked.location}) and set at {act.location} if it is free. "
            f"Two runs of {path.entry.name} that both look before either has set it both enter."
        ),
        steps=(
            step("the first run", looked, f"looks at {key}: free"),
            step("the second run", looked, "looks as well: still free"),
            step("the first run", act),
            step("the second run", act, "sets it again, and both go on"),
        ),
        reasons=tuple(reasons),
        subject=key,
        entry=path.entry.name,
    )
