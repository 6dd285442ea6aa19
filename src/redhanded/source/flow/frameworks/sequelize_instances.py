"""Writing by Sequelize's models, and what their instances do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import argument, elements, members, text
from redhanded.source.flow.frameworks.sequelize_models import Model, Where, lock_of, where_of
from redhanded.source.flow.values import Known, Record, Result, Stored, Unknown, Value

ASSOCIATION = re.compile(r"(get|count|has|create|add|set|remove)([A-Z]\w*)$")


def model_effect(
    site: CallSite, model: Model, kind: EffectKind, given: Mapping[str, Value], **more: Any
) -> Effect:
    where: Where = more.pop("at", None) or Where()
    return Effect(
        kind=kind,
        store="database",
        library=site.callee.package,
        verb=site.callee.names[-1],
        subject=model.table or model.name,
        model=model.name,
        where=where.equal,
        ranges=where.ranges,
        session=session_of(given.get("transaction")),
        **more,
    )


def session_of(value: Value | None) -> Value | None:
    return None if value is None or value == Known(None) else value


def values_of(value: Value | None, model: Model) -> dict[str, Value]:
    if isinstance(value, Record):
        found = model.renamed(value.parts)
        return found if value.is_complete else {**found, "?": Unknown("values")}
    return {} if value is None else {"?": value}


def added(given: Value | None, by: Value | None, model: Model, method: str) -> dict[str, Value]:
    """``increment('free', {by: 2})``, ``increment(['a', 'b'])``, ``increment({free: 2})``."""
    sign = "+" if method == "increment" else "-"
    if isinstance(given, Record) and not elements(given):
        names = [(name, one) for name, one in given.parts.items()]
    else:
        names = [(text(one) or "?", by or Known(1)) for one in elements(given) or (given,)]
    found: dict[str, Value] = {}
    for name, amount in names:
        column = model.column(name)
        shown = amount.value if isinstance(amount, Known) else "?"
        found[column] = Stored(f"{column} {sign} {shown}", (column,))
    return found


def of_instance(site: CallSite, model: Model, method: str, around: Surroundings) -> Meaning | None:
    entity, first = model.entity, argument(site, 0)
    if method in ("save", "reload", "destroy", "restore"):
        options = members(first)
        if isinstance(entity, Record) and method == "save":
            values = values_of(Record(entity.parts), model)
            return Meaning(
                effects=(model_effect(site, model, "insert", options, values=values),),
                result=model.row(),
            )
        kinds: Mapping[str, EffectKind] = {
            "save": "save",
            "reload": "read",
            "destroy": "delete",
            "restore": "update",
        }
        effect = model_effect(
            site, model, kinds[method], options, entity=entity, lock=lock_of(options)
        )
        return Meaning(effects=(effect,), result=model.row() if method == "reload" else entity)
    if method in ("update", "updateAttributes"):
        options = members(argument(site, 1))
        values = values_of(first, model)
        effect = model_effect(site, model, "update", options, entity=entity, values=values)
        return Meaning(effects=(effect,), result=entity)
    if method in ("increment", "decrement"):
        options = members(argument(site, 1))
        values = added(first, options.get("by"), model, method)
        effect = model_effect(site, model, "update", options, entity=entity, values=values)
        return Meaning(effects=(effect,), result=entity)
    if method in ("get", "getDataValue", "toJSON", "get()"):
        return _got(site, model, method)
    return _association(site, model, method, around) or (
        Meaning() if method in ("set", "setDataValue", "changed", "previous", "validate") else None
    )


def _got(site: CallSite, model: Model, method: str) -> Meaning:
    name, entity = text(argument(site, 0)), model.entity
    if name and isinstance(entity, Result):
        return Meaning(result=Result(entity.event, (*entity.parts, name)))
    if name and isinstance(entity, Record):
        return Meaning(result=entity.parts.get(name, Unknown(name)))
    return Meaning(result=entity)


def _association(site: CallSite, model: Model, method: str, around: Surroundings) -> Meaning | None:
    """``show.getSeats()`` where the schema has a model of that name."""
    match = ASSOCIATION.match(method)
    table = None
    for name in (match[2], match[2].removesuffix("s")) if match else ():
        table = (
            table or around.schema.table(name) or around.schema.table(name[:1].lower() + name[1:])
        )
    if match is None or table is None:
        return None
    kinds: Mapping[str, EffectKind] = {
        "get": "read",
        "count": "read",
        "has": "read",
        "create": "insert",
    }
    options = members(argument(site, 0 if match[1] in ("get", "count") else 1))
    effect = Effect(
        kind=kinds.get(match[1], "update"),
        store="database",
        library=site.callee.package,
        verb=method,
        subject=table.name,
        where=where_of(options.get("where"), model).equal,
        session=session_of(options.get("transaction")),
        lock=lock_of(options),
        aggregates=("count",) if match[1] == "count" else (),
        many=match[2].endswith("s"),
    )
    return Meaning(effects=(effect,))
