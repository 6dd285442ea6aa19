"""Schemas of Mongoose: its collections are the tables.

Reference: https://mongoosejs.com/docs/guide.html#indexes. Mongoose creates its indexes by itself
when a connection opens, unless ``autoIndex`` is switched off.
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas import mongoose_decorated
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text
from redhanded.source.flow.schemas.program import belongs
from redhanded.source.flow.schemas.sequelize_parts import plural
from redhanded.source.flow.schemas.tool import Models, is_true, last_call, written
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Library, Made, Record, Value

PACKAGES = ("mongoose", "@nestjs/mongoose")


def models(evaluation: Evaluation) -> Models:
    """Every ``model('Name', schema)``."""
    found: list[Table] = []
    indexes = dict(_indexes(evaluation))
    for module in evaluation.program.importing("mongoose"):
        for call, function in calls_of(module):
            if getattr(call.function, "name", "") != "model" or len(call.arguments) < 2:
                continue
            value = evaluation.at(call, module.path, function)
            called = last_call(value)
            if called is None or not isinstance(value, Library) or value.package != "mongoose":
                continue
            schema = last_call(called[1].arguments[1])
            if schema is not None and schema[0] == "Schema":
                found.append(_table(called[1], schema[1], indexes))
    found += mongoose_decorated.tables(evaluation)
    creates = found[0].location if found else None
    return Models(tool="mongoose", tables=tuple(found), creates=creates)


def _table(model: Made, schema: Made, indexes: dict[Location, list[Unique]]) -> Table:
    name = text(model.arguments[0])
    options = schema.arguments[1] if len(schema.arguments) > 1 else None
    parts = options.parts if isinstance(options, Record) else {}
    given = text(model.arguments[2]) if len(model.arguments) > 2 else ""
    collection = given or text(parts.get("collection")) or plural(name.lower())
    at = schema.location or Location(path="", line=0)
    columns = [Column(name="_id", type="objectid", is_nullable=False)]
    uniques = [Unique(columns=("_id",), said=("model",), location=at, is_primary=True)]
    fields = schema.arguments[0] if schema.arguments else None
    for path, facets in _fields(fields, "", 4):
        columns.append(_column(path, facets))
        unique = facets.get("unique")
        index = facets.get("index")
        by_index = isinstance(index, Record) and is_true(index.parts.get("unique"))
        if is_true(unique) or isinstance(unique, Record) or by_index:
            uniques.append(Unique(columns=(path,), said=("model",), location=at))
    if is_true(parts.get("optimisticConcurrency")):
        columns.append(Column(name="__v", type="integer", is_version=True))
    return Table(
        name=collection,
        columns=tuple(columns),
        uniques=(*uniques, *indexes.get(at, ())),
        models=(name,),
        location=at,
        is_complete=isinstance(fields, Record) and fields.is_complete,
    )


def _fields(value: Value | None, above: str, depth: int) -> Iterator[tuple[str, dict[str, Value]]]:
    for name, one in value.parts.items() if isinstance(value, Record) and depth else ():
        path = f"{above}{name}"
        if isinstance(one, Record) and "type" in one.parts:
            yield path, dict(one.parts)
        elif isinstance(one, Record) and one.parts and not all(k.isdigit() for k in one.parts):
            yield from _fields(one, f"{path}.", depth - 1)
        else:
            yield path, {"type": one}


def _column(path: str, facets: dict[str, Value]) -> Column:
    kind = facets.get("type")
    named = kind.names[-1] if isinstance(kind, Library) and kind.names else text(kind)
    return Column(
        name=path,
        type=named.lower(),
        default=written(facets.get("default")),
        is_nullable=not is_true(facets.get("required")),
    )


def _indexes(evaluation: Evaluation) -> Iterator[tuple[Location, list[Unique]]]:
    """``schema.index({ a: 1, b: 1 }, { unique: true })``, by where the schema is made."""
    found: dict[Location, list[Unique]] = {}
    for module in evaluation.program.importing("mongoose"):
        for call, function in calls_of(module):
            if not isinstance(call.function, form.Attribute) or call.function.name != "index":
                continue
            made = _schema(evaluation, module, call.function.base, function)
            if made is None or made.location is None or len(call.arguments) < 2:
                continue
            given = [evaluation.at(one.value, module.path, function) for one in call.arguments]
            fields, options = given[0], given[1]
            parts = options.parts if isinstance(options, Record) else {}
            if isinstance(fields, Record) and is_true(parts.get("unique")):
                unique = Unique(
                    columns=tuple(fields.parts),
                    said=("model",),
                    location=Location(path=module.path, line=call.line),
                    name=text(parts.get("name")) or None,
                    where="computed" if "partialFilterExpression" in parts else "",
                )
                found.setdefault(made.location, []).append(unique)
    yield from found.items()


def _schema(evaluation: Evaluation, module: Module, base: Expression, function: int) -> Made | None:
    value = evaluation.at(base, module.path, function)
    called = last_call(value)
    is_ours = isinstance(value, Library) and belongs(value.package, PACKAGES)
    return called[1] if called is not None and is_ours and called[0] == "Schema" else None
