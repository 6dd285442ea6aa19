"""Models of sequelize-typescript and Sequelize 7, declared by decorators.

Reference: https://github.com/sequelize/sequelize-typescript#indexes,
https://sequelize.org/docs/v7/models/defining-models/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.decorated import DecoratedClass, DecoratedField, decorated
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text
from redhanded.source.flow.schemas.sequelize_parts import (
    indexes,
    model_table,
    type_of,
    underscored,
    usual_columns,
)
from redhanded.source.flow.schemas.tool import is_true, written
from redhanded.source.flow.values import Known, Library, Record, Value

_COLUMNS = ("Column", "Attribute")
_TIMES = {"CreatedAt": "date", "UpdatedAt": "date", "DeletedAt": "date"}


def decorated_tables(evaluation: Evaluation, shared: Mapping[str, Value]) -> Iterator[Table]:
    """Every class with ``@Table``, or with columns."""
    for one in decorated(evaluation, "sequelize-typescript", "@sequelize/core"):
        if any(each.find(*_COLUMNS) for each in one.fields):
            declared = one.find("Table")
            options = declared.argument(0) if declared is not None else None
            if declared is not None or not _is_abstract(one):
                yield _table(one, {**shared, **_parts(options)})


def _is_abstract(one: DecoratedClass) -> bool:
    return not one.find("Table") and not one.find("Index", "Unique")


def _parts(value: Value | None) -> dict[str, Value]:
    return dict(value.parts) if isinstance(value, Record) else {}


def _table(found: DecoratedClass, options: Mapping[str, Value]) -> Table:
    snakes = is_true(options.get("underscored"))

    def column_of(attribute: str) -> str:
        return underscored(attribute) if snakes else attribute

    columns: list[Column] = []
    uniques: list[Unique] = []
    keys: list[str] = []
    named: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for one in found.fields:
        column = one.find(*_COLUMNS, *_TIMES)
        if column is None and one.find("PrimaryKey", "ForeignKey") is None:
            continue
        facets = _facets(one)
        name = text(facets.get("field")) or column_of(one.name)
        names[one.name] = name
        columns.append(_column(one, name, facets))
        if is_true(facets.get("primaryKey")) or one.find("PrimaryKey") is not None:
            keys.append(name)
        for key, where in _uniques(one, facets):
            if key:
                named.setdefault(key, []).append(name)
            else:
                uniques.append(
                    Unique(columns=(name,), said=("model",), location=one.location, where=where)
                )
    if not keys:
        keys = ["id"]
        columns.insert(0, Column(name="id", type="integer", is_nullable=False))
    for key, parts in named.items():
        uniques.append(
            Unique(columns=tuple(parts), said=("model",), location=found.location, name=key)
        )
    primary = Unique(columns=tuple(keys), said=("model",), location=found.location, is_primary=True)
    table = model_table(text(options.get("modelName")) or found.name, options)
    uniques += indexes(options, table, names, column_of, found.location)
    known = {one.name for one in columns}
    columns += [one for one in usual_columns(options, column_of) if one.name not in known]
    return Table(
        name=table,
        columns=tuple(columns),
        uniques=(primary, *uniques),
        models=(found.name,),
        location=found.location,
    )


def _facets(one: DecoratedField) -> dict[str, Value]:
    """What ``@Column(…)`` or ``@Attribute(…)`` is given: a type, or an object."""
    column = one.find(*_COLUMNS)
    given = column.argument(0) if column is not None else None
    facets = _parts(given)
    if isinstance(given, Library):
        facets["type"] = given
    column_name = one.find("ColumnName")
    if column_name is not None and column_name.argument(0) is not None:
        facets["field"] = column_name.argument(0) or Known("")
    return facets


def _column(one: DecoratedField, name: str, facets: Mapping[str, Value]) -> Column:
    default = one.find("Default")
    allow = one.find("AllowNull")
    nullable = facets.get("allowNull") or (
        (allow.argument(0) or Known(True)) if allow is not None else None
    )
    is_strict = one.find("NotNull", "PrimaryKey") is not None
    times = next((_TIMES[each.name] for each in one.decorators if each.name in _TIMES), "")
    return Column(
        name=name,
        type=type_of(facets.get("type")) or times or one.type,
        default=written(default.argument(0) if default else facets.get("defaultValue")),
        attribute=one.name if one.name != name else "",
        is_nullable=bool(nullable.value) if isinstance(nullable, Known) else not is_strict,
        is_version=one.find("Version") is not None,
    )


def _uniques(one: DecoratedField, facets: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Name (or nothing) and condition of each unique that a field says."""
    given = facets.get("unique")
    if text(given) or is_true(given) or isinstance(given, Record):
        yield text(given) or text(_parts(given).get("name")), ""
    for each in one.decorators:
        if each.name == "Unique":
            first = each.argument(0)
            yield text(first) or text(_parts(first).get("name")), ""
        elif each.name == "Index":
            options = _parts(each.argument(0))
            if is_true(options.get("unique")):
                yield text(options.get("name")), written(options.get("where"))
