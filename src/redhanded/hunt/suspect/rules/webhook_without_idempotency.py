"""A webhook does something that must be done once, each time that its event is delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.repeated import Repeat, repeats
from redhanded.hunt.suspect.rules.rows import name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.source.flow.events import Path

name = "webhook-without-idempotency"
title = "A webhook has its effect again when its event is delivered again"
wrong = (
    "Senders of webhooks deliver at least once: what is not answered in time, or whose answer is "
    "lost, comes again, at times while the first delivery is still being worked on. The handler "
    "must have the effect of one delivery (Helland, Idempotence Is Not a Medical Condition, 2012)."
)
safe: tuple[str, ...] = (
    "The event's identifier is inserted into a table that holds it once, first or in the same "
    "transaction, and a refused insert ends the handling.",
    "A marker is set with SET NX before anything is done.",
    "What is written is the same however often: an upsert, a state that is set, ON CONFLICT.",
    "The row is claimed by an update that says which state it must be in, and its count is looked "
    "at.",
    "The outside call is given an idempotency key.",
)
needs = "Two deliveries with one event identifier in the log, and the effect twice."
experiment = "The same delivery is sent twice, one after the other and at the same time."
remedy = "processed-events"
threshold = 0.55


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each webhook: the strongest of what it repeats."""
    best: list[Finding] = []
    for path in reading.paths:
        if path.entry.webhook:
            best += sorted(_findings(reading, path), key=lambda one: -one.score)[:1]
    return one_each(best)


def _findings(reading: Reading, path: Path) -> Iterator[Finding]:
    found = [one for one in repeats(reading.schema, path) if one.warned != "claimed"]
    for one in found:
        yield _finding(path, one, [each for each in found if each is not one])


def _finding(path: Path, found: Repeat, others: list[Repeat]) -> Finding:
    where = found.event.location
    more = f" The same holds for {_listed(others)}." if others else ""
    if found.warned == "looked":
        why = "only a delivery that comes after the first is done is told from it"
    else:
        why = "nothing tells a repeated delivery from a new one"
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{path.entry.name} comes to {where} for each delivery of an event, and {why}: "
            f"{found.says}.{more}"
        ),
        steps=(
            Step(location=path.entry.location, says=f"{path.entry.name} is sent an event"),
            Step(location=where, says=f"the first delivery: {_does(found)}"),
            Step(location=path.entry.location, says="the sender had no answer and sends it again"),
            Step(location=where, says=f"the second delivery: {found.says}"),
        ),
        reasons=tuple(_reasons(path, found)),
        subject=name_of(found.effect),
        entry=path.entry.name,
    )


def _listed(others: list[Repeat]) -> str:
    places = [str(one.event.location) for one in others]
    shown = ", ".join(dict.fromkeys(places[:3]))
    return shown + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _does(found: Repeat) -> str:
    if found.kind in ("row", "refused"):
        return f"a row is added to {name_of(found.effect)}"
    if found.kind == "count":
        return f"{name_of(found.effect)} is changed by an amount"
    return f"{found.effect.subject or found.event.callee} is asked"


def _reasons(path: Path, found: Repeat) -> Iterator[Reason]:
    where = found.event.location
    sender = "a signature is checked" if path.entry.webhook == "signed" else path.entry.webhook
    says = f"it is a webhook ({sender}), which delivers at least once"
    yield Reason(weight=0.35, says=says, location=path.entry.location)
    weight = {"row": 0.3, "count": 0.35, "send": 0.25, "refused": 0.0}[found.kind]
    yield Reason(weight=weight, says=f"done twice, {found.says}", location=where)
    if not found.is_sure:
        says = "what would refuse the second one could not be read"
        yield Reason(weight=-0.15, says=says, location=where)
    if found.warned == "looked":
        says = "an earlier delivery is looked for; only one that overlaps is not seen"
        yield Reason(weight=-0.2, says=says, location=where)
    if is_test(where) or is_test(path.entry.location):
        yield Reason(weight=-1.0, says="only a test runs it", location=where)
    elif is_one_off(where):
        yield Reason(weight=-0.4, says="it is run by hand or once", location=where)
