"""SQLAlchemy's tables, columns and conditions.

Reference: https://docs.sqlalchemy.org/en/20/core/sqlelement.html. A mapped attribute is known by
its class and name where it is only annotated, and by the line of its field where the class says
``Column(…)`` or ``mapped_column(…)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import (
    constant_field,
    given,
    kind_of,
    lineage,
    links,
)
from redhanded.source.flow.frameworks.reading import elements, text
from redhanded.source.flow.values import (
    Computed,
    Either,
    Kind,
    Known,
    Library,
    Record,
    Stored,
    Unknown,
    Value,
)

PACKAGES = ("sqlalchemy", "flask_sqlalchemy", "sqlmodel")
FIELDS = frozenset({"Column", "mapped_column", "Field", "column_property", "relationship"})
FUNCTIONS = frozenset(
    {"func", "coalesce", "cast", "case", "type_coerce", "literal_column", "label", "desc", "asc"}
)
AGGREGATES = frozenset({"count", "sum", "max", "min", "avg"})
OPPOSITES = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """A column in a program."""

    name: str
    model: Kind | None = None
    table: str | None = None


@dataclass(slots=True)
class Conditions:
    """What a ``where`` compares."""

    where: dict[str, Value] = field(default_factory=dict)
    ranges: dict[str, Value] = field(default_factory=dict)


def table_of(model: Kind, around: Surroundings) -> str:
    """A model's table: what it says, else what the schema says, else the model's name."""
    said = text(constant_field(model, "__tablename__", around))
    if said is not None:
        return said
    table = around.schema.table(model.name)
    return model.name if table is None else table.name


def column_of(value: Value | None, around: Surroundings) -> ColumnOf | None:
    """The column that a value is, functions around it looked through."""
    if not isinstance(value, Library) or value.package not in PACKAGES:
        return None
    chain = links(value)
    for place, one in enumerate(chain):
        if one.name == "Table" and one.made is not None:
            rest = [each for each in chain[place + 1 :] if each.name not in ("c", "columns")]
            if rest and rest[0].made is None and rest[0].name:
                return ColumnOf(rest[0].name, table=text(given(one.made, 0, "name")))
            return None
        if one.name in FIELDS and one.made is not None and one.made.location is not None:
            place_of = one.made.location
            return field_at(place_of.path, place_of.line, around)
        if (one.name in FUNCTIONS or (place and chain[place - 1].name == "func")) and one.made:
            inner = [column_of(each, around) for each in one.made.arguments]
            found = next((each for each in inner if each is not None), None)
            if found is not None:
                return found
    model = value.through
    if isinstance(model, Kind) and chain and chain[-1].made is None:
        return ColumnOf(chain[-1].name, model)
    if isinstance(model, Kind) and len(chain) > 1 and chain[-2].made is None:
        # A method of an annotated attribute: ``Parcel.weight.desc()``.
        return ColumnOf(chain[-2].name, model)
    return None


def field_at(path: str, line: int, around: Surroundings) -> ColumnOf | None:
    """The field of a class that is written at a line."""
    module = around.module(path)
    for index, one in enumerate(module.classes if module is not None else ()):
        if one.line <= line <= one.end_line:
            fields = [each for each in one.fields if each.line <= line]
            if fields:
                return ColumnOf(fields[-1].name, Kind(path, index, one.name))
    return None


def conditions(values: tuple[Value, ...], around: Surroundings, into: Conditions) -> None:
    """Reads conditions that hold together."""
    for value in values:
        _condition(value, around, into)


def _condition(value: Value, around: Surroundings, into: Conditions) -> None:
    if isinstance(value, Known):
        return
    if isinstance(value, Computed):
        _computed(value, around, into)
    elif isinstance(value, Library):
        _method(value, around, into)
    elif isinstance(value, Record) and value.of is None:
        conditions(elements(value), around, into)
    else:
        into.where["?"] = value


def _computed(value: Computed, around: Surroundings, into: Conditions) -> None:
    if value.operator in ("and", "&"):
        conditions(value.operands, around, into)
        return
    if value.operator in OPPOSITES and len(value.operands) == 2:
        left, right = value.operands
        column, other = column_of(left, around), right
        operator = value.operator
        if column is None:
            column, other = column_of(right, around), left
            operator = OPPOSITES[operator]
        if column is None:
            into.where["?"] = value
        elif operator == "==":
            into.where[column.name] = stored(other, around)
        else:
            into.ranges[column.name] = stored(other, around)
        return
    if value.operator in ("~", "not") and len(value.operands) == 1:
        column = column_of(value.operands[0], around)
        if column is not None and isinstance(value.operands[0], Library):
            into.where[column.name] = Known(False)
            return
    into.where["?"] = value


EQUAL = frozenset({"in_", "is_", "__eq__"})
RANGES = frozenset(
    {
        *("is_not", "isnot", "like", "ilike", "between", "notin_", "not_in", "contains"),
        *("startswith", "endswith", "op", "has_key", "overlaps", "match", "any", "has"),
    }
)


def _method(value: Library, around: Surroundings, into: Conditions) -> None:
    chain = links(value)
    last = chain[-1] if chain else None
    if last is None:
        return
    if last.name in ("and_", "true", "all_") and last.made is not None:
        conditions(last.made.arguments, around, into)
        return
    column = column_of(value, around)
    if column is None or last.name in ("or_", "not_", "exists", "text"):
        into.where["?"] = value
    elif last.made is None:
        into.where[column.name] = Known(True)
    elif last.name in EQUAL:
        into.where[column.name] = stored(given(last.made, 0, "other") or Unknown(), around)
    elif last.name in RANGES:
        into.ranges[column.name] = stored(given(last.made, 0, "other") or Unknown(), around)
    else:
        into.where["?"] = value


def stored(value: Value, around: Surroundings) -> Value:
    """A value that is written: what the database computes from its columns becomes `Stored`."""
    found = _columns(value, around, 6)
    if not found:
        return value
    return Stored(written(value, around), tuple(dict.fromkeys(one.name for one in found)))


def _columns(value: Value, around: Surroundings, depth: int) -> tuple[ColumnOf, ...]:
    if depth == 0:
        return ()
    if isinstance(value, Computed):
        return tuple(
            one for operand in value.operands for one in _columns(operand, around, depth - 1)
        )
    if isinstance(value, Either):
        found = [_columns(one, around, depth - 1) for one in value.values]
        return found[0] if all(found) else ()
    if isinstance(value, Library):
        column = column_of(value, around)
        if column is not None:
            return (column,)
        chain = links(value)
        made = [one.made for one in chain if one.made is not None]
        if value.package in PACKAGES and made and chain[0].name not in ("text",):
            return tuple(
                one
                for each in made
                for operand in each.arguments
                for one in _columns(operand, around, depth - 1)
            )
    return ()


def written(value: Value, around: Surroundings, depth: int = 6) -> str:
    """How an expression over columns reads in SQL, ``?`` for values."""
    if isinstance(value, Computed) and depth and len(value.operands) == 2:
        left, right = (written(one, around, depth - 1) for one in value.operands)
        return f"{left} {value.operator} {right}"
    column = column_of(value, around)
    if column is not None:
        return column.name
    if isinstance(value, Known):
        return str(value.value)
    return "?"


def row(value: Value | None, around: Surroundings) -> Mapping[str, Value]:
    """The columns of a dict by name or by attribute."""
    if not isinstance(value, Record):
        return {}
    return {name: stored(one, around) for name, one in value.parts.items()}


def model_of(value: Value | None, around: Surroundings) -> tuple[Kind | None, str | None]:
    """The model, or the table, that something to select from stands for."""
    if isinstance(value, Kind):
        return value, table_of(value, around)
    if isinstance(value, Library):
        chain = links(value)
        for one in chain:
            if one.name == "Table" and one.made is not None:
                return None, text(given(one.made, 0, "name"))
            if one.name in ("aliased", "with_polymorphic") and one.made is not None:
                return model_of(given(one.made, 0), around)
            if one.name == "func" or one.name in FUNCTIONS:
                break
        column = column_of(value, around)
        if column is not None:
            table = column.table
            if column.model is not None:
                table = table_of(column.model, around)
            return column.model, table
        for one in chain:
            for inner in one.made.arguments if one.made is not None else ():
                found = model_of(inner, around)
                if found[1] is not None:
                    return found
        kind = kind_of(value)
        if kind is not None and any(True for _ in lineage(kind, around)):
            return kind, table_of(kind, around)
    return None, None
