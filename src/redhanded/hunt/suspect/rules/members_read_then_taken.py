"""The members of a list or set are read, and taken one by one in later steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.exclusion import kept_out
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.identity import key_of
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, subject_of
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Value

name = "members-read-then-taken"
title = "Members of a list are read, then taken in later steps"
wrong = (
    "Between the read and the step that takes a member another process has finished it, moved it, "
    "or takes it as well: it is worked on twice, or after it was done. Redis runs a command or a "
    "script alone, and nothing holds between two of them (Redis documentation, RPOPLPUSH: Pattern: "
    "Reliable queue)."
)
safe: tuple[str, ...] = (
    "A member is taken out of the list by the step that claims it, and its answer decides: ZREM or "
    "LREM gave 1, RPOPLPUSH, ZPOPMIN, BLMOVE.",
    "One script reads the members and takes them.",
    "The script that claims a member is given the list as well, and can see whether it is there.",
    "Both happen under one lock.",
    "What is done with the members changes nothing.",
)
needs = "a member that leaves the list after the read and before the claim"
experiment = "let a member leave the list between the two steps"
remedy = "take-in-one-step"
threshold = 0.5

READS = frozenset(
    {"LRANGE", "SMEMBERS", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE", "HKEYS"}
)
CLAIMS = frozenset({"script", "acquire"})
DOES = frozenset({"push", "enqueue", "insert", "send", "publish", "script", "set", "update"})
CUTS = frozenset({"LTRIM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK"})
HOW = {
    "moved": "are put elsewhere and taken out",
    "cleared": "are cut off",
    "claimed": "are claimed one by one",
}
FAR = 3
"""Calls that are not known, one given what the other gave."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A member that was read, the step that takes it, and what is done with it then."""

    read: Event
    claim: Event
    act: Event
    how: Literal["moved", "cleared", "claimed"]


def look(reading: Reading) -> Iterable[Finding]:
    """One for each read."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for read in path.events:
        effect = read.effect
        if effect is None or effect.verb not in READS or effect.options.get("queued"):
            continue
        taken = _moved(path, read) or _cleared(path, read) or _claimed(path, read)
        if taken is None:
            continue
        against = kept_out(path, read, taken.claim, reading.schema)
        if not is_ruled_out(against):
            yield _finding(path, taken, against)


def _claimed(path: Path, read: Event) -> _Taken | None:
    """A lock or script whose answer decides, and which knows nothing of the list."""
    for claim in path.events[read.number + 1 :]:
        effect = claim.effect
        if effect is None or not claim.in_loop or effect.store != "keys":
            continue
        is_claim = effect.kind in CLAIMS or (effect.kind == "set" and effect.only_if_absent)
        if not is_claim or not _is_of(path, claim, read) or _names(claim, key_of(read)):
            continue
        act = _decided_by(path, claim)
        if act is not None:
            return _Taken(read, claim, act, "claimed")
    return None


def _moved(path: Path, read: Event) -> _Taken | None:
    """Each member is put elsewhere and taken out, and nobody looks whether it was still there."""
    for out in path.events[read.number + 1 :]:
        effect = out.effect
        if effect is None or effect.verb not in ("ZREM", "LREM", "SREM") or not out.in_loop:
            continue
        if key_of(out) != key_of(read) or not _is_of(path, out, read):
            continue
        if any(out.number in reads_of(one.test) for each in path.events for one in each.guards):
            continue
        for act in path.events[read.number + 1 :]:
            done = act.effect
            if done is None or done.kind not in ("push", "enqueue", "publish", "insert"):
                continue
            if act.in_loop and _is_of(path, act, read) and not excludes(act, out):
                return _Taken(read, out, act, "moved")
    return None


def _cleared(path: Path, read: Event) -> _Taken | None:
    """The stretch that was read is cut off by a second command: what was added to it in between is
    lost, and what another has read as well is taken twice."""
    if read.effect is None or read.effect.verb not in ("LRANGE", "ZRANGEBYSCORE"):
        return None
    for out in path.events[read.number + 1 :]:
        effect = out.effect
        if effect is None or effect.verb not in CUTS or "queued" in effect.options:
            continue
        if key_of(out) == key_of(read) and not excludes(read, out):
            return _Taken(read, out, out, "cleared")
    return None


def _decided_by(path: Path, claim: Event) -> Event | None:
    for event in path.events[claim.number + 1 :]:
        if not any(claim.number in reads_of(one.test) for one in event.guards):
            continue
        if event.effect is not None and event.effect.kind in DOES:
            return event
    return None


def _is_of(path: Path, event: Event, read: Event, far: int = FAR) -> bool:
    """Whether an event is about what a read gave, also through calls that are not known."""
    effect = event.effect
    given: list[Value] = [*event.arguments, *event.keywords.values()]
    if effect is not None:
        given += [*effect.where.values(), *effect.values.values()]
    numbers = {number for value in given for number in reads_of(value)}
    if read.number in numbers:
        return True
    if not far:
        return False
    between = (path.events[one] for one in numbers if read.number < one < event.number)
    return any(one.effect is None and _is_of(path, one, read, far - 1) for one in between)


def _names(event: Event, key: Value | None) -> bool:
    """Whether a script is given a key."""
    effect = event.effect
    if effect is None or key is None:
        return False
    given = (*event.arguments, *effect.where.values(), *effect.values.values())
    return any(one == key for one in given)


def _finding(path: Path, taken: _Taken, against: tuple[Reason, ...]) -> Finding:
    members = subject_of(taken.read)
    read, claim = met(taken.read, taken.claim)
    how = HOW[taken.how]
    reasons = [
        Reason(
            weight=0.4,
            says=f"the members of {members} {how}, by steps that come later",
            location=taken.claim.location,
        ),
        *against,
        occasion(path, taken.claim),
    ]
    if taken.how == "cleared":
        says = "what is added in between is cut off as well, unseen"
        reasons.append(Reason(weight=0.05, says=says, location=taken.claim.location))
    elif taken.how == "moved":
        says = "nobody looks whether the member was still there when it was taken out"
        reasons.append(Reason(weight=0.1, says=says, location=taken.claim.location))
    else:
        says = f"what claims a member does not see whether it is still in {members}"
        reasons.append(Reason(weight=0.05, says=says, location=taken.claim.location))
    place = read.location
    called = [one for one in taken.claim.stack if one.path == place.path and one != place]
    return Finding(
        rule=name,
        location=place if called else claim.location,
        message=(
            f"{members} is read at {taken.read.location}, and its members {how} at "
            f"{taken.claim.location}. One that leaves {members} in between is still taken, and "
            f"worked on again by {path.entry.name}."
        ),
        steps=(
            Step(location=taken.read.location, says=f"this run reads the members of {members}"),
            Step(location=taken.read.location, says="another run finishes or takes one of them"),
            *(Step(location=one, says="this run goes on with it") for one in called[-2:]),
            Step(location=taken.claim.location, says="this run takes it"),
            Step(location=taken.act.location, says="and works on what was done already"),
        ),
        reasons=tuple(reasons),
        subject=members,
        entry=path.entry.name,
    )
