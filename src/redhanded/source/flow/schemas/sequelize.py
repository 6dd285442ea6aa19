"""Models of Sequelize: ``define``, ``init``, and sequelize-typescript's decorators.

Reference: https://sequelize.org/docs/v6/core-concepts/model-basics/,
https://github.com/sequelize/sequelize-typescript.
"""

from __future__ import annotations

import re

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.module import Module
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text
from redhanded.source.flow.schemas.program import belongs
from redhanded.source.flow.schemas.sequelize_decorated import decorated_tables
from redhanded.source.flow.schemas.sequelize_parts import (
    Options,
    attributes_of,
    indexes,
    model_table,
    underscored,
    usual_columns,
)
from redhanded.source.flow.schemas.tool import Models, is_true, last_call
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Either, Kind, Library, Record, Value

PACKAGES = ("sequelize", "sequelize-typescript", "@sequelize/core")


def models(evaluation: Evaluation) -> Models:
    """Every model, wherever it is defined."""
    if not any(True for _ in evaluation.program.importing(*PACKAGES)):
        return Models(tool="sequelize", tables=())
    shared = _shared(evaluation)
    tables: list[Table] = []
    creates: Location | None = None
    for module in evaluation.program.modules.values():
        if module.language == "python" or not module.may_call(("define", "init", "sync")):
            continue
        for call, function in calls_of(module):
            last = call.function.name if isinstance(call.function, form.Attribute) else ""
            if last in ("define", "init"):
                read = _defined if last == "define" else _initialised
                made = read(evaluation, module, call, function)
                if made is not None:
                    tables.append(_table(*made, shared, Location(path=module.path, line=call.line)))
            elif (
                last == "sync" and creates is None and _is_sync(evaluation, module, call, function)
            ):
                creates = Location(path=module.path, line=call.line)
    tables += decorated_tables(evaluation, shared)
    return Models(tool="sequelize", tables=tuple(tables), creates=creates)


_Made = tuple[str, Value, Options]
"""Name of the model, attributes, options."""


def _defined(
    evaluation: Evaluation, module: Module, call: form.Call, function: int
) -> _Made | None:
    if len(call.arguments) < 2 or not isinstance(call.function, form.Attribute):
        return None
    given = [evaluation.at(one.value, module.path, function) for one in call.arguments]
    name, attributes = text(given[0]), given[1]
    if not name or not isinstance(attributes, Record):
        return None
    base = evaluation.at(call.function.base, module.path, function)
    is_ours = isinstance(base, Library) and belongs(base.package, PACKAGES)
    if not is_ours and not _is_given(module, call.function.base, function):
        types = [one for each in attributes.parts.values() for one in _facets(each)]
        is_ours = any(isinstance(one, Library) and belongs(one.package, PACKAGES) for one in types)
        if not is_ours:
            return None
    return name, attributes, _options(given[2] if len(given) > 2 else None, base)


def _is_given(module: Module, base: form.Expression, function: int) -> bool:
    """Whether a model's file is a function that is given the connection."""
    name = base.name if isinstance(base, form.Name) else ""
    place = function
    while place > 0:
        parameters = module.functions[place].parameters
        if any(isinstance(one.target, form.Name) and one.target.name == name for one in parameters):
            return True
        place = module.functions[place].parent
    return False


def _facets(value: Value) -> tuple[Value, ...]:
    return tuple(value.parts.values()) if isinstance(value, Record) else (value,)


def _initialised(
    evaluation: Evaluation, module: Module, call: form.Call, function: int
) -> _Made | None:
    if not isinstance(call.function, form.Attribute) or not call.arguments:
        return None
    base = call.function.base
    kind: Value | None = None
    if isinstance(base, form.Name) and base.name in ("super", "this"):
        owner = module.functions[function].owner
        if owner >= 0:
            kind = Kind(module.path, owner, module.classes[owner].name)
    else:
        kind = evaluation.at(base, module.path, function)
    if not isinstance(kind, Kind):
        return None
    given = [evaluation.at(one.value, module.path, function) for one in call.arguments]
    options = given[1] if len(given) > 1 else None
    says_so = isinstance(options, Record) and "sequelize" in options.parts
    if not isinstance(given[0], Record) or not (says_so or _is_model(evaluation, kind, 8)):
        return None
    parts = options.parts if isinstance(options, Record) else {}
    name = text(parts.get("modelName")) or kind.name
    return name, given[0], _options(options, parts.get("sequelize"))


def _is_model(evaluation: Evaluation, kind: Kind, depth: int) -> bool:
    for base in evaluation.bases(kind) if depth else ():
        if isinstance(base, Library) and belongs(base.package, PACKAGES):
            return True
        if isinstance(base, Kind) and base != kind and _is_model(evaluation, base, depth - 1):
            return True
    return False


def _options(given: Value | None, connection: Value | None) -> Options:
    """Of the model, on top of what its connection says for all."""
    shared = dict(_of_connection(connection))
    return {**shared, **given.parts} if isinstance(given, Record) else shared


def _of_connection(value: Value | None) -> Options:
    called = last_call(value)
    for given in called[1].arguments if called is not None else ():
        for one in given.values if isinstance(given, Either) else (given,):
            define = one.parts.get("define") if isinstance(one, Record) else None
            if isinstance(define, Record):
                return define.parts
    return {}


def _shared(evaluation: Evaluation) -> Options:
    """``define`` of the one connection, for models whose connection is not seen."""
    found: list[Options] = []
    for module in evaluation.program.importing(*PACKAGES):
        if not module.may_call(("Sequelize",)):
            continue
        for call, function in calls_of(module):
            if getattr(call.function, "name", "") == "Sequelize" and call.new:
                found.append(_of_connection(evaluation.at(call, module.path, function)))
    return found[0] if found and all(one == found[0] for one in found) else {}


def _table(name: str, attributes: Value, options: Options, shared: Options, at: Location) -> Table:
    options = {**shared, **options}
    snakes = is_true(options.get("underscored"))

    def column_of(attribute: str) -> str:
        return underscored(attribute) if snakes else attribute

    table = model_table(name, options)
    found = attributes_of(attributes, table, "model", at, column_of=column_of)
    columns, uniques = list(found.columns), list(found.uniques)
    names = {one.attribute or one.name: one.name for one in columns}
    if not any(one.is_primary for one in uniques):
        key = Unique(columns=("id",), said=("model",), location=at, is_primary=True)
        uniques.insert(0, key)
        columns.insert(0, Column(name="id", type="integer", is_nullable=False))
    for column in usual_columns(options, column_of):
        if all(one.name != column.name for one in columns):
            columns.append(column)
    uniques += indexes(options, table, names, column_of, at)
    return Table(
        name=table,
        columns=tuple(columns),
        uniques=tuple(uniques),
        models=(name,),
        location=at,
        is_complete=found.is_complete,
    )


def _is_sync(evaluation: Evaluation, module: Module, call: form.Call, function: int) -> bool:
    """``sequelize.sync()``; where the connection cannot be followed, what is called so."""
    if not isinstance(call.function, form.Attribute):
        return False
    base = call.function.base
    value = evaluation.at(base, module.path, function)
    if isinstance(value, Library):
        return belongs(value.package, PACKAGES)
    if isinstance(value, Kind):
        return _is_model(evaluation, value, 8)
    last = base.name if isinstance(base, form.Name | form.Attribute) else ""
    return bool(re.search(r"(?i)sequelize|^(?:db|database|connection)$", last))
