"""A job that is run again does again what its first run had done before it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.read_modify_write import is_statistic
from redhanded.hunt.suspect.rules.repeated import Repeat, repeats
from redhanded.hunt.suspect.rules.retries import retried
from redhanded.hunt.suspect.rules.rows import name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.source.flow.events import Event, Path

name = "retry-of-non-idempotent-job"
title = "A job that is tried again repeats what cannot be taken back"
wrong = (
    "A job that fails after its effect is run from the beginning; a queue that retries, or that "
    "delivers at least once, needs jobs whose repetition has the effect of one run (Celery user "
    "guide, Tasks, acks_late; Bull, Important Notes: stalled jobs are run again)."
)
safe: tuple[str, ...] = (
    "What follows the effect cannot fail the job.",
    "All its writes are in one transaction, which a failure undoes.",
    "The outside call is given an idempotency key.",
    "The job claims its work first: a row that the database holds once, SET NX, an update that "
    "says which state the row must be in.",
    "It is run once: attempts 1, no retries.",
)
needs = "A job that failed and was run again in the log, and its effect twice."
experiment = "The worker is stopped, or the later call fails, after the effect; the job runs again."
remedy = "idempotency-key"
threshold = 0.55

_CAN_FAIL = frozenset({"database", "keys", "queue", "network"})


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each job: the strongest of what it repeats."""
    best: list[Finding] = []
    for path in reading.paths:
        if path.entry.kind in ("job", "subscription"):
            best += sorted(_findings(reading, path), key=lambda one: -one.score)[:1]
    return one_each(best)


def _findings(reading: Reading, path: Path) -> Iterator[Finding]:
    for found in repeats(reading.schema, path):
        if found.warned == "claimed":
            continue
        again = retried(reading, path, found.event)
        later = _fails_later(path, found)
        if later is None and found.kind == "count" and again.weight > 0:
            later = found.event  # its commit is done, and the answer to it is lost
        if later is not None:
            yield _finding(path, found, later, again)


def _fails_later(path: Path, found: Repeat) -> Event | None:
    """What can still fail the job after the effect, and does not undo it."""
    event = found.event
    undone = set()
    if found.kind != "send" and event.transaction is not None:
        undone = {one.number for one in event.around}
    for other in path.events[event.number + 1 :]:
        effect = other.effect
        if effect is None or effect.store not in _CAN_FAIL or excludes(other, event):
            continue
        if effect.kind in ("begin", "commit", "rollback", "release"):
            continue
        if undone & {one.number for one in other.around}:
            continue
        if all(one.outcome in ("raises", "tries again") for one in other.catchers):
            return other
    return event if found.kind == "send" else None


def _finding(path: Path, found: Repeat, later: Event, again: Reason) -> Finding:
    where = found.event.location
    job = path.entry.name
    if later is not found.event:
        fails = f"{later.callee} ({later.location}) fails"
    elif later.in_loop:
        fails = "one of the later ones fails"
    else:
        fails = "its answer is lost or comes too late"
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{job} comes to {where} and can fail after it: when {fails}, it is run again from "
            f"the beginning ({again.says}), and {found.says}."
        ),
        steps=(
            Step(location=where, says=f"the first run of {job}: {found.event.callee} is done"),
            Step(location=later.location, says=f"the first run fails: {fails}"),
            Step(location=path.entry.location, says=f"{job} is run again: {again.says}"),
            Step(location=where, says=f"the second run: {found.says}"),
        ),
        reasons=tuple(_reasons(path, found, later, again)),
        subject=name_of(found.effect) if found.kind != "send" else found.effect.subject or "",
        entry=path.entry.name,
    )


def is_mail(found: Repeat) -> bool:
    """Mail is rarely refused after it was taken, and a second one rarely hurts."""
    return found.effect.subject in ("smtp", "mail") or "mail" in found.effect.library.lower()


def _reasons(path: Path, found: Repeat, later: Event, again: Reason) -> Iterator[Reason]:
    where = found.event.location
    weight = {"row": 0.25, "count": 0.3, "send": 0.25, "refused": 0.15}[found.kind]
    yield Reason(weight=0.15, says="it is a job", location=path.entry.location)
    yield Reason(weight=weight, says=f"run twice, {found.says}", location=where)
    yield again
    if later is not found.event:
        yield Reason(weight=0.1, says="what comes after it can fail", location=later.location)
    elif later.in_loop:
        yield Reason(weight=0.1, says="it is done in a loop", location=later.location)
    else:
        weight = -0.15 if is_mail(found) else -0.1 if found.kind == "count" else 0.0
        says = "only its own answer can fail the job after it was done"
        yield Reason(weight=weight, says=says, location=where)
    if found.kind == "count" and is_statistic(found.column):
        says = f"{found.column} looks like a statistic"
        yield Reason(weight=-0.2, says=says, location=where)
    if not found.is_sure:
        says = "what would refuse the second one could not be read"
        yield Reason(weight=-0.1, says=says, location=where)
    if found.warned == "looked":
        says = "the job looks whether it was done; a failure between the two is not seen"
        # A second mail in the rare case that only the mark failed is what most programs accept.
        weight = -0.25 if is_mail(found) or "mail" in (found.effect.subject or "") else -0.2
        yield Reason(weight=weight, says=says, location=where)
    if is_test(where) or is_test(path.entry.location):
        yield Reason(weight=-1.0, says="only a test runs it", location=where)
    elif is_one_off(where):
        yield Reason(weight=-0.4, says="it is run by hand or once", location=where)
