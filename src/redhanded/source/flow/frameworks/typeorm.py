"""TypeORM: repositories, entity managers, active records, transactions.

References: typeorm.io, Repository APIs, Entity Manager API, Transactions, Active Record. ``save``
of an entity with a key looks for it first and then inserts or updates; ``upsert`` and ``insert``
are one statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.reading import (
    base,
    elements,
    gives,
    is_true,
    last_function,
    members,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.frameworks.typeorm_builder import built, is_builder
from redhanded.source.flow.frameworks.typeorm_entities import (
    Entity,
    criteria,
    entity_of,
    is_new,
    read_options,
    read_where,
    repository_entity,
    session_of,
    written,
)
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Known, Library, Record, Result, Unknown, Value

READS: Mapping[str, bool] = {
    "find": True,
    "findBy": False,
    "findOne": True,
    "findOneBy": False,
    "findOneOrFail": True,
    "findOneByOrFail": False,
    "findAndCount": True,
    "findAndCountBy": False,
    "findOneById": False,
    "findByIds": False,
    "count": True,
    "countBy": False,
    "exists": True,
    "exist": True,
    "existsBy": False,
}
"""Whether it takes options, or conditions alone."""
ONE = words("findOne findOneBy findOneOrFail findOneByOrFail findOneById exists exist existsBy")
AGGREGATES = words("count countBy exists exist existsBy sum average minimum maximum")
WRITES = words(
    "save insert update upsert delete remove softDelete softRemove restore recover increment"
    " decrement clear updateAll deleteAll"
)
OPTIONS = words("where order lock take skip relations select cache withDeleted transaction")
QUIET = words(
    "connect release initialize destroy close getMetadata hasMetadata merge isConnected on"
    " synchronize runMigrations dropDatabase hasId reload extend loadRelationCountAndMap"
)
ENDS = ("commitTransaction", "rollbackTransaction")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    method = names[-1] if names else ""
    if is_builder(site.callee):
        return built(site, around)
    if method in ("transaction", "startTransaction", *ENDS):
        return _transaction(site, method)
    if method == "runInTransaction":
        return _managed(site, "", whole_path=True)
    if method == "query" and len(names) > 1:
        return _query(site)
    if method in READS or method in WRITES or method in ("create", "sum", "average", "preload"):
        return _access(site, method, around)
    return Meaning() if method in QUIET and "()" in names else None


def _access(site: CallSite, method: str, around: Surroundings) -> Meaning | None:
    """On a repository, a manager, a class that is a `BaseEntity`, or an instance of one."""
    callee, arguments = site.callee, site.arguments
    entity: Entity | None = None
    if callee.names[:1] == ("BaseEntity",):
        return _active(site, method, around)
    if _is_manager(callee):
        entity = entity_of(arguments[0], around) if arguments else None
        is_entity = bool(arguments) and not isinstance(arguments[0], Result | Record)
        if is_entity:
            arguments = arguments[1:]
        if entity is None and method in ("save", "remove", "softRemove", "recover"):
            entity = Entity(name="", value=None, table=None)
    else:
        entity = repository_entity(callee, around)
        if entity is None and not _is_repository(callee):
            return None
    entity = entity or Entity(name="", value=None, table=None)
    return _do(site, method, entity, arguments, around)


def _is_manager(callee: Library) -> bool:
    """The last thing that was taken before the method is a manager."""
    names = [one for one in callee.names[:-1] if one != "()"]
    last = names[-1] if names else ""
    return last in ("manager", "EntityManager", "getManager", "transaction", "entityManager")


def _is_repository(callee: Library) -> bool:
    return any("epository" in one for one in callee.names[:-1])


def _active(site: CallSite, method: str, around: Surroundings) -> Meaning | None:
    through = site.callee.through
    entity = entity_of(through, around)
    if entity is None:
        return None
    if isinstance(through, Result | Record) and method in ("save", "remove", "softRemove"):
        return _do(site, method, entity, (through,), around)
    return _do(site, method, entity, site.arguments, around)


def _do(
    site: CallSite,
    method: str,
    entity: Entity,
    arguments: tuple[Value, ...],
    around: Surroundings,
) -> Meaning | None:
    query = entity.query(site.callee.package, method, session_of(site.callee))
    first = arguments[0] if arguments else None
    second = arguments[1] if len(arguments) > 1 else None
    if method in ("create", "preload"):
        return _created(query, method, entity, first)
    if method in READS:
        return _read(query, method, entity, first)
    if method in ("sum", "average", "minimum", "maximum"):
        query.aggregates = (method,)
        read_where(query, second)
        return Meaning(effects=query.effects())
    if method in ("save", "remove", "softRemove", "recover"):
        return _saved(query, method, entity, first)
    return _written(query, method, arguments, around)


def _created(query: BuiltQuery, method: str, entity: Entity, given: Value | None) -> Meaning:
    if method == "preload":
        read_where(query, given)
        return Meaning(effects=query.effects(), result=entity.row())
    parts = members(given)
    of = entity.value if not isinstance(entity.value, Known) else None
    is_complete = given is None or (isinstance(given, Record) and given.is_complete)
    return Meaning(result=Record(parts, of, is_complete))  # type: ignore[arg-type]


def _read(query: BuiltQuery, method: str, entity: Entity, first: Value | None) -> Meaning:
    query.is_one = method in ONE
    if method in ("findOneById", "findByIds"):
        criteria(query, first)
    elif READS[method] and (isinstance(first, Record) or first is None):
        options = members(first)
        if (
            "where" in options
            or not options
            or set(options) & {"order", "lock", "take", "relations"}
        ):
            read_options(query, first)
        else:
            read_where(query, first)
    elif READS[method]:
        criteria(query, first)
    else:
        read_where(query, first)
    if method in AGGREGATES:
        query.aggregates = ("exists" if method.startswith("exist") else "count",)
        return Meaning(effects=query.effects())
    return Meaning(effects=query.effects(), result=entity.row())


def _saved(query: BuiltQuery, method: str, entity: Entity, given: Value | None) -> Meaning:
    """One instance, or several."""
    rows = elements(given)
    value = rows[0] if rows else members(given).get("*", given)
    query.is_many = bool(rows) or value is not given
    kind: EffectKind = "save" if method in ("save", "recover") else "delete"
    if value is None:
        value = Unknown()
    if method == "save" and is_new(value, entity):
        query.kind = "insert"
        query.write(Record(members(value)))
        return Meaning(effects=query.effects(), result=entity.row())
    if isinstance(value, Record):
        query.write(Record(members(value)))
        key = {query.column(one) or one for one in entity.primary()}
        query.where = {name: one for name, one in query.values.items() if name in key}
    query.kind = kind
    effects = tuple(
        _with_entity(one, value) if one.kind == query.kind else one for one in query.effects()
    )
    return Meaning(effects=effects, result=given if isinstance(value, Result) else entity.row())


def _with_entity(effect: Effect, entity: Value) -> Effect:
    return replace(effect, entity=entity)


def _written(
    query: BuiltQuery, method: str, arguments: tuple[Value, ...], around: Surroundings
) -> Meaning:
    first = arguments[0] if arguments else None
    second = arguments[1] if len(arguments) > 1 else None
    if method in ("insert", "upsert"):
        query.kind = "insert"
        query.write(written(first, around))
        if method == "upsert":
            options = members(second)
            paths = options.get("conflictPaths", second)
            named = elements(paths) or ((paths,) if text(paths) else ())
            names = [text(one) for one in named] or list(members(paths))
            query.conflict = "update"
            query.conflict_columns = tuple(query.column(one) or one for one in names if one)
            if text(options.get("upsertType")) == "on-conflict-do-nothing" or is_true(
                options.get("skipUpdateIfNoValuesChanged")
            ):
                query.options["skips"] = Known(True)
    elif method in ("update", "updateAll"):
        query.kind = "update"
        criteria(query, first if method == "update" else None)
        query.write(written(second if method == "update" else first, around))
    elif method in ("increment", "decrement"):
        query.kind = "update"
        criteria(query, first)
        amount = arguments[2] if len(arguments) > 2 else None
        query.count(second, amount, "+" if method == "increment" else "-")
    else:
        query.kind = "update" if method in ("softDelete", "restore") else "delete"
        criteria(query, first)
    return Meaning(effects=query.effects())


def _transaction(site: CallSite, method: str) -> Meaning | None:
    level = (text(site.arguments[0]) or "").lower() if site.arguments else ""
    if method == "transaction":
        return _managed(site, level)
    handle = session_of(site.callee) or base(site.callee)
    kinds: Mapping[str, EffectKind] = {
        "startTransaction": "begin",
        "commitTransaction": "commit",
        "rollbackTransaction": "rollback",
    }
    effect = Effect(
        kind=kinds[method],
        store="database",
        library=site.callee.package,
        verb=method,
        session=handle,
        isolation=level,
    )
    return Meaning(effects=(effect,), result=handle)


def _managed(site: CallSite, level: str, *, whole_path: bool = False) -> Meaning | None:
    called = last_function(site)
    if called is None and site.arguments and whole_path:
        return None
    handle = gives(site)
    effect = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb=site.callee.names[-1],
        session=handle,
        isolation=level,
    )
    if called is None:
        return None
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,), whole_path=whole_path)


def _query(site: CallSite) -> Meaning:
    given = site.arguments
    effects = sql_effects(
        given[0] if given else Unknown(),
        given[1] if len(given) > 1 else None,
        library=site.callee.package,
        session=session_of(site.callee),
    )
    return Meaning(effects=effects)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    """``@Transactional()`` of typeorm-transactional."""
    if moment != "decorate" or "Transactional" not in value.names[:1]:
        return None
    made = value.steps[-1]
    options = members(made.arguments[0]) if not isinstance(made, str) and made.arguments else {}
    level = options.get("isolationLevel")
    said = text(level) or (level.names[-1] if isinstance(level, Library) and level.names else "")
    effect = Effect(
        kind="begin",
        store="database",
        library="typeorm",
        verb="@Transactional",
        isolation=said.replace("_", " ").lower(),
    )
    return Meaning(effects=(effect,), whole_path=True)


FRAMEWORK = LibraryTable(
    name="typeorm",
    packages=("typeorm", "typeorm-transactional", "typeorm-transactional-cls-hooked"),
    calls=_call,
    settles=_settle,
)
