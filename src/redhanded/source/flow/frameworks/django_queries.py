"""What a Django query asks and writes: lookups, ``Q``, ``F``, locks.

Reference: https://docs.djangoproject.com/en/stable/ref/models/querysets/ and …/expressions/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.source.flow.frameworks.chain import Link, given, libraries, links
from redhanded.source.flow.frameworks.reading import elements, is_true, text
from redhanded.source.flow.values import Computed, Either, Known, Library, Stored, Unknown, Value

EQUAL = frozenset({"exact", "iexact", "in", "pk"})
RANGES = frozenset(
    {
        *("gt", "gte", "lt", "lte", "range", "contains", "icontains", "startswith", "endswith"),
        *("istartswith", "iendswith", "regex", "iregex", "date", "year", "month", "day", "hour"),
        *("week", "week_day", "quarter", "time", "minute", "second", "overlap", "has_key"),
        *("contained_by", "len", "search"),
    }
)
BUILDS = frozenset(
    {
        *("filter", "exclude", "order_by", "select_for_update", "select_related", "all", "none"),
        *("prefetch_related", "values", "values_list", "only", "defer", "distinct", "annotate"),
        *("using", "reverse", "union", "intersection", "difference", "alias", "extra", "dates"),
        *("datetimes", "get_queryset", "db_manager", "complex_filter", "as_manager"),
    }
)
"""They give a query and ask nothing yet."""


@dataclass(slots=True)
class Query:
    """What a chain builds."""

    where: dict[str, Value] = field(default_factory=dict)
    ranges: dict[str, Value] = field(default_factory=dict)
    lock: bool = False
    ordered: bool = False
    options: dict[str, Value] = field(default_factory=dict)


def query_of(value: Library) -> Query:
    """Reads a chain of a manager's or query set's methods."""
    found = Query()
    for one in links(value):
        if one.made is not None:
            _add(found, one)
    return found


def _add(found: Query, one: Link) -> None:
    made = one.made
    if made is None:
        return
    if one.name in ("filter", "get", "aget", "complex_filter"):
        lookups(made.keywords, found)
        for condition in made.arguments:
            _condition(condition, found)
    elif one.name == "exclude":
        found.where["?"] = Unknown("exclude")
    elif one.name == "select_for_update":
        found.lock = True
        for option in ("nowait", "skip_locked"):
            if is_true(made.keywords.get(option)):
                found.options["wait"] = Known(option.replace("_", " "))
    elif one.name in ("order_by", "latest", "earliest"):
        found.ordered = True
    elif one.name == "using" and (alias := given(made, 0, "alias")) is not None:
        found.options["using"] = alias


def lookups(given_ones: Mapping[str, Value], found: Query) -> None:
    """``weight__gt=3``, ``owner=x``, ``pk=1``."""
    for name, value in given_ones.items():
        column, _, last = name.rpartition("__")
        if not column or (last not in EQUAL and last not in RANGES and last != "isnull"):
            found.where["id" if name == "pk" else name] = stored(value)
        elif last == "isnull":
            if value == Known(True):
                found.where[column] = Known(None)
            else:
                found.ranges[column] = Known(None)
        elif last in EQUAL:
            found.where[column] = stored(value)
        else:
            found.ranges[column] = stored(value)


def _condition(value: Value, found: Query) -> None:
    if isinstance(value, Computed) and value.operator in ("&", "and"):
        for one in value.operands:
            _condition(one, found)
        return
    if isinstance(value, Library):
        last = links(value)[-1:]
        if last and last[0].name == "Q" and last[0].made is not None:
            lookups(last[0].made.keywords, found)
            for one in last[0].made.arguments:
                _condition(one, found)
            return
    found.where["?"] = value


def is_expression(value: Library) -> bool:
    """Of ``django.db.models``, or of Tortoise, which has taken its ways from there: computed by the
    database."""
    if value.package == "tortoise":
        return value.names[:1] == ("expressions",)
    return value.package == "django" and value.names[:2] == ("db", "models")


def stored(value: Value) -> Value:
    """A value that is written: what has an ``F`` in it is computed by the database."""
    columns = _columns(value)
    if columns:
        return Stored(_written(value), tuple(dict.fromkeys(columns)))
    return value


def _columns(value: Value) -> tuple[str, ...]:
    found = []
    for one in libraries(value):
        if not is_expression(one):
            continue
        for link in links(one):
            if link.name == "F" and link.made is not None:
                name = text(given(link.made, 0, "name"))
                if name is not None:
                    found.append(name)
    return tuple(found)


def _written(value: Value, depth: int = 6) -> str:
    if isinstance(value, Computed) and len(value.operands) == 2 and depth:
        left, right = (_written(one, depth - 1) for one in value.operands)
        return f"{left} {value.operator} {right}"
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, Library):
        chain = links(value)
        if chain and chain[-1].made is not None:
            if chain[-1].name == "F":
                return text(given(chain[-1].made, 0, "name")) or "?"
            inner = ", ".join(_written(one, depth - 1) for one in chain[-1].made.arguments)
            return f"{chain[-1].name}({inner})"
    if isinstance(value, Either):
        return _written(value.values[0], depth - 1) if value.values and depth else "?"
    return "?"


def written(given_ones: Mapping[str, Value]) -> dict[str, Value]:
    """Values by column, as they are written."""
    return {name: stored(value) for name, value in given_ones.items()}


def names(value: Value | None) -> tuple[str, ...]:
    """A list of names."""
    return tuple(one for one in map(text, elements(value)) if one is not None)
