"""Peewee: which model and column a value is, and what conditions say.

Reference: https://docs.peewee-orm.com/en/latest/peewee/query_operators.html. A field is known by
the line of the class that says it.
"""

from __future__ import annotations

from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, given, inherits, kind_of, links
from redhanded.source.flow.frameworks.reading import elements, members
from redhanded.source.flow.frameworks.sqlalchemy_columns import OPPOSITES, field_at
from redhanded.source.flow.values import (
    Computed,
    Kind,
    Known,
    Library,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)

PACKAGES = ("peewee", "playhouse", "peewee_async")
EQUAL = frozenset({"in_", "is_null"})
RANGES = frozenset(
    {"not_in", "between", "contains", "startswith", "endswith", "regexp", "iregexp", "like"}
)


def is_model(kind: Kind, around: Surroundings) -> bool:
    """Whether a class is a table."""
    return any(
        one.package in PACKAGES and one.names[-1:] and one.names[-1].endswith("Model")
        for one in inherits(kind, around)
    )


def query_for(kind: Kind, verb: str, around: Surroundings) -> BuiltQuery:
    """A statement about a model."""
    table = around.schema.table(kind.name)
    columns = {}
    if table is not None:
        columns = {one.attribute: one.name for one in table.columns if one.attribute}
    return BuiltQuery(
        "peewee",
        verb=verb,
        table=table.name if table is not None else kind.name.lower(),
        model=kind.name,
        columns=columns,
    )


def attribute_of(value: Value | None, around: Surroundings) -> str | None:
    """The field that ``Guest.balance`` is."""
    if not isinstance(value, Library) or value.package not in PACKAGES:
        return None
    for one in links(value):
        if one.name.endswith(("Field", "ForeignKey")) and one.made is not None:
            place = one.made.location
            found = field_at(place.path, place.line, around) if place is not None else None
            return found.name if found is not None else None
    chain = links(value)
    # The key that a model has by itself.
    is_own = isinstance(value.through, Kind) and bool(chain) and chain[-1].made is None
    return chain[-1].name if is_own else None


def read_conditions(query: BuiltQuery, values: tuple[Value, ...], around: Surroundings) -> None:
    """``where(A, B)``: all of them hold."""
    for value in values:
        _condition(query, value, around)


def _condition(query: BuiltQuery, value: Value, around: Surroundings) -> None:
    if isinstance(value, Computed) and value.operator in ("&", "and"):
        read_conditions(query, value.operands, around)
        return
    if isinstance(value, Computed) and value.operator in OPPOSITES and len(value.operands) == 2:
        left, right = value.operands
        operator = value.operator
        name = attribute_of(left, around)
        if name is None:
            name, right = attribute_of(right, around), left
            operator = OPPOSITES[operator]
        if name is None:
            query.unread(value)
        elif operator == "==":
            query.equal(name, key_of(right))
        else:
            query.compared(name, operator, right)
        return
    if isinstance(value, Computed) and value.operator in ("~", "not") and len(value.operands) == 1:
        name = attribute_of(value.operands[0], around)
        if name is not None:
            query.equal(name, Known(False))
            return
    name = attribute_of(value, around)
    last = links(value)[-1] if isinstance(value, Library) and value.steps else None
    if name is None or last is None:
        query.unread(value)
    elif last.name in EQUAL and last.made is not None:
        query.among(name, given(last.made, 0, "rhs") or Known(None))
    elif last.name in RANGES and last.made is not None:
        query.compared(name, last.name, given(last.made, 0, "rhs"))
    else:
        query.equal(name, Known(True))


def key_of(value: Value) -> Value:
    """Of an instance its key, of all else itself."""
    if isinstance(value, Result) and isinstance(value.of, Kind):
        return Result(value.event, (*value.parts, "id"))
    if isinstance(value, Record) and isinstance(value.of, Kind):
        return value.parts.get("id", Unknown("id"))
    return value


def by_names(query: BuiltQuery, given_values: dict[str, Value]) -> None:
    """``get_or_create(email=…)``: equal to these."""
    for name, value in given_values.items():
        query.equal(name, key_of(value))


def read_values(query: BuiltQuery, link: Link, around: Surroundings) -> None:
    """What ``insert`` and ``update`` are given: by name, or by field in a dict."""
    made = link.made
    first = made.arguments[0] if made is not None and made.arguments else None
    rows = elements(first)
    query.is_many = query.is_many or bool(rows) or link.name.endswith("_many")
    parts = {**members(rows[0] if rows else first), **(made.keywords if made is not None else {})}
    for name, value in parts.items():
        query.values[query.column(name) or name] = stored(key_of(value), around)
    if isinstance(first, Record) and not first.is_complete:
        query.values.setdefault("?", Unknown("values"))


def stored(value: Value, around: Surroundings) -> Value:
    """``Guest.nights + 1`` is computed by the database."""
    names = _attributes(value, around, 6)
    return Stored(_text(value, around, 6), names) if names else value


def _attributes(value: Value, around: Surroundings, depth: int) -> tuple[str, ...]:
    if depth and isinstance(value, Computed):
        found = [one for each in value.operands for one in _attributes(each, around, depth - 1)]
        return tuple(dict.fromkeys(found))
    name = attribute_of(value, around)
    return (name,) if name is not None else ()


def _text(value: Value, around: Surroundings, depth: int) -> str:
    if depth and isinstance(value, Computed) and len(value.operands) == 2:
        left, right = (_text(one, around, depth - 1) for one in value.operands)
        return f"{left} {value.operator} {right}"
    if isinstance(value, Known):
        return str(value.value)
    return attribute_of(value, around) or "?"


def kind_in(value: Library, around: Surroundings) -> Kind | None:
    """The model that a chain begins with."""
    kind = kind_of(value.through)
    return kind if kind is not None and is_model(kind, around) else None
