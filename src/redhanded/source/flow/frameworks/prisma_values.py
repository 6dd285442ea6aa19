"""Prisma's conditions and data: nested filters, number operations, relations.

Reference: prisma.io/docs, Prisma Client API reference (filter conditions, atomic number operations,
nested queries).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.reading import elements, members, words
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Known, Record, Stored, Unknown, Value

FILTERS = words(
    "equals in notIn not lt lte gt gte contains startsWith endsWith mode search has hasSome"
    " hasEvery isEmpty path string_contains"
)
RELATIONS = frozenset(["some", "every", "none", "is", "isNot"])
NUMBERS = {"increment": "+", "decrement": "-", "multiply": "*", "divide": "/"}
NESTED = words(
    "create createMany connect connectOrCreate update upsert updateMany delete deleteMany"
    " disconnect"
)


@dataclass(frozen=True, slots=True)
class PrismaModel:
    """A model of the client by its property: ``prisma.seat`` is the model ``Seat``."""

    name: str
    table: Table | None

    def query(self, library: str) -> BuiltQuery:
        columns = {}
        if self.table is not None:
            columns = {one.attribute: one.name for one in self.table.columns if one.attribute}
        return BuiltQuery(
            library,
            table=self.table.name if self.table is not None else self.name,
            model=self.name,
            columns=columns,
        )


def prisma_model(property_name: str, around: Surroundings) -> PrismaModel:
    name = property_name[:1].upper() + property_name[1:]
    table = around.schema.table(name) or around.schema.table(property_name)
    return PrismaModel(name, table)


def read_where(query: BuiltQuery, where: Value | None) -> None:
    """Adds ``{where}``. A compound unique key is written as its columns: ``show_row: {…}``."""
    if where is None:
        return
    if not isinstance(where, Record):
        query.unread(where)
        return
    for name, value in where.parts.items():
        if name == "AND":
            for one in elements(value) or (value,):
                read_where(query, one)
        elif name in ("OR", "NOT"):
            query.unread(Unknown(name))
        elif isinstance(value, Record):
            _filtered(query, name, value)
        else:
            query.equal(name, value)
    if not where.is_complete:
        query.unread(None)


def _filtered(query: BuiltQuery, name: str, value: Record) -> None:
    parts = value.parts
    if not parts or elements(value):
        query.unread(value)
        return
    if FILTERS.issuperset(parts):
        for operator, one in parts.items():
            if operator == "equals":
                query.equal(name, one)
            elif operator == "in":
                query.among(name, one)
            elif operator != "mode":
                query.compared(name, operator, one)
    elif RELATIONS.intersection(parts):
        query.unread(Unknown(name))
    elif _is_compound(query, name, parts):
        read_where(query, value)
    else:
        query.unread(Unknown(name))


def _is_compound(query: BuiltQuery, name: str, parts: Mapping[str, Value]) -> bool:
    """Its name is that of its fields, or it is of columns that the table has."""
    return name == "_".join(parts) or (
        len(parts) > 1 and bool(query.columns) and set(parts) <= set(query.columns)
    )


def written(query: BuiltQuery, data: Value | None) -> dict[str, Value]:
    """Columns and what they are given; an operation on a number is the database's."""
    if not isinstance(data, Record):
        return {} if data is None else {"?": data}
    found: dict[str, Value] = {}
    for name, value in data.parts.items():
        column = query.column(name) or name
        if isinstance(value, Record) and len(value.parts) == 1:
            operation, amount = next(iter(value.parts.items()))
            if operation in NUMBERS:
                shown = amount.value if isinstance(amount, Known) else "?"
                found[column] = Stored(f"{column} {NUMBERS[operation]} {shown}", (column,))
                continue
            if operation == "set":
                found[column] = amount
                continue
            if operation == "connect" and (own := _foreign(query, name)) is not None:
                only = members(amount)
                found[own] = next(iter(only.values())) if len(only) == 1 else amount
                continue
            if operation in NESTED:
                query.options["nested"] = Known(True)
                continue
        if isinstance(value, Record) and NESTED.intersection(value.parts):
            query.options["nested"] = Known(True)
            continue
        found[column] = value
    if not data.is_complete:
        found["?"] = Unknown("data")
    return found


def _foreign(query: BuiltQuery, relation: str) -> str | None:
    """The column of a relation, where the schema has one of that name."""
    return query.columns.get(f"{relation}Id") or query.columns.get(f"{relation}_id")


def related_tables(given: Mapping[str, Value], around: Surroundings) -> dict[str, Value]:
    """What ``include`` and ``select`` bring along, and the table it is of, as far as that has its
    name: ``{ include: { redemptions: true } }``."""
    found: dict[str, Value] = {}
    for name in (*members(given.get("include")), *members(given.get("select"))):
        wanted = name.lower()
        for table in around.schema.tables.values():
            models = {one.lower() for one in table.models}
            if {wanted, wanted.removesuffix("s")} & models or table.name.lower() == wanted:
                found[name] = Known(table.name)
    return found


def is_native_upsert(where: Value | None, create: Value | None, arguments: Value | None) -> bool:
    """Whether Prisma sends ``INSERT … ON CONFLICT`` and does not look first.

    prisma.io/docs, upsert, "Database upserts": no nested writes in create and update, one unique
    field in where whose value is the same as in create, nothing nested selected. And where update
    changes nothing it looks first, too (prisma/orm#20229; measured with 7.10: ``update: {}`` sends
    a SELECT, then an INSERT without ON CONFLICT; one that sets a key to itself sends INSERT … ON
    CONFLICT).
    """
    keys, made = members(where), members(create)
    given = members(arguments)
    update = given.get("update")
    if len(keys) != 1 or _changes_nothing(update):
        return False
    name, value = next(iter(keys.items()))
    wanted = members(value) if isinstance(value, Record) else {name: value}
    if any(made.get(field) != one for field, one in wanted.items()):
        return False
    nested = [one for part in (create, update) for one in members(part).values()]
    if any(NESTED.intersection(members(one)) for one in nested):
        return False
    return "include" not in given


def _changes_nothing(update: Value | None) -> bool:
    """``{}``, and values that are all undefined: those are left out."""
    if not isinstance(update, Record) or not update.is_complete:
        return False
    return all(isinstance(one, Known) and one.value is None for one in update.parts.values())
