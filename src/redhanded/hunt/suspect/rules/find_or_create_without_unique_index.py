"""``findOrCreate``, ``get_or_create``: two statements that only a unique index makes one; and
``ON CONFLICT`` about an index that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from redhanded.hunt.suspect.rules.handled import violation
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.origin import is_fresh, is_new_entity
from redhanded.hunt.suspect.rules.rows import listed, name_of, table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import FULL, kept_apart
from redhanded.hunt.suspect.rules.uniqueness import UNREAD, covering, named, plain_columns
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Table, Unique
from redhanded.source.flow.versions import is_before

name = "find-or-create-without-unique-index"
title = "Find or create, where the database does not hold the row once"
wrong = (
    "The library looks and then inserts; what it promises for two at once it takes from a unique "
    "index on the columns that it looks at (Django, get_or_create: 'assumes that the database "
    "enforces uniqueness of the keyword arguments'; Sequelize, findOrCreate). Without one two rows "
    "are added; with one on other columns the second call fails, because the look after the "
    "violation finds nothing."
)
safe: tuple[str, ...] = (
    "A unique index on the columns that are looked at, or on some of them.",
    "It happens under a lock that both runs must take, or in a SERIALIZABLE transaction.",
    "What is looked for is new in each run, or belongs to a row that the same run has made.",
    "The library looks again after a violation, outside the transaction that it has aborted.",
    "It is one statement: INSERT … ON CONFLICT, about columns that have a unique index.",
    "It runs once, or by hand: migrations, seeds, scripts, tests.",
)
needs = "Two calls with the same key at once; two rows, or a violated constraint."
experiment = "Both calls look before either inserts."
remedy = "unique-index"
threshold = 0.55

FAILING: Mapping[str, str] = {
    "@prisma/client": "Prisma answers P2002 to the second",
    "prisma": "Prisma answers P2002 to the second",
}
"""Libraries that do not look again when the insert of their two steps is refused."""


ABORTED: Mapping[tuple[str, str], str] = {("sequelize", "findCreateFind"): "6.8.0"}
"""Library and call that look again after a violation inside the transaction that it has aborted,
and the version that no longer does (pull request 13482 of Sequelize)."""


SEVERAL = re.compile(r"^Multiple(?:Objects|Results)\w*$")
"""Errors that say that a look found more than one row."""


DRAWN = re.compile(r"computed|\(|current|serial|identity|now\b|uuid", re.IGNORECASE)
"""Types and defaults of columns that are filled with something else in each run."""


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each call."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None:
                continue
            if effect.kind in ("insert", "upsert") and effect.conflict in ("ignore", "update"):
                refused = _without_target(reading, path, event, effect)
                if refused is not None:
                    yield refused
            if effect.kind != "find-or-create":
                continue
            table = table_of(reading.schema, effect)
            unique = _holding(table, effect) if table else None
            fails = _fails(reading, event, effect)
            if unique is not None and (fails is None or violation(event) == "handled"):
                continue
            yield _finding(path, event, effect, table, unique, fails or "")


def _without_target(reading: Reading, path: Path, event: Event, effect: Effect) -> Finding | None:
    """``ON CONFLICT (columns)`` where no unique index is on just these columns."""
    table = table_of(reading.schema, effect)
    if table is None or not table.is_complete or not effect.conflict_columns:
        return None
    if UNREAD in effect.conflict_columns or effect.library in FAILING:
        return None  # Prisma makes no such call of what its schema does not hold unique
    wanted = plain_columns(table, effect.conflict_columns)
    if not wanted <= plain_columns(table, [one.name for one in table.columns]):
        return None  # a constraint is named
    if any(plain_columns(table, one.columns) == wanted for one in table.uniques):
        return None
    if any("(" in column for one in table.uniques for column in one.columns):
        return None  # an index on an expression, which may be meant
    columns, subject, where = listed(effect.conflict_columns), name_of(effect), event.location
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{subject} has no unique index on {columns}, which the insert at {where} names for "
            f"its conflict: PostgreSQL and SQLite refuse the statement, and where the database "
            f"takes it, two runs of {path.entry.name} add two rows."
        ),
        steps=(
            Step(location=where, says=f"the first run inserts into {subject}"),
            Step(location=where, says=f"the second run inserts: no index on {columns} sees it"),
        ),
        reasons=(
            Reason(weight=0.45, says=f"{columns} is named for the conflict", location=where),
            Reason(
                weight=0.15, says=f"no unique index is on {columns} alone", location=table.location
            ),
            occasion(path, event),
        ),
        subject=subject,
        entry=path.entry.name,
    )


def _fails(reading: Reading, event: Event, effect: Effect) -> str | None:
    """What becomes of the second call although an index holds the row once; None: it finds it."""
    mended = ABORTED.get((effect.library, effect.verb))
    version = reading.versions.get(effect.library, "")
    if mended and version and is_before(version, mended) and event.transaction is not None:
        return (
            f"the violation aborts the transaction in which {effect.verb} of {effect.library} "
            f"{version} looks again (mended in {mended})"
        )
    return FAILING.get(effect.library)


def _finding(
    path: Path,
    event: Event,
    effect: Effect,
    table: Table | None,
    unique: Unique | None,
    fails: str,
) -> Finding:
    columns, subject, where = listed(named(effect.where)), name_of(effect), event.location
    other = _elsewhere(effect, table) if unique is None else None
    if unique is not None:
        ends = f"{', '.join(unique.columns)} is unique: {fails}"
    elif other is not None:
        ends = (
            f"the second insert violates {', '.join(other.columns)}, and looking again for "
            f"{columns} finds nothing: the call fails"
        )
    else:
        ends = f"{subject} has two rows with the same {columns}"
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{effect.verb} looks in {subject} for {columns} and inserts in a second statement "
            f"({where}). Of two runs of {path.entry.name} at once both find nothing; {ends}."
        ),
        steps=(
            Step(location=where, says=f"the first run looks for {columns} in {subject}: none"),
            Step(location=where, says="the second run looks as well: still none"),
            Step(location=where, says=f"the first run inserts into {subject}"),
            Step(location=where, says=f"the second run inserts: {ends}"),
        ),
        reasons=tuple(_reasons(path, event, effect, table, unique, other)),
        subject=subject,
        entry=path.entry.name,
    )


def _holding(table: Table, effect: Effect) -> Unique | None:
    """A constraint on what is looked for, also with columns that take one and the same default in
    each run: two rows with the same key differ in nothing of it."""
    looked = named(effect.where)
    found = covering(table, looked)
    if found is not None or not looked:
        return found
    written = plain_columns(table, (*looked, *effect.values))
    keys = {one for unique in table.uniques if unique.is_primary for one in unique.columns}
    filled = [
        one
        for one in table.columns
        if not DRAWN.search(f"{one.type} {one.default}")
        and one.name not in keys
        and not plain_columns(table, (one.name,)) & written
    ]
    valued = [one.name for one in filled if not one.is_nullable]
    wider = covering(table, (*looked, *valued))
    if wider is None:
        holding = replace(table, uniques=tuple(one for one in table.uniques if one.holds_nulls))
        wider = covering(holding, (*looked, *(one.name for one in filled)))
    return wider if wider is not None and not wider.is_primary else None


def _elsewhere(effect: Effect, table: Table | None) -> Unique | None:
    """A constraint on other columns that the insert fills."""
    if table is None:
        return None
    return covering(table, [*effect.values, *named(effect.where)])


def _reasons(
    path: Path,
    event: Event,
    effect: Effect,
    table: Table | None,
    unique: Unique | None,
    other: Unique | None,
) -> Iterator[Reason]:
    where = event.location
    yield Reason(weight=0.35, says=f"{effect.verb} is a look and an insert", location=where)
    yield _constraint(event, effect, table, unique, other)
    values = [value for column, value in effect.where.items() if column != UNREAD]
    if any(is_fresh(path, one) for one in values):
        yield Reason(weight=FULL, says="what is looked for is new in each run", location=where)
    if any(is_new_entity(path, one) for one in values):
        says = "what is looked for belongs to a row that the same run has made"
        yield Reason(weight=FULL, says=says, location=where)
    if any(SEVERAL.search(one) for catcher in event.catchers for one in catcher.types):
        says = "that there may be two is answered where it is called"
        yield Reason(weight=-0.3, says=says, location=where)
    yield from kept_apart(path, event, event, "absent")
    yield occasion(path, event)


def _constraint(
    event: Event, effect: Effect, table: Table | None, unique: Unique | None, other: Unique | None
) -> Reason:
    columns = listed(named(effect.where))
    if unique is not None:
        says = f"{', '.join(unique.columns)} is unique: the second call fails, the data stays right"
        weight = 0.1 if (effect.library, effect.verb) in ABORTED else -0.2
        return Reason(weight=weight, says=says, location=unique.location)
    if table is None:
        says = "the table's constraints are not known"
        return Reason(weight=0.0, says=says, location=event.location)
    partial = covering(table, named(effect.where), partial=True)
    if partial is not None:
        says = f"{', '.join(partial.columns)} is unique where {partial.where}"
        return Reason(weight=-0.3, says=says, location=partial.location)
    if other is not None:
        says = f"{', '.join(other.columns)} is unique, which is not what is looked for"
        return Reason(weight=0.1, says=says, location=other.location)
    if UNREAD in effect.where or not named(effect.where):
        says = "what is looked for could not be read in full"
        return Reason(weight=-0.05, says=says, location=event.location)
    if not table.is_complete:
        says = f"no constraint on {columns} was found; {table.name} could not be read in full"
        return Reason(weight=0.0, says=says, location=table.location)
    says = f"no constraint of {table.name} holds {columns} once"
    return Reason(weight=0.3, says=says, location=table.location)
