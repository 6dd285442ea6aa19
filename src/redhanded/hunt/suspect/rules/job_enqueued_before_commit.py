"""A job is queued while the transaction that wrote what it needs is still open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_for_debugging, is_one_off, is_test
from redhanded.hunt.suspect.rules.rows import name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.transactional import (
    given,
    is_about,
    reads_of,
    takes_part,
    writes_in,
)
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path, Transaction
from redhanded.source.flow.values import Known

name = "job-enqueued-before-commit"
title = "A job is queued before the transaction it belongs to is committed"
wrong = (
    "The worker may take the job before the commit and does not see the rows; when the transaction "
    "is rolled back, the job runs for rows that never were (Celery user guide, Tasks, Database "
    "transactions; Django, transaction.on_commit)."
)
safe: tuple[str, ...] = (
    "The job is queued after the commit: on_commit, after_commit, after the block.",
    "The job is queued by a statement of the same transaction: an outbox, a queue in the database.",
    "The transaction writes nothing.",
)
needs = "A job that does not find its row, shortly before the row's commit."
experiment = "The worker takes the job before the COMMIT is released."
remedy = "enqueue-after-commit"
threshold = 0.55


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each call that queues a job."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.kind not in ("enqueue", "publish"):
                continue
            if is_for_debugging(event, reading):
                continue
            for transaction in event.around:
                if takes_part(event, transaction):
                    continue
                written = tuple(writes_in(path, transaction, event))
                if written:
                    yield _finding(reading, path, event, effect, transaction, written)


def _finding(
    reading: Reading,
    path: Path,
    event: Event,
    effect: Effect,
    transaction: Transaction,
    written: tuple[Event, ...],
) -> Finding:
    job = effect.job or effect.subject or "the job"
    needed, reasons = _needed(reading, path, event, effect, written)
    row = needed.effect
    table = name_of(row) if row is not None else "a row"
    begun = path.events[transaction.number].location
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"{job} is queued at {event.location} inside the transaction that begins at {begun} "
            f"and writes {table} ({needed.location}). A worker that takes it before the commit "
            "does not see the row, and after a rollback the job runs all the same."
        ),
        steps=(
            Step(location=begun, says="the transaction begins"),
            Step(location=needed.location, says=f"{table} is written, seen by nobody else yet"),
            Step(location=event.location, says=f"{job} is queued"),
            Step(
                location=_consumer(reading, path, event) or event.location,
                says=f"a worker takes the job and looks for the row of {table}: there is none",
            ),
            Step(location=begun, says="only now the transaction is committed"),
        ),
        reasons=(
            Reason(weight=0.3, says="a transaction is open while it is queued", location=begun),
            *reasons,
            *_circumstances(path, event, effect),
        ),
        subject=job,
        entry=path.entry.name,
    )


def _needed(
    reading: Reading, path: Path, event: Event, effect: Effect, written: tuple[Event, ...]
) -> tuple[Event, tuple[Reason, ...]]:
    """The write that the job depends on, and why that is thought."""
    from_ = given(event, effect)
    made = next((one for one in written if one.number in from_), None)
    if made is not None and made.number < event.number:
        says = "the job is given what the transaction has just written"
        return made, (Reason(weight=0.35, says=says, location=made.location),)
    for other in _consumers(reading, path, event):
        for one in written:
            if one.effect is None:
                continue
            read = next(reads_of(reading.schema, other, one.effect), None)
            if read is not None:
                says = f"the job looks at {name_of(one.effect)}, which the transaction writes"
                return one, (Reason(weight=0.3, says=says, location=read.location),)
    changed = next((one for one in written if is_about(event, effect, one)), None)
    if changed is not None:
        says = "the job is about a row that the transaction changes"
        return changed, (Reason(weight=0.3, says=says, location=changed.location),)
    says = "the job is not seen to need what the transaction writes"
    return written[0], (Reason(weight=-0.05, says=says, location=event.location),)


def _consumers(reading: Reading, path: Path, event: Event) -> Iterator[Path]:
    for one in path.jobs:
        if one.event == event.number:
            yield reading.paths[one.entry]


def _consumer(reading: Reading, path: Path, event: Event) -> Location | None:
    return next((one.entry.location for one in _consumers(reading, path, event)), None)


def _circumstances(path: Path, event: Event, effect: Effect) -> Iterator[Reason]:
    if effect.kind == "publish":
        yield Reason(weight=-0.1, says="it is a message, not a job", location=event.location)
    for option in ("countdown", "delay", "eta", "startAfter", "_defer_by", "run_at"):
        value = effect.options.get(option)
        if value is not None and value not in (Known(0), Known(None)):
            says = f"it is run with a delay ({option}), which is mostly longer than the transaction"
            yield Reason(weight=-0.3, says=says, location=event.location)
            break
    if is_test(event.location) or is_test(path.entry.location):
        yield Reason(weight=-1.0, says="only a test runs it", location=event.location)
    elif is_one_off(event.location):
        yield Reason(weight=-0.4, says="it is run by hand or once", location=event.location)
