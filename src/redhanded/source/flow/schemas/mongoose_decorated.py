"""Schemas of Mongoose that a class declares: ``@Schema()`` and ``@Prop()`` of Nest.

Reference: https://docs.nestjs.com/techniques/mongodb#model-injection. The model's name is the
class's; indexes over several fields stand below: ``SeatSchema.index({ a: 1, b: 1 }, …)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.decorated import DecoratedClass, DecoratedField, decorated
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text
from redhanded.source.flow.schemas.sequelize_parts import plural
from redhanded.source.flow.schemas.tool import is_true, last_call, written
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Kind, Library, Record, Value

PACKAGE = "@nestjs/mongoose"


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Every class with ``@Schema``."""
    indexes: dict[Kind, list[Unique]] = {}
    for kind, unique in _indexes(evaluation):
        indexes.setdefault(kind, []).append(unique)
    for one in decorated(evaluation, PACKAGE):
        if one.find("Schema") is not None:
            yield _table(one, indexes.get(one.kind, []))


def _table(found: DecoratedClass, more: list[Unique]) -> Table:
    schema = found.find("Schema")
    options = _parts(schema.argument(0) if schema is not None else None)
    columns = [Column(name="_id", type="objectid", is_nullable=False)]
    uniques = [
        Unique(columns=("_id",), said=("model",), location=found.location, is_primary=True),
        *more,
    ]
    for one in found.fields:
        given = _facets(one)
        columns.append(
            Column(
                name=one.name,
                type=_type(one, given),
                default=written(given.get("default")),
                is_nullable=not is_true(given.get("required")),
            )
        )
        by_index = is_true(_parts(given.get("index")).get("unique"))
        if is_true(given.get("unique")) or isinstance(given.get("unique"), Record) or by_index:
            uniques.append(Unique(columns=(one.name,), said=("model",), location=one.location))
    if is_true(options.get("optimisticConcurrency")):
        columns.append(Column(name="__v", type="integer", is_version=True))
    return Table(
        name=text(options.get("collection")) or plural(found.name.lower()),
        columns=tuple(columns),
        uniques=tuple(uniques),
        models=(found.name,),
        location=found.location,
    )


def _facets(one: DecoratedField) -> Mapping[str, Value]:
    prop = one.find("Prop")
    return _parts(prop.argument(0) if prop is not None else None)


def _type(one: DecoratedField, given: Mapping[str, Value]) -> str:
    kind = given.get("type")
    named = kind.names[-1] if isinstance(kind, Library) and kind.names else text(kind)
    return (named or one.type).lower()


def _parts(value: Value | None) -> Mapping[str, Value]:
    return value.parts if isinstance(value, Record) else {}


def _indexes(evaluation: Evaluation) -> Iterator[tuple[Kind, Unique]]:
    """``SeatSchema.index({ … }, { unique: true })`` with ``SchemaFactory.createForClass(Seat)``."""
    for module in evaluation.program.importing(PACKAGE):
        for call, function in calls_of(module):
            if not isinstance(call.function, form.Attribute) or call.function.name != "index":
                continue
            value = evaluation.at(call.function.base, module.path, function)
            called = last_call(value)
            if called is None or called[0] != "createForClass" or len(call.arguments) < 2:
                continue
            kind = called[1].arguments[0] if called[1].arguments else None
            given = [evaluation.at(one.value, module.path, function) for one in call.arguments]
            fields, options = given[0], _parts(given[1])
            if not isinstance(kind, Kind) or not isinstance(fields, Record):
                continue
            if is_true(options.get("unique")):
                unique = Unique(
                    columns=tuple(fields.parts),
                    said=("model",),
                    location=Location(path=module.path, line=call.line),
                    name=text(options.get("name")) or None,
                    where="computed" if "partialFilterExpression" in options else "",
                )
                yield kind, unique
