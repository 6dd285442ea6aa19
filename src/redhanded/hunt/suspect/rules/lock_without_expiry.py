"""A lock or counter that stays for ever when its process dies at the wrong moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.identity import same_row
from redhanded.hunt.suspect.rules.leases import leases
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.telling import does, step, subject_of
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Computed, Known

name = "lock-without-expiry"
title = "A key that should end stays for ever"
wrong = (
    "Between the command that sets the key and the one that ends it the process may be killed or "
    "the connection lost; the key then stays, and every later run finds it taken or counts on "
    "(Redis documentation, SET, and INCR: Pattern: rate limiter 2)."
)
safe: tuple[str, ...] = (
    "One command sets the key and when it ends (SET … NX PX).",
    "A script or MULTI does both.",
    "Every run sets when it ends, not only the first.",
    "It is meant to stay: it remembers that something was done.",
)
needs = "a process that ended between the two commands, and a key without an end"
experiment = "kill the process between the two commands"
remedy = "expiry-in-one-command"
threshold = 0.5


def look(reading: Reading) -> Iterable[Finding]:
    """The keys that a crash leaves for ever."""
    return one_each(one for path in reading.paths for one in _on(path, reading.schema))


def _on(path: Path, schema: Schema) -> Iterator[Finding]:
    yield from _locks(path, schema)
    for event in path.events:
        effect = event.effect
        if effect is None or effect.kind != "increment" or effect.store != "keys":
            continue
        expire = _expire_of(path, event, schema)
        if expire is not None and event.number in _decided_by(expire):
            says = f"only the run that finds 1 sets when {subject_of(event)} ends"
            weight = 0.2 if expire.together_with is not None else 0.4
            reason = Reason(weight=weight, says=says, location=expire.location)
            yield _finding(path, event, expire, (reason, occasion(path, event)))


def _locks(path: Path, schema: Schema) -> Iterator[Finding]:
    """A crash needs no second run beside it: that such runs are rare speaks against nothing."""
    for lease in leases(path):
        taken = lease.taken
        effect = taken.effect
        assert effect is not None
        if effect.kind == "acquire" and effect.options.get("endless") != Known(True):
            continue
        if effect.expiry_s is not None or "expiry" in effect.options or not lease.ends:
            continue
        expire = _expire_of(path, taken, schema)
        if expire is None:
            says = f"nothing ends {lease.name} if the process dies before {lease.ends[-1].location}"
            reason = Reason(weight=0.5, says=says, location=taken.location)
            yield _finding(path, taken, lease.ends[-1], (reason, occasion(path, taken)))
        elif expire.together_with is None or expire.together_with != taken.together_with:
            says = f"when {lease.name} ends is set in a step of its own"
            reason = Reason(weight=0.5, says=says, location=expire.location)
            yield _finding(path, taken, expire, (reason, occasion(path, taken)))


def _expire_of(path: Path, event: Event, schema: Schema) -> Event | None:
    """The command that says when the key ends, in a step of its own."""
    for one in path.events[event.number + 1 :]:
        if one.effect is None or one.effect.kind != "expire" or excludes(one, event):
            continue
        if same_row(event, one, schema) == "same":
            return one
    return None


def _decided_by(event: Event) -> frozenset[int]:
    """What decides whether an event happens; not an ``or`` whose other side holds already."""
    held = [one.test for one in event.guards if one.holds]
    found: set[int] = set()
    for one in event.guards:
        test = one.test
        sides = test.operands if isinstance(test, Computed) and test.operator == "or" else ()
        if one.holds and any(each in held for each in sides):
            continue
        found |= reads_of(test)
    return frozenset(found)


def _finding(path: Path, event: Event, second: Event, reasons: tuple[Reason, ...]) -> Finding:
    key = subject_of(event)
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"If the process ends after {event.location} and before {second.location}, {key} stays "
            f"for ever: no later run of {path.entry.name} ends it."
        ),
        steps=(
            step("the first run", event),
            Step(location=second.location, says=f"the process dies before it {does(second)}"),
            step("every later run", event, f"finds {key} as it was left"),
        ),
        reasons=reasons,
        subject=key,
        entry=path.entry.name,
    )
