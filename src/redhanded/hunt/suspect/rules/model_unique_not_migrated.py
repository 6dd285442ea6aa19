"""A model says that its column is unique; the migrations leave a database that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_test
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.uniqueness import plain_columns
from redhanded.source.flow.differences import differences
from redhanded.source.flow.schema import Table, Unique

name = "model-unique-not-migrated"
title = "The model says unique, the database does not"
wrong = (
    "A constraint that only the model knows is not in a database that migrations have made: the "
    "library may look before it inserts, which two runs at once both pass (Django, Model "
    "validation; Sequelize, unique is applied by sync only)."
)
safe: tuple[str, ...] = (
    "A migration adds the constraint, or a unique index on the same columns or on fewer.",
    "The tables are made from the models: no migrations.",
    "The table is not one that the migrations make.",
)
needs = "Duplicates in a column that the model calls unique; the database's own catalogue."
experiment = "The constraint is looked for in the database that the migrations leave."
remedy = "unique-migration"
threshold = 0.55


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each constraint."""
    if not reading.schema.has_migrations:
        return []
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for one in differences(reading.schema):
        where = one.unique.location
        if one.missing_in != "migration" or where is None or one.unique.is_primary:
            continue
        if not any(_is_enough(one.table, each, one.unique) for each in one.table.uniques):
            yield _finding(reading, one.table, one.unique, where)


def _is_enough(table: Table, one: Unique, wanted: Unique) -> bool:
    """Whether another constraint, which the database has, refuses the same rows."""
    if not one.is_in_force or one.where:
        return False
    return plain_columns(table, one.columns) <= plain_columns(table, wanted.columns)


def _finding(reading: Reading, table: Table, unique: Unique, where: Location) -> Finding:
    columns = ", ".join(unique.columns)
    return Finding(
        rule=name,
        location=where,
        message=(
            f"The model says that {columns} of {table.name} is unique ({where}); no migration "
            "makes it so. The database accepts a second row, whatever the model is asked."
        ),
        steps=(
            Step(location=where, says=f"the model says {columns} is unique"),
            Step(
                location=table.location or where,
                says=f"the migrations make {table.name} without that constraint",
            ),
        ),
        reasons=tuple(_reasons(reading, table, unique, where)),
        subject=table.name,
    )


def _reasons(reading: Reading, table: Table, unique: Unique, where: Location) -> Iterator[Reason]:
    says = "the constraint is in the model alone"
    yield Reason(weight=0.4, says=says, location=where)
    migrated = [one for one in table.uniques if "migration" in one.said or "database" in one.said]
    if migrated:
        says = f"the migrations make {table.name}, and other constraints of it"
        yield Reason(weight=0.3, says=says, location=migrated[0].location)
    else:
        says = f"no migration was seen to make {table.name}"
        yield Reason(weight=-0.2, says=says, location=table.location)
    if unique.where:
        yield Reason(weight=-0.1, says=f"it holds where {unique.where}", location=where)
    if is_test(where):
        yield Reason(weight=-1.0, says="the model is one of tests", location=where)
    if reading.schema.limits:
        says = f"limits of the reading: {len(reading.schema.limits)}"
        yield Reason(weight=0.0, says=says)
