"""A row is committed and its job queued afterwards; what dies in between leaves it without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.elsewhere import scheduled
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.handled import takes_all
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.rows import name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.transactional import given, is_write, reads_of
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path

name = "row-committed-enqueue-lost"
title = "A committed row whose job was never queued"
wrong = (
    "The database and the queue commit separately: between the two the process can die or the "
    "queue be out of reach, and nothing queues the job again (dual write; transactional outbox, "
    "Richardson, Microservices Patterns, 2018, 3.3.7)."
)
safe: tuple[str, ...] = (
    "The job is a row of the same transaction: an outbox, a queue in the database.",
    "Something that runs on a schedule looks for rows without their job and queues them again.",
    "The whole is itself a job that is run again, or the client sends the request again.",
)
needs = "Rows that stay in their first state, at the times of deployments or of a queue's failures."
experiment = "The process is killed after the COMMIT, or the queue refuses the job."
remedy = "outbox"
threshold = 0.55


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each call that queues a job; nearly all are shown on demand only."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        if path.entry.kind in ("job", "subscription", "command") or path.entry.webhook:
            continue
        for event in path.events:
            effect = event.effect
            if effect is None or effect.kind != "enqueue" or effect.store == "database":
                continue
            row = _row(path, event, effect)
            if row is not None and row.effect is not None:
                yield _finding(reading, path, event, effect, row, row.effect)


def _row(path: Path, event: Event, effect: Effect) -> Event | None:
    """The last write before, committed by then, that the job is about."""
    about = given(event, effect)
    for other in reversed(path.events[: event.number]):
        if not is_write(other) or excludes(other, event) or other.number not in about:
            continue
        open_still = {one.number for one in other.around} & {one.number for one in event.around}
        if not open_still:
            return other
    return None


def _finding(
    reading: Reading, path: Path, event: Event, effect: Effect, row: Event, written: Effect
) -> Finding:
    job = effect.job or effect.subject or "the job"
    table = name_of(written)
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"The row of {table} is committed ({row.location}) before {job} is queued at "
            f"{event.location}: if the process ends or the queue fails in between, the row stays "
            "without its job, and nothing was found that queues it again."
        ),
        steps=(
            Step(location=row.location, says=f"the row of {table} is committed"),
            Step(location=event.location, says=f"{job} is not queued: the process or queue fails"),
        ),
        reasons=tuple(_reasons(reading, path, event, written)),
        subject=job,
        entry=path.entry.name,
    )


def _reasons(reading: Reading, path: Path, event: Event, written: Effect) -> Iterator[Reason]:
    where = event.location
    yield Reason(weight=0.3, says="the job is about a row that is committed before", location=where)
    if any(takes_all(one) and one.outcome != "raises" for one in event.catchers):
        says = "a failure to queue it is passed over, so nobody asks again"
        yield Reason(weight=0.15, says=says, location=where)
    if not event.awaited or event.is_detached:
        yield Reason(weight=0.15, says="nobody waits for it to be queued", location=where)
    sweeper = _sweeper(reading, written)
    if sweeper is not None:
        says = f"{sweeper.entry.name} looks for rows of {name_of(written)} on a schedule"
        yield Reason(weight=-1.0, says=says, location=sweeper.entry.location)
    if is_test(where) or is_test(path.entry.location) or is_one_off(where):
        yield Reason(weight=-1.0, says="it is run by hand or by tests", location=where)


def _sweeper(reading: Reading, written: Effect) -> Path | None:
    """What runs on a schedule and looks at the table, and so may queue what was lost."""
    for other in scheduled(reading):
        if any(reads_of(reading.schema, other, written)):
            return other
    return None
