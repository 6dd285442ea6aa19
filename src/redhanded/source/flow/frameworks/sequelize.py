"""Sequelize 4 to 7, also by sequelize-typescript: models, instances, transactions.

References: sequelize.org/docs/v6, Model Querying (Basics, Finders), Instances, Transactions,
Associations. ``findOrCreate`` looks and inserts in a transaction of its own and relies on a unique
constraint; ``upsert`` is one statement. ``save`` writes the attributes that were changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    function,
    gives,
    is_true,
    last_function,
    members,
    number,
    text,
    words,
)
from redhanded.source.flow.frameworks.sequelize_instances import (
    added,
    model_effect,
    of_instance,
    session_of,
    values_of,
)
from redhanded.source.flow.frameworks.sequelize_models import (
    Model,
    isolation_of,
    lock_of,
    model_of,
    uses_continuations,
    where_of,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import (
    Known,
    Library,
    Made,
    Record,
    Result,
    Unknown,
    Value,
)

PACKAGES = ("sequelize", "sequelize-typescript", "@sequelize/core", "sequelize-cockroachdb")
READS: Mapping[str, int] = {
    "findOne": 0,
    "find": 0,
    "findAll": 0,
    "all": 0,
    "findAndCountAll": 0,
    "findByPk": 1,
    "findById": 1,
    "findByPrimary": 1,
    "findOrBuild": 0,
    "count": 0,
    "min": 1,
    "max": 1,
    "sum": 1,
    "aggregate": 2,
}
"""Finders and where their options stand."""
ONE = frozenset(["findOne", "find", "findByPk", "findById", "findByPrimary", "findOrBuild"])
AGGREGATES = frozenset(["count", "min", "max", "sum", "aggregate"])
ITSELF = words("scope unscoped schema withScope withoutScope")
QUIET = words(
    "belongsTo hasMany hasOne belongsToMany init sync addScope addHook beforeCreate afterCreate"
    " beforeUpdate afterUpdate authenticate close drop describe define hook beforeSave afterSave"
    " validate import addModels model useCLS beforeDestroy afterDestroy build changed previous"
    " associate removeAttribute isDefined refreshAttributes beforeValidate afterValidate"
)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    method = names[-1] if names else ""
    if names[:1] == ("Transaction",) or method in ("commit", "rollback", "afterCommit"):
        return _ended(site, method)
    if method == "transaction":
        return _transaction(site, around)
    if method == "query" and "()" in names:
        return _query(site)
    model = model_of(site.callee, around)
    if model is None or (method in ("define", "model") and site.callee.through is None):
        return Meaning() if method in QUIET else None
    if model.entity is not None and "()" in names:
        return of_instance(site, model, method, around)
    return _of_model(site, model, method, around)


def _of_model(site: CallSite, model: Model, method: str, around: Surroundings) -> Meaning | None:
    if method in READS:
        return _read(site, model, method)
    if method in ITSELF:
        return Meaning(result=gives(site))
    if method == "build":
        record = Record(members(argument(site, 0)), _class(model), is_complete=False)
        return Meaning(result=record)
    writes = _written(site, model, method)
    if writes is not None:
        return writes
    return Meaning() if method in QUIET else None


def _class(model: Model) -> Any:
    return model.value


def _read(site: CallSite, model: Model, method: str) -> Meaning:
    options = members(argument(site, READS[method]))
    at = where_of(options.get("where"), model)
    if method in ("findByPk", "findById", "findByPrimary") and site.arguments:
        at.equal[model.column("id")] = site.arguments[0]
    is_one = method in ONE
    limit = number(options.get("limit"))
    aggregates = (method,) if method in AGGREGATES else ()
    if method == "aggregate":
        aggregates = (text(argument(site, 1)) or "aggregate",)
    lock = lock_of(options)
    extra: dict[str, Value] = {}
    if is_true(options.get("skipLocked")):
        extra["wait"] = Known("skip locked")
    effect = model_effect(
        site,
        model,
        "read",
        options,
        at=at,
        lock=lock,
        aggregates=aggregates,
        ordered="order" in options,
        many=not is_one and limit != 1 and not aggregates,
        options=extra,
    )
    result: Value | None = model.row()
    if aggregates:
        result = None
    elif method == "findAndCountAll":
        result = Record({"rows": model.row("rows"), "count": Result(-1, ("count",))})
    elif method == "findOrBuild":
        result = Record({"0": model.row("0"), "1": Result(-1, ("1",))})
    return Meaning(effects=(effect,), result=result)


def _written(site: CallSite, model: Model, method: str) -> Meaning | None:
    given = argument(site, 0)
    if method == "create":
        options = members(argument(site, 1))
        conflict = "ignore" if is_true(options.get("ignoreDuplicates")) else ""
        effect = model_effect(
            site,
            model,
            "upsert" if conflict else "insert",
            options,
            values=values_of(given, model),
            conflict=conflict,
        )
        return Meaning(effects=(effect,), result=model.row())
    if method == "bulkCreate":
        return _bulk(site, model)
    if method in ("findOrCreate", "findCreateFind"):
        return _found_or_created(site, model)
    if method == "upsert":
        return _upserted(site, model)
    if method == "update":
        return _updated(site, model)
    if method in ("destroy", "truncate", "restore"):
        options = members(given)
        at = where_of(options.get("where"), model)
        kind: EffectKind = "update" if method == "restore" else "delete"
        effect = model_effect(site, model, kind, options, at=at, many=at.is_many or not at.equal)
        return Meaning(effects=(effect,))
    if method in ("increment", "decrement"):
        options = members(argument(site, 1))
        at = where_of(options.get("where"), model)
        values = added(given, options.get("by"), model, method)
        many = at.is_many or not at.equal
        return Meaning(
            effects=(model_effect(site, model, "update", options, at=at, values=values, many=many),)
        )
    return None


def _bulk(site: CallSite, model: Model) -> Meaning:
    options = members(argument(site, 1))
    rows = elements(argument(site, 0))
    row = members(argument(site, 0)).get("*") if not rows else rows[0]
    columns = tuple(text(one) or "?" for one in elements(options.get("conflictAttributes")))
    kind: EffectKind = "insert"
    conflict = ""
    if is_true(options.get("ignoreDuplicates")):
        kind, conflict = "upsert", "ignore"
    elif "updateOnDuplicate" in options:
        kind, conflict = "upsert", "update"
    effect = model_effect(
        site,
        model,
        kind,
        options,
        values=values_of(row, model),
        conflict=conflict,
        conflict_columns=tuple(map(model.column, columns)),
        many=True,
    )
    return Meaning(effects=(effect,), result=model.row())


def _found_or_created(site: CallSite, model: Model) -> Meaning:
    options = members(argument(site, 0))
    at = where_of(options.get("where"), model)
    values = {**at.equal, **values_of(options.get("defaults"), model)}
    effect = model_effect(site, model, "find-or-create", options, at=at, values=values)
    return Meaning(effects=(effect,), result=Record({"0": model.row("0"), "1": Result(-1, ("1",))}))


def _upserted(site: CallSite, model: Model) -> Meaning:
    options = members(argument(site, 1))
    fields = elements(options.get("conflictFields"))
    effect = model_effect(
        site,
        model,
        "upsert",
        options,
        values=values_of(argument(site, 0), model),
        conflict="update",
        conflict_columns=tuple(model.column(text(one) or "?") for one in fields),
    )
    return Meaning(effects=(effect,), result=Record({"0": model.row("0"), "1": Result(-1, ("1",))}))


def _updated(site: CallSite, model: Model) -> Meaning:
    options = members(argument(site, 1))
    at = where_of(options.get("where"), model)
    values = values_of(argument(site, 0), model)
    many = at.is_many or not at.equal
    return Meaning(
        effects=(model_effect(site, model, "update", options, at=at, values=values, many=many),)
    )


def _transaction(site: CallSite, around: Surroundings) -> Meaning | None:
    """Managed by a function, or unmanaged: ``const t = await sequelize.transaction()``."""
    called = last_function(site)
    first = argument(site, 0)
    options = {} if function(first) is not None else members(first)
    handle = Result(-1, (), Library(site.callee.package, ("Transaction",)))
    effect = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb="transaction",
        isolation=isolation_of(options),
    )
    if called is None:
        return Meaning(effects=(effect,), result=handle)
    return Meaning(
        effects=(effect,),
        callbacks=(
            Callback(function=called, arguments=(handle,), in_transaction=True, gives=True),
        ),
        whole_path=uses_continuations(site, around),
    )


def _ended(site: CallSite, method: str) -> Meaning | None:
    if method == "afterCommit":
        called = last_function(site)
        return Meaning(callbacks=(Callback(function=called, after_commit=True),) if called else ())
    if method not in ("commit", "rollback"):
        return None
    handle = site.callee.through if site.callee.through is not None else base(site.callee)
    effect = Effect(
        kind="commit" if method == "commit" else "rollback",
        store="database",
        library=site.callee.package,
        verb=method,
        session=handle,
    )
    return Meaning(effects=(effect,))


def _query(site: CallSite) -> Meaning:
    """``sequelize.query(text, {replacements, bind, transaction})`` gives rows and more."""
    query, options = argument(site, 0), members(argument(site, 1))
    if isinstance(query, Record):
        options = {"replacements": query.parts.get("values", Known(None)), **options}
        query = query.parts.get("query")
    effects = sql_effects(
        query if query is not None else Unknown(),
        options.get("bind", options.get("replacements")),
        library=site.callee.package,
        session=session_of(options.get("transaction")),
        inline=_literal,
    )
    return Meaning(effects=effects)


def _literal(value: Value) -> Value | None:
    if isinstance(value, Library) and value.names[-2:] == ("literal", "()"):
        last = value.steps[-1]
        return last.arguments[0] if isinstance(last, Made) and last.arguments else None
    return None


FRAMEWORK = LibraryTable(name="sequelize", packages=PACKAGES, calls=_call)
