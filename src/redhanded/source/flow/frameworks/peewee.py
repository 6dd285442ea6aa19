"""Peewee: models, queries, transactions.

References: https://docs.peewee-orm.com/en/latest/peewee/api.html, …/transactions.html. A query is
sent by ``execute``, ``get`` and the like, or when it is iterated. ``get_or_create`` looks, then
creates, and looks again when that is refused. A transaction is the connection's: all that runs in
it is in it. ``save`` writes all fields unless it is told ``only``.
"""

from __future__ import annotations

from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, given, is_python, kind_of, links
from redhanded.source.flow.frameworks.peewee_queries import (
    PACKAGES,
    attribute_of,
    by_names,
    key_of,
    kind_in,
    query_for,
    read_conditions,
    read_values,
    stored,
)
from redhanded.source.flow.frameworks.reading import elements, members, words
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Kind, Known, Library, Made, Record, Result, Unknown, Value

STARTS = words("select insert insert_many replace replace_many update delete")
BUILDS = STARTS | words(
    "where orwhere order_by limit offset group_by having join join_from switch for_update returning"
    " on_conflict on_conflict_ignore on_conflict_replace distinct tuples dicts namedtuples objects"
    " with_cte from_ paginate alias"
)
ASKS = words("get first get_or_none exists count scalar execute peek aggregate iterator")
ONE = words("get first get_or_none peek")
AT_ONCE = words("get get_by_id get_or_none create get_or_create delete_by_id set_by_id bulk_create")
BLOCKS = words("atomic transaction savepoint")
QUIET = words(
    "connect close is_closed create_tables drop_tables bind connection_context init connection"
    " create_table drop_table table_exists in_transaction register_function"
)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not is_python(site) or not chain or chain[-1].made is not None:
        return None
    name = chain[-1].name
    kind = kind_in(site.callee, around)
    if kind is None:
        return _of_database(site, name)
    is_started = any(one.name in STARTS and one.made is not None for one in chain)
    if is_started and name in ASKS:
        return _asked(site, chain, name, kind, around)
    if is_started or (name in BUILDS and not isinstance(site.callee.through, Record | Result)):
        return Meaning(is_lazy=True)
    if isinstance(site.callee.through, Record | Result):
        return _of_instance(site, name, kind, around)
    return _at_once(site, name, kind, around) if name in AT_ONCE else None


def _of_database(site: CallSite, name: str) -> Meaning | None:
    if name == "execute_sql":
        said = given(site, 0, "sql") or Unknown()
        return Meaning(effects=sql_effects(said, given(site, 1, "params"), library="peewee"))
    if name in ("commit", "rollback"):
        kind: EffectKind = "commit" if name == "commit" else "rollback"
        return Meaning(effects=(Effect(kind=kind, store="database", library="peewee", verb=name),))
    return Meaning() if name in QUIET else None


def _asked(
    site: CallSite, chain: tuple[Link, ...], name: str, kind: Kind, around: Surroundings
) -> Meaning:
    query = _built(chain[:-1], kind, around)
    if name in ONE:
        query.is_one = True
    if name in ("exists", "count"):
        query.aggregates = (name,)
    if name == "get" and site.arguments:
        read_conditions(query, site.arguments, around)
    return Meaning(effects=query.effects(), result=_row(query, kind, chain))


def _row(query: BuiltQuery, kind: Kind, chain: tuple[Link, ...]) -> Value | None:
    is_read = query.kind == "read" and not query.aggregates
    is_row = is_read or any(one.name == "returning" for one in chain)
    return Result(THIS.event, (), kind) if is_row else None


def _built(chain: tuple[Link, ...], kind: Kind, around: Surroundings) -> BuiltQuery:
    """What a chain has said."""
    query = query_for(kind, "select", around)
    for link in chain:
        made = link.made
        if made is None:
            continue
        if link.name in ("insert", "insert_many", "replace", "replace_many", "update"):
            query.kind = "update" if link.name == "update" else "insert"
            query.verb = link.name
            if link.name.startswith("replace"):
                query.conflict = "update"
            read_values(query, link, around)
        elif link.name == "delete":
            query.kind, query.verb = "delete", link.name
        elif link.name == "where":
            read_conditions(query, made.arguments, around)
        elif link.name in ("orwhere", "having"):
            query.unread(None)
        elif link.name == "for_update":
            query.lock = "update"
        elif link.name == "order_by":
            query.is_ordered = True
        elif link.name == "limit" and made.arguments[:1] == (Known(1),):
            query.is_one = True
        elif link.name.startswith("on_conflict"):
            _conflict(query, link, around)
        elif link.name == "join":
            other = kind_of(made.arguments[0]) if made.arguments else None
            if other is not None:
                query.joined.append(query_for(other, "join", around).table or "?")
    return query


