"""Tortoise ORM: models, queries, transactions.

References: https://tortoise.github.io/query.html, …/models.html, …/transactions.html. A query is
sent when it is awaited or iterated. ``get_or_create`` looks, then creates. A transaction is the
task's: all that runs in it is in it. ``save`` writes all columns unless it is told
``update_fields``.
"""

from __future__ import annotations

from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import (
    Link,
    given,
    inherits,
    is_python,
    kind_of,
    links,
)
from redhanded.source.flow.frameworks.django_queries import query_of, stored
from redhanded.source.flow.frameworks.reading import elements, is_true, members, words
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Kind, Known, Library, Record, Result, Unknown, Value

PACKAGES = ("tortoise",)
BUILDS = words(
    "filter exclude all order_by limit offset distinct annotate group_by values values_list only"
    " select_related prefetch_related select_for_update using_db force_index use_index get"
    " get_or_none first last latest earliest exists count"
)
ONE = words("get get_or_none first last latest earliest")
AGGREGATES = words("exists count")
WRITES = words(
    "update delete create get_or_create update_or_create bulk_create bulk_update in_bulk raw"
)
BLOCKS = words("in_transaction atomic")
STATEMENTS = words("execute_query execute_query_dict execute_script execute_insert")


def _model_of(value: Library, around: Surroundings) -> Kind | None:
    """The model that a chain begins with, or that an instance is of."""
    kind = kind_of(value.through)
    if kind is None:
        return None
    bases = inherits(kind, around)
    is_model = any(one.package == "tortoise" and "Model" in one.names for one in bases)
    return kind if is_model else None


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not is_python(site) or not chain or chain[-1].made is not None:
        return None
    name = chain[-1].name
    if name in STATEMENTS:
        said = given(site, 0, "query") or Unknown()
        effects = sql_effects(said, given(site, 1, "values"), library="tortoise")
        return Meaning(effects=effects, is_async=True)
    kind = _model_of(site.callee, around)
    if kind is None:
        return None
    if isinstance(site.callee.through, Record | Result):
        return _of_instance(site, name, kind, around)
    if name in BUILDS:
        return Meaning(is_lazy=True)
    return _written(site, name, kind, around) if name in WRITES else None


def _query(kind: Kind, verb: str, around: Surroundings, chain: Library | None = None) -> BuiltQuery:
    table = around.schema.table(kind.name)
    columns = {}
    if table is not None:
        columns = {one.attribute: one.name for one in table.columns if one.attribute}
    query = BuiltQuery(
        "tortoise",
        verb=verb,
        table=table.name if table is not None else kind.name.lower(),
        model=kind.name,
        columns=columns,
    )
    if chain is not None:
        asked = query_of(chain)
        query.lock = "update" if asked.lock else ""
        query.is_ordered = asked.ordered
        for name, value in asked.where.items():
            if name == "?":
                query.unread(value)
            else:
                query.equal(name, _key_of(value))
        for name, value in asked.ranges.items():
            query.compared(name, "<", value)
    return query


def _key_of(value: Value) -> Value:
    """Of an instance its key, of all else itself."""
    if isinstance(value, Result) and isinstance(value.of, Kind):
        return Result(value.event, (*value.parts, "id"))
    if isinstance(value, Record) and isinstance(value.of, Kind):
        return value.parts.get("id", Unknown("id"))
    return value


def _set(query: BuiltQuery, values: dict[str, Value]) -> None:
    for name, value in values.items():
        query.values[query.column(name) or name] = stored(_key_of(value))


def _written(site: CallSite, name: str, kind: Kind, around: Surroundings) -> Meaning:
    query = _query(kind, name, around, site.callee)
    named = {key: one for key, one in site.keywords.items() if key not in ("using_db", "defaults")}
    result: Value | None = Result(THIS.event, (), kind)
    if name in ("update", "delete"):
        query.kind = "update" if name == "update" else "delete"
        _set(query, named)
        result = None
    elif name == "create":
        query.kind = "insert"
        _set(query, named)
    elif name in ("get_or_create", "update_or_create"):
        query.kind = "find-or-create"
        for key, value in named.items():
            query.equal(key, _key_of(value))
        _set(query, {**named, **members(site.keywords.get("defaults"))})
        result = Record({"0": result or Unknown(), "1": Result(THIS.event, ("created",))})
    elif name == "bulk_create":
        query.kind, query.is_many, result = "insert", True, None
        rows = elements(given(site, 0, "objects"))
        _set(query, dict(members(rows[0])) if rows else {"?": Unknown("rows")})
        if is_true(site.keywords.get("ignore_conflicts")):
            query.conflict = "ignore"
        elif "on_conflict" in site.keywords:
            query.conflict = "update"
    elif name == "bulk_update":
        query.kind, query.is_many, result = "update", True, None
    else:
        query.unread(None)
    return Meaning(effects=query.effects(), result=result, is_async=True)


def _of_instance(site: CallSite, name: str, kind: Kind, around: Surroundings) -> Meaning | None:
    entity = site.callee.through
    query = _query(kind, name, around)
    if name == "refresh_from_db":
        query.is_one = True
        query.equal("id", _key_of(entity) if entity is not None else None)
        return Meaning(effects=query.effects(), result=Known(None), is_async=True)
    if name == "update_from_dict":
        return Meaning(result=entity)
    if name not in ("save", "delete"):
        return None
    if name == "delete":
        query.kind = "delete"
        query.equal("id", _key_of(entity) if entity is not None else None)
        effect = replace(query.effects()[-1], entity=entity)
        return Meaning(effects=(effect,), is_async=True)
    is_new = isinstance(entity, Record) and "id" not in entity.parts
    query.kind = "insert" if is_new else "save"
    if isinstance(entity, Record):
        _set(query, dict(entity.parts))
    only = given(site, 1, "update_fields")
    effect = replace(
        query.effects()[-1], entity=entity, whole=not is_new and only in (None, Known(None))
    )
    return Meaning(effects=(effect,), result=Known(None), written=stored, is_async=True)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if not chain:
        return None
    last = chain[-1]
    if moment in ("enter", "decorate") and last.name in BLOCKS:
        begin = Effect(kind="begin", store="database", library="tortoise", verb=last.name)
        return Meaning(effects=(begin,), whole_path=True)
    kind = _model_of(value, around)
    if moment not in ("await", "iterate") or kind is None or last.made is None:
        return None
    if last.name not in BUILDS:
        return None
    return _asked(_query(kind, "select", around, value), chain, kind)


def _asked(query: BuiltQuery, chain: tuple[Link, ...], kind: Kind) -> Meaning:
    names = {one.name for one in chain if one.made is not None}
    query.is_one = bool(names & ONE)
    query.aggregates = tuple(sorted(names & AGGREGATES))
    result = None if query.aggregates else Result(THIS.event, (), kind)
    return Meaning(effects=query.effects(), result=result)


FRAMEWORK = LibraryTable(name="tortoise", packages=PACKAGES, calls=_call, settles=_settle)
