"""A table is looked for in the catalogue and created where it is missing, by whoever comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.guarded import Check, checks, excludes
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out, kept_apart
from redhanded.hunt.suspect.rules.telling import met
from redhanded.source.flow.events import Catcher, Event, Path
from redhanded.source.flow.values import Known

name = "check-then-create-table"
title = "A table is looked for, then created, in two steps"
wrong = (
    "Between the look at the catalogue and CREATE TABLE another process looks as well and finds "
    "none: the second CREATE is refused (42P07, or 23505 on pg_type), and what should have come "
    "after it does not. It happens where several instances start, or are migrated, at once."
)
safe: tuple[str, ...] = (
    "A lock is taken before the look and held until the table is there: an advisory lock, a row "
    "or a key that only one run can have.",
    "CREATE TABLE IF NOT EXISTS does both, so that nothing depends on the look.",
    "A refused CREATE is taken for what it is: the error is answered, and the run goes on.",
)
needs = "two processes that begin on a database without the table"
experiment = "both look before either creates the table"
remedy = "lock-before-look"
threshold = 0.5

CREATES = "CREATE TABLE"
ANSWERS = frozenset({"returns", "goes on", "tries again"})


def look(reading: Reading) -> Iterable[Finding]:
    """One for each table that is created under a look at the catalogue."""
    return one_each(one for path in reading.paths for one in _on(path))


def _on(path: Path) -> Iterator[Finding]:
    for act in path.events:
        effect = act.effect
        if effect is None or effect.kind != "statement" or effect.verb != CREATES:
            continue
        if effect.options.get("if_not_exists") == Known(True):
            continue
        for check in checks(path, act):
            looked = check.look.effect
            if looked is None or looked.options.get("catalog") != Known(True):
                continue
            if check.sense not in ("absent", "state"):
                continue
            against = tuple(_kept_out(path, check, act))
            if not is_ruled_out(against):
                yield _finding(path, check, act, against)
                break


def _kept_out(path: Path, check: Check, act: Event) -> Iterator[Reason]:
    yield from kept_apart(path, check.look, act, "absent")
    for event in path.events[: check.look.number]:
        effect = event.effect
        if effect is None or excludes(event, check.look) or effect.store == "process":
            continue
        if effect.kind == "acquire" or (effect.kind == "set" and effect.only_if_absent):
            says = f"{effect.subject or effect.verb} was taken before the look"
            yield Reason(weight=-1.0, says=says, location=event.location)
    answered = next((one for one in act.catchers if _answers(one)), None)
    if answered is not None:
        says = "a refused CREATE is answered"
        yield Reason(weight=-1.0, says=says, location=answered.location)


def _answers(one: Catcher) -> bool:
    return one.outcome in ANSWERS


def _finding(path: Path, check: Check, act: Event, against: tuple[Reason, ...]) -> Finding:
    effect = act.effect
    table = (effect.subject if effect is not None else None) or ""
    table = table if table.strip("?*") else "the table"
    looked, act = met(check.look, act)
    reasons = (
        Reason(
            weight=0.4,
            says=f"{table} is created only if the look found none, and by no lock alone",
            location=act.location,
        ),
        *against,
        occasion(path, act),
    )
    return Finding(
        rule=name,
        location=act.location,
        message=(
            f"{table} is looked for ({looked.location}) and created at {act.location} if it is "
            f"not there. Two runs of {path.entry.name} that both look before either has created "
            "it both go on, and the second CREATE TABLE is refused."
        ),
        steps=(
            Step(location=looked.location, says=f"the first run looks for {table}: none"),
            Step(location=looked.location, says="the second run looks as well: still none"),
            Step(location=act.location, says=f"the first run creates {table}"),
            Step(location=act.location, says="the second run's CREATE TABLE is refused"),
        ),
        reasons=reasons,
        subject=table,
        entry=path.entry.name,
    )
