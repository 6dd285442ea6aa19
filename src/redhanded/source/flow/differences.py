"""What models and migrations say differently of one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.source.flow.schema import Schema, Table, Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A unique constraint that one side says and the other does not."""

    table: Table
    unique: Unique
    missing_in: Literal["migration", "model"]


def differences(schema: Schema) -> tuple[Difference, ...]:
    """What models and migrations say differently of tables that both know.

    A model that the tool turns into tables by itself (``sync()``, ``create_all``, ``db push``) has
    no difference; nor has a table of which a migration could not be read.
    """
    found: list[Difference] = []
    for table in schema.tables.values():
        if not table.models or not table.is_complete:
            continue
        for one in table.uniques:
            if not one.is_in_force:
                found.append(Difference(table=table, unique=one, missing_in="migration"))
            elif one.said == ("migration",) and not one.is_primary:
                found.append(Difference(table=table, unique=one, missing_in="model"))
    return tuple(found)
