"""Identifiers drawn from too few values: two are the same sooner than their number suggests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from redhanded.hunt.suspect.rules.entropy import Space, space_of
from redhanded.hunt.suspect.rules.guarded import checks
from redhanded.hunt.suspect.rules.handled import violation
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.origin import made_by
from redhanded.hunt.suspect.rules.rows import inserts, name_of, table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.uniqueness import covering, named, plain
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Unique
from redhanded.source.flow.values import Value
from redhanded.stats.collisions import collision_probability, collision_rate

name = "id-collision"
title = "Identifiers that repeat within a year"
wrong = (
    "Among n identifiers drawn from N values two are equal with probability of about n²/2N "
    "(birthday problem, von Mises 1939); a time alone is equal for all that are made in its tick."
)
safe: tuple[str, ...] = (
    "122 random bits (UUID 4), or a sequence of the database.",
    "A refused insert is tried again with another identifier.",
    "The identifier is looked for, and another one drawn while there is one.",
    "The value need not be the only one: a code beside the key of its row.",
)
needs = "A violated constraint, or two rows, on the column that holds what was drawn."
experiment = "None: the arithmetic decides, with the rate that the log shows."
remedy = "longer-identifier"
threshold = 0.55

PER_DAY = 10_000
"""Rows a day that are assumed where no log says how many there are."""
DAYS = 365
LIKELY = 0.1
"""Probability of two equal ones within the year from which on it is said."""
_DAY_S = 86_400


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each insert."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    looked = _looked_for(reading)
    for path in reading.paths:
        for event, effect in (*inserts(path), *_found_or_created(path), *_passed_over(path)):
            table = table_of(reading.schema, effect)
            for column, value in effect.values.items():
                drawn = made_by(path, value, ("identifier", "clock"))
                if drawn is None or _is_handled(path, event, value):
                    continue
                unique = covering(table, (column,)) if table else None
                key = (table.name if table else name_of(effect), plain(column))
                if unique is None and key not in looked:
                    continue
                space = space_of(path, value)
                if space.is_known and chance(space) >= LIKELY:
                    yield _finding(path, event, effect, column, drawn, space, unique)


def _found_or_created(path: Path) -> Iterator[tuple[Event, Effect]]:
    """What is drawn for a row in case that there is none."""
    for event in path.events:
        effect = event.effect
        if effect is not None and effect.kind == "find-or-create" and effect.store == "database":
            rest = {name: one for name, one in effect.values.items() if name not in effect.where}
            yield event, replace(effect, values=rest)


def _passed_over(path: Path) -> Iterator[tuple[Event, Effect]]:
    """What is not added when anything of it is there, and nothing tells that from what was meant to
    be there once: ``ON CONFLICT DO NOTHING``."""
    for event in path.events:
        effect = event.effect
        if effect is None or effect.store != "database" or effect.conflict != "ignore":
            continue
        if effect.kind in ("insert", "upsert") and not event.in_loop:
            yield event, effect


def chance(space: Space) -> float:
    """Probability that two are equal within a year, at `PER_DAY`."""
    values = max(1, round(2 ** min(space.bits, 128)))
    draws = PER_DAY * DAYS
    if space.tick_s is None:
        return collision_probability(values, draws)
    each = collision_rate(values, draws_per_s=PER_DAY / _DAY_S, window_s=space.tick_s)
    return float(-((1 - each) ** draws) + 1)


def _looked_for(reading: Reading) -> frozenset[tuple[str, str]]:
    """Tables and the columns by which alone one row of them is looked for."""
    found: set[tuple[str, str]] = set()
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.kind != "read" or effect.store != "database":
                continue
            columns = named(effect.where)
            if len(columns) == 1 and len(effect.where) == 1 and not effect.many:
                table = table_of(reading.schema, effect)
                found.add((table.name if table else name_of(effect), plain(columns[0])))
    return frozenset(found)


def _is_handled(path: Path, event: Event, value: Value) -> bool:
    """Whether another one is drawn when there is one already."""
    if violation(event) == "handled" and (event.retried or event.in_loop):
        return True
    if any(one.outcome == "tries again" for one in event.catchers):
        return True
    drawn = made_by(path, value, ("identifier", "clock"))
    for other in path.events[: event.number]:
        effect = other.effect
        if effect is None or effect.kind not in ("read", "get") or drawn is None:
            continue
        if drawn in [made_by(path, one, ("identifier", "clock")) for one in effect.where.values()]:
            return True
    return any(check.look.number > drawn.number for check in checks(path, event) if drawn)


def _finding(
    path: Path,
    event: Event,
    effect: Effect,
    column: str,
    drawn: Event,
    space: Space,
    unique: Unique | None,
) -> Finding:
    table, likely = name_of(effect), chance(space)
    ends = "the insert is refused" if unique else "two rows cannot be told apart"
    if effect.conflict == "ignore":
        ends = "the row is not added"
    made = _said(space)
    return Finding(
        rule=name,
        location=drawn.location,
        message=(
            f"{table}.{column} is {made} ({drawn.location}). At an assumed {PER_DAY:,} rows a day "
            f"two are equal within a year with a probability of {_percent(likely)}; {ends}."
        ),
        steps=(
            Step(location=drawn.location, says=f"the first run draws {made}"),
            Step(location=drawn.location, says="the second run draws the same"),
            Step(location=event.location, says=f"both insert into {table}: {ends}"),
        ),
        reasons=tuple(_reasons(path, event, drawn, made, likely, unique)),
        subject=f"{table}.{column}",
        entry=path.entry.name,
    )


def _said(space: Space) -> str:
    random = f"{space.bits:.3g} random bits"
    if space.tick_s is None:
        return f"one of {2**space.bits:,.3g} values ({random})"
    tick = f"the time in steps of {space.tick_s:g} s"
    return tick if not space.bits else f"{tick} with {random}"


def _percent(likely: float) -> str:
    return "over 99 %" if likely > 0.99 else f"{100 * likely:.2g} %"


def _reasons(
    path: Path, event: Event, drawn: Event, made: str, likely: float, unique: Unique | None
) -> Iterator[Reason]:
    where = drawn.location
    weight = 0.5 if likely > 0.5 else 0.35
    says = f"{made}: {_percent(likely)} within a year at {PER_DAY:,} a day"
    yield Reason(weight=weight, says=says, location=where)
    if unique is not None:
        says = f"{', '.join(unique.columns)} is unique, and a refused insert is not tried again"
        yield Reason(weight=0.2, says=says, location=unique.location)
    else:
        says = "a row is looked for by it alone"
        yield Reason(weight=0.15, says=says, location=event.location)
    if is_test(where) or is_test(path.entry.location):
        yield Reason(weight=-1.0, says="only a test runs it", location=where)
    elif is_one_off(where) or path.entry.kind == "command":
        yield Reason(weight=-0.4, says="it is run by hand or once", location=where)