def _conflict(query: BuiltQuery, link: Link, around: Surroundings) -> None:
    if link.name == "on_conflict_ignore":
        query.conflict = "ignore"
        return
    query.conflict = "update"
    target = given(link.made, -1, "conflict_target")
    names = [attribute_of(one, around) for one in elements(target) or (target,) if one is not None]
    query.conflict_columns = tuple(query.column(one) or one for one in names if one)
    update = given(link.made, -1, "update")
    if update is not None:
        parts = {name: stored(one, around) for name, one in members(update).items()}
        query.options["set"] = Record(parts)


def _at_once(site: CallSite, name: str, kind: Kind, around: Surroundings) -> Meaning:
    query = query_for(kind, name, around)
    row: Value | None = Result(THIS.event, (), kind)
    if name in ("get", "get_or_none"):
        query.is_one = True
        read_conditions(query, site.arguments, around)
        by_names(query, dict(site.keywords))
    elif name == "get_by_id":
        query.is_one = True
        query.equal("id", given(site, 0, "pk"))
    elif name == "create":
        query.kind = "insert"
        made = Made(site.arguments, site.keywords, site.location)
        read_values(query, Link("create", made), around)
    elif name == "get_or_create":
        return _found_or_created(site, query, kind)
    elif name == "bulk_create":
        query.kind, query.is_many, row = "insert", True, None
        rows = elements(given(site, 0, "model_list"))
        query.write(Record(dict(members(rows[0]))) if rows else Unknown("rows"))
    else:
        row = None
        query.equal("id", given(site, 0, "pk", "key"))
        query.kind = "delete" if name == "delete_by_id" else "update"
        if name == "set_by_id":
            query.write(given(site, 1, "value"))
    return Meaning(effects=query.effects(), result=row)


def _found_or_created(site: CallSite, query: BuiltQuery, kind: Kind) -> Meaning:
    asked = {name: one for name, one in site.keywords.items() if name != "defaults"}
    query.kind = "find-or-create"
    by_names(query, asked)
    for name, value in {**members(site.keywords.get("defaults")), **asked}.items():
        query.values[query.column(name) or name] = key_of(value)
    return Meaning(effects=query.effects(), result=Result(THIS.event, (), kind))


def _of_instance(site: CallSite, name: str, kind: Kind, around: Surroundings) -> Meaning | None:
    entity = site.callee.through
    query = query_for(kind, name, around)
    if name == "delete_instance":
        query.kind = "delete"
        query.equal("id", key_of(entity) if entity is not None else None)
        return Meaning(effects=tuple(replace(one, entity=entity) for one in query.effects()))
    if name != "save":
        return None
    only = given(site, 1, "only")
    is_new = isinstance(entity, Record) and "id" not in entity.parts
    query.kind = "insert" if is_new else "save"
    if isinstance(entity, Record):
        query.write(Record({key: key_of(one) for key, one in entity.parts.items()}))
    effect = replace(
        query.effects()[-1], entity=entity, whole=not is_new and only in (None, Known(None))
    )
    return Meaning(
        effects=(effect,), result=Known(None), written=lambda one: stored(key_of(one), around)
    )


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if not chain:
        return None
    if moment in ("enter", "decorate") and chain[-1].name in BLOCKS:
        begin = Effect(kind="begin", store="database", library="peewee", verb=chain[-1].name)
        return Meaning(effects=(begin,), whole_path=True)
    kind = kind_in(value, around)
    is_query = any(one.name == "select" and one.made is not None for one in chain)
    if moment in ("iterate", "test") and kind is not None and is_query:
        query = _built(chain, kind, around)
        return Meaning(effects=query.effects(), result=Result(THIS.event, (), kind))
    return None


FRAMEWORK = LibraryTable(name="peewee", packages=PACKAGES, calls=_call, settles=_settle)
