"""The same event is put on the queue twice, because nothing names the job for long enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.deduplicated import Dedup, deduplication
from redhanded.hunt.suspect.rules.guarded import checks
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.origin import is_new_entity, made_by
from redhanded.hunt.suspect.rules.repeated import Repeat, repeats, warning
from redhanded.hunt.suspect.rules.retries import retried
from redhanded.hunt.suspect.rules.rows import is_same_table, name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Input, Value, sources
from redhanded.source.flow.ways import is_for_another

name = "missing-job-deduplication"
title = "The same event is queued more than once"
wrong = (
    "A producer that is called twice for one event puts two jobs on the queue, and both are run: "
    "queues drop nothing unless the job has a name that they still remember (Bull reference, "
    "Queue#add, jobId; BullMQ guide, Job Ids: a removed job is not remembered)."
)
safe: tuple[str, ...] = (
    "The job has an identifier taken from the event, and the queue keeps it after the job is done.",
    "What the job does has the effect of one run however often it is run.",
    "The producer claims the event before it queues the job: a row that the database holds once, "
    "SET NX, an update that only one of two can make.",
    "The job is about a row that the same request has made.",
)
needs = "Two jobs of one event in the log, from two deliveries or two requests."
experiment = "The event is delivered again after the first job was queued, and after it was done."
remedy = "job-id"
threshold = 0.55

_NAME = re.compile(
    r"^(?:id|(?:event|message|delivery|request|notification|transaction)_?id|reference"
    r"|idempotency_?key)$",
    re.IGNORECASE,
)
"""Parts of a request that tell it from others."""


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each call that queues a job."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.kind != "enqueue":
                continue
            consumers = _consumers(reading, path, event)
            dedup = deduplication(path, effect, consumers)
            if dedup.memory == "kept" or "repeat" in effect.options:
                continue
            if warning(reading.schema, path, event) == "claimed":
                continue
            done = _worst(reading, consumers, effect.job)
            if consumers and done is None:
                continue
            yield _finding(reading, path, event, effect, dedup, done)


def _consumers(reading: Reading, path: Path, event: Event) -> tuple[Path, ...]:
    return tuple(reading.paths[one.entry] for one in path.jobs if one.event == event.number)


def _worst(reading: Reading, consumers: Iterable[Path], job: str | None) -> Repeat | None:
    """What a job of this name does that should be done once; what it does unwarned comes first."""
    found = [
        one
        for path in consumers
        for one in repeats(reading.schema, path)
        if one.warned != "claimed" and not is_for_another(one.event, job)
    ]
    return max(found, key=lambda one: _weight(one)[0], default=None)


def _weight(one: Repeat) -> tuple[float, str]:
    weight = {"row": 0.3, "send": 0.3, "count": 0.3, "refused": 0.2}[one.kind]
    if not one.is_sure:
        weight -= 0.1
    if one.warned == "looked":
        weight -= 0.1
    return weight, one.says


def _finding(
    reading: Reading, path: Path, event: Event, effect: Effect, dedup: Dedup, done: Repeat | None
) -> Finding:
    job = effect.job or effect.subject or "the job"
    twice = f"{done.says} ({done.event.location})" if done else "the job is run twice"
    if dedup.memory == "while pending":
        why = f"{dedup.option} names the job, but only until it is done"
        if dedup.why:
            why = f"{dedup.option} names the job, but {dedup.why}"
        second = "the same event comes again after the job is done and is queued again"
    else:
        why = dedup.why or "nothing names the job"
        second = "the same event comes again and a second job is queued"
    last = done.event.location if done else event.location
    return Finding(
        rule=name,
        location=event.location,
        message=(
            f"{job} is queued at {event.location} each time that {path.entry.name} is called for "
            f"one event: {why}. Of two jobs, {twice}."
        ),
        steps=(
            Step(location=path.entry.location, says=f"{path.entry.name} is called for an event"),
            Step(location=event.location, says=f"the first run queues {job}"),
            Step(location=event.location, says=second),
            Step(location=last, says=f"the second job is run: {twice}"),
        ),
        reasons=tuple(_reasons(reading, path, event, effect, dedup, done)),
        subject=job,
        entry=path.entry.name,
    )


def _reasons(
    reading: Reading, path: Path, event: Event, effect: Effect, dedup: Dedup, done: Repeat | None
) -> Iterator[Reason]:
    where = event.location
    if dedup.memory == "while pending":
        says = f"the job is named ({dedup.option}), so its event is known to come again"
        yield Reason(weight=0.3, says=says, location=where)
    else:
        says = dedup.why or "the job is queued without an identifier"
        yield Reason(weight=0.2, says=says, location=where)
    if not dedup.is_read:
        yield Reason(weight=-0.15, says="its options could not be read in full", location=where)
    if done is None:
        yield Reason(weight=-0.1, says="what the job does could not be followed", location=where)
    else:
        weight, says = _weight(done)
        yield Reason(weight=weight, says=f"run twice, {says}", location=done.event.location)
    given = (*event.arguments, *event.keywords.values(), *effect.values.values())
    if any(is_new_entity(path, one) or _is_of_saved(path, one) for one in given):
        says = "the job is about a row that this very run has made"
        yield Reason(weight=-0.5, says=says, location=where)
    yield from _looked_for(reading, path, event, done)
    yield from _named_by_sender(path, event, effect, done)
    yield _repetition(reading, path, event)


def _is_of_saved(path: Path, value: Value) -> bool:
    return made_by(path, value, ("save",)) is not None


def _looked_for(
    reading: Reading, path: Path, event: Event, done: Repeat | None
) -> Iterator[Reason]:
    """A look, before the job is queued, for the row that the job will add."""
    for check in checks(path, event) if done is not None else ():
        effect = check.look.effect
        if effect is None or done is None or effect.store != "database":
            continue
        if check.sense in ("absent", "state") and is_same_table(
            reading.schema, effect, done.effect
        ):
            says = f"{name_of(effect)} is looked at before the job is queued, not in the job"
            yield Reason(weight=0.2, says=says, location=check.look.location)
            return


def _named_by_sender(
    path: Path, event: Event, effect: Effect, done: Repeat | None
) -> Iterator[Reason]:
    """The request names what it tells of, and neither the queue nor the job looks at the name.

    An ``id`` by which the job finds a row is that row's, not the request's.
    """
    if path.entry.kind != "route" or done is None or done.effect.where.keys() & {"id", "pk"}:
        return
    for value in (*event.arguments, *event.keywords.values(), *effect.values.values()):
        for one in sources(value):
            if (
                isinstance(one, Input)
                and one.parts[:1] == ("body",)
                and _NAME.search(one.parts[-1])
            ):
                says = (
                    f"the request has a name of its own ({one.parts[-1]}), which nothing looks at"
                )
                yield Reason(weight=0.1, says=says, location=event.location)
                return


def _repetition(reading: Reading, path: Path, event: Event) -> Reason:
    """Why the same event comes to this call again."""
    entry = path.entry
    if is_test(event.location) or is_test(entry.location):
        return Reason(weight=-1.0, says="only a test runs it", location=entry.location)
    if is_one_off(event.location) or entry.kind == "command":
        return Reason(weight=-0.4, says="it is run by hand or once", location=entry.location)
    if entry.webhook:
        says = f"the sender of {entry.name} repeats what is not answered in time"
        return Reason(weight=0.25, says=says, location=entry.location)
    if entry.kind == "schedule":
        says = f"{entry.name} queues again what is not yet done at its next run"
        weight = 0.2 if event.in_loop else 0.0
        return Reason(weight=weight, says=says, location=entry.location)
    if entry.kind in ("job", "subscription"):
        again = retried(reading, path)
        if again.weight <= 0:
            return Reason(weight=-0.1, says=again.says, location=entry.location)
        says = f"{entry.name} is run again after a failure"
        return Reason(weight=0.1, says=says, location=entry.location)
    if entry.kind == "route":
        says = f"a client that gets no answer from {entry.name} asks again"
        return Reason(weight=0.0, says=says, location=entry.location)
    return Reason(weight=-0.1, says="nothing that was read calls it", location=entry.location)
