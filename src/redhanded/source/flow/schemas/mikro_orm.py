"""Entities of MikroORM that are written with decorators.

Reference: https://mikro-orm.io/docs/decorators, https://mikro-orm.io/docs/naming-strategy: names of
tables and columns are those of classes and properties with underscores, unless said otherwise.
Entities made by `EntitySchema` or ``defineEntity`` are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.decorated import (
    DecoratedClass,
    DecoratedField,
    Decorator,
    decorated,
)
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.tool import Models, is_true, written
from redhanded.source.flow.values import Known, Record, Value

_PACKAGES = ("@mikro-orm/core", "@mikro-orm/decorators", "@mikro-orm/postgresql")
_COLUMNS = ("Property", "PrimaryKey", "SerializedPrimaryKey", "Enum")
_RELATIONS = ("ManyToOne", "OneToOne")


def models(evaluation: Evaluation) -> Models:
    """Every class with ``@Entity``."""
    tables = tuple(
        _table(one) for one in decorated(evaluation, *_PACKAGES) if one.find("Entity") is not None
    )
    return Models(tool="mikro-orm", tables=tables)


@dataclass(slots=True, kw_only=True)
class _Said:
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Property to column."""


def _table(found: DecoratedClass) -> Table:
    options = _options(found.find("Entity"))
    said = _Said()
    for one in found.fields:
        _field(one, said)
    for decorator in found.decorators:
        if decorator.name == "Unique":
            said.uniques += _composite(decorator, said)
    if said.keys:
        key = Unique(
            columns=tuple(said.keys), said=("model",), location=found.location, is_primary=True
        )
        said.uniques.insert(0, key)
    name = text(options.get("tableName")) or text(options.get("collection"))
    return Table(
        name=table_name(text(options.get("schema")), name or underscored(found.name)),
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        models=(found.name,),
        location=found.location,
    )


def _options(decorator: Decorator | None) -> dict[str, Value]:
    """What a decorator is told by name; the last object among its arguments."""
    given = decorator.made.arguments if decorator is not None else ()
    return next((dict(one.parts) for one in reversed(given) if isinstance(one, Record)), {})


def _field(one: DecoratedField, said: _Said) -> None:
    column, relation = one.find(*_COLUMNS), one.find(*_RELATIONS)
    decorator = column or relation
    if decorator is None:
        return
    options = _options(decorator)
    if options.get("persist") == Known(False):
        return
    if relation is not None and _is_other_side(relation, options):
        return
    default = underscored(one.name) if column is not None else f"{underscored(one.name)}_id"
    name = text(options.get("fieldName")) or text(options.get("joinColumn")) or default
    said.names[one.name] = name
    said.columns.append(
        Column(
            name=name,
            type=(text(options.get("type")) or text(options.get("columnType")) or one.type).lower(),
            default=written(options.get("default")),
            attribute=one.name if one.name != name else "",
            is_nullable=is_true(options.get("nullable")),
            is_version=is_true(options.get("version")),
        )
    )
    alone = one.find("Unique")
    if decorator.name in ("PrimaryKey", "SerializedPrimaryKey") or is_true(options.get("primary")):
        said.keys.append(name)
    elif _is_unique(options) or (relation is not None and relation.name == "OneToOne"):
        said.uniques.append(_unique((name,), decorator.location, text(options.get("unique"))))
    elif alone is not None:
        said.uniques.append(_unique((name,), alone.location, text(_options(alone).get("name"))))


def _is_unique(options: dict[str, Value]) -> bool:
    """``unique: true``, or its name."""
    return is_true(options.get("unique")) or bool(text(options.get("unique")))


def _is_other_side(relation: Decorator, options: dict[str, Value]) -> bool:
    """Of a one-to-one relation, the side that has no column."""
    if relation.name != "OneToOne":
        return False
    return "mappedBy" in options or len(relation.made.arguments) > 1


def _composite(one: Decorator, said: _Said) -> Iterator[Unique]:
    """``@Unique({ properties: ['a', 'b'], name: '…' })``."""
    options = _options(one)
    given = options.get("properties")
    fields = texts(given) or ((text(given),) if text(given) else ())
    if fields and "expression" not in options:
        columns = tuple(said.names.get(each, underscored(each)) for each in fields)
        yield _unique(columns, one.location, text(options.get("name")))


def _unique(columns: tuple[str, ...], at: Location, name: str) -> Unique:
    return Unique(columns=columns, said=("model",), location=at, name=name or None)


def underscored(name: str) -> str:
    """``insuranceNumber`` as ``insurance_number``, as `UnderscoreNamingStrategy` does it."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
