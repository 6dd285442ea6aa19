"""A lock is given back by whoever comes to the end, also when it is somebody else's by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.conditional import looked_at
from redhanded.hunt.suspect.rules.derivation import comparisons, reads_of
from redhanded.hunt.suspect.rules.identity import same_subject
from redhanded.hunt.suspect.rules.leases import Lease, leases
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason
from redhanded.hunt.suspect.rules.telling import slow_between, step
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Known

name = "lock-released-without-owner-check"
title = "A lock is released without looking whose it is"
wrong = (
    "A lease may have ended while its work went on; the key is then another run's lock, and "
    "deleting it lets a third one in (Redis documentation, Distributed Locks). Looking first and "
    "deleting then are two steps: the lease may end between them."
)
safe: tuple[str, ...] = (
    "A script compares the holder's token and deletes the key in one step.",
    "A library's lock does that (redlock, redis-py's Lock).",
    "The lock never ends by itself, so that it cannot become another's.",
    "It is released only where it was taken.",
)
needs = "a lease that ended before its work did, and two holders at once"
experiment = "let the lease end while the first run works; a second takes it; the first releases"
remedy = "owner-checked-release"
threshold = 0.5


def look(reading: Reading) -> Iterable[Finding]:
    """The releases that may take away another run's lock."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for lease in leases(path):
        if not _decides(path, lease):
            continue
        for end in lease.ends:
            if end.effect is None or end.effect.owner_checked or end.effect.kind == "script":
                continue
            if end.effect.kind == "release" and not _is_plain(end):
                continue
            yield _finding(path, lease, end, tuple(_reasons(path, lease, end, reading)))


def _decides(path: Path, lease: Lease) -> bool:
    """Whether anything depends on the answer of what sets a key that is not there: without that it
    is the first value of a counter, not a lock."""
    effect = lease.taken.effect
    return effect is None or effect.kind != "set" or looked_at(path, lease.taken)


def _is_plain(end: Event) -> bool:
    """A release that its table knows to compare nothing; a library's own is taken to compare."""
    return end.effect is not None and end.effect.options.get("owner_checked") == Known(False)


def _reasons(path: Path, lease: Lease, end: Event, reading: Reading) -> Iterator[Reason]:
    taken = lease.taken
    effect = taken.effect
    assert effect is not None
    may_end = effect.expiry_s is not None or "expiry" in effect.options
    may_end = may_end or any(
        one.effect is not None
        and one.effect.kind == "expire"
        and same_subject(one.effect, effect, reading.schema)
        for one in path.events
    )
    if may_end:
        says = f"{lease.name} ends by itself, and is deleted whoever holds it then"
        yield Reason(weight=0.5, says=says, location=end.location)
    elif _is_taken(path, lease, end):
        says = f"{lease.name} does not end by itself, so it is still this run's"
        yield Reason(weight=0.1, says=says, location=taken.location)
    if not _is_taken(path, lease, end):
        says = "it is deleted also where it was not taken"
        yield Reason(weight=0.35, says=says, location=end.location)
    looked = _looks_first(path, lease, end)
    if looked is not None:
        says = "the holder is looked at before, in a step of its own"
        yield Reason(weight=-0.1, says=says, location=looked.location)
    slow = slow_between(path, taken, end, reading)
    if slow is not None:
        says = "what is done meanwhile takes as long as others want"
        yield Reason(weight=0.1, says=says, location=slow.location)
    yield occasion(path, end)


def _is_taken(path: Path, lease: Lease, end: Event) -> bool:
    """Whether the release happens only where the lock was taken."""
    number = lease.taken.number
    effect = lease.taken.effect
    if effect is not None and effect.kind == "acquire":
        return True
    return any(number in reads_of(guard.test) for guard in end.guards) or number in end.locks


def _looks_first(path: Path, lease: Lease, end: Event) -> Event | None:
    for guard in end.guards:
        for test in comparisons(guard.test):
            for number in reads_of(test):
                if not lease.taken.number < number < end.number:
                    continue
                event = path.events[number]
                if event.effect is not None and event.effect.kind == "get":
                    return event
    return None


def _finding(path: Path, lease: Lease, end: Event, reasons: tuple[Reason, ...]) -> Finding:
    return Finding(
        rule=name,
        location=end.location,
        message=(
            f"{lease.name}, taken at {lease.taken.location}, is deleted at {end.location} whoever "
            f"holds it: if it ended meanwhile, the lock of another run is taken away, and a third "
            f"gets in."
        ),
        steps=(
            step("the first run", lease.taken, f"takes {lease.name}"),
            step("the second run", lease.taken, "takes it when it has ended"),
            step("the first run", end, "deletes the second run's lock"),
            step("a third run", lease.taken, "takes it while the second still works"),
        ),
        reasons=reasons,
        subject=lease.name,
        entry=path.entry.name,
    )
