"""MikroORM: entity managers, repositories, the unit of work, transactions.

References: mikro-orm.io, Entity Manager, Unit of Work, Transactions and Concurrency, Upserting
entities. What was read and changed is written at the next ``flush``, and at the end of
``em.transactional``; ``nativeUpdate``, ``nativeDelete``, ``insert`` and ``upsert`` are one
statement at once.
"""

from __future__ import annotations

from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.mikro_orm_reading import (
    MANAGED,
    PACKAGE,
    is_manager,
    is_repository,
    key_of,
    read_lock,
    read_options,
    read_where,
    repository_entity,
    session_of,
    stored,
    written,
)
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    function,
    gives,
    members,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.frameworks.typeorm_entities import Entity, entity_of
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Kind, Known, Library, Made, Record, Result, Unknown, Value

PACKAGES = (
    "@mikro-orm/core",
    "@mikro-orm/postgresql",
    "@mikro-orm/mysql",
    "@mikro-orm/mariadb",
    "@mikro-orm/mssql",
    "@mikro-orm/sqlite",
    "@mikro-orm/better-sqlite",
    "@mikro-orm/libsql",
    "@mikro-orm/knex",
    "@mikro-orm/sql",
    "@mikro-orm/mongodb",
    "@mikro-orm/nestjs",
    "@mikro-orm/decorators",
)
READS = words("findOne findOneOrFail find findAll findAndCount findByCursor count")
ONE = words("findOne findOneOrFail")
AT_ONCE = words("insert insertMany upsert upsertMany nativeInsert nativeUpdate nativeDelete")
LATER = words("create persist persistLater remove removeLater assign")
FLUSHES = words("flush persistAndFlush removeAndFlush commit")
QUIET = words("fork clear getReference map merge populate getContext isInTransaction getUnitOfWork")
UNKNOWN_ENTITY = Entity(name="", value=None, table=None)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    callee = site.callee
    method = callee.names[-1] if callee.names else ""
    if method in ("raw", "sql") and len(callee.names) == 1:
        return Meaning(result=stored(gives(site)))
    if is_repository(callee):
        return _do(site, method, repository_entity(callee, around), site.arguments, around)
    if not is_manager(callee) and "getConnection" not in callee.names:
        return None
    if method == "execute":
        return _execute(site)
    if method in ("transactional", "begin", "commit", "rollback"):
        return _transaction(site, method)
    if method in ("flush", "lock", "refresh"):
        return _of_manager(site, method, around)
    if method in READS or method in AT_ONCE or method in ("create", "getReference"):
        entity = entity_of(argument(site, 0), around)
        return _do(site, method, entity, _without_entity(site), around)
    if method in LATER or method in FLUSHES:
        return _do(site, method, None, site.arguments, around)
    return Meaning() if method in QUIET else None


def _without_entity(site: CallSite) -> tuple[Value, ...]:
    """``em.insert(x)`` takes an instance alone, all others the entity first."""
    first = argument(site, 0)
    is_instance = isinstance(first, Record | Result) and len(site.arguments) == 1
    return site.arguments if is_instance else site.arguments[1:]


def _do(
    site: CallSite,
    method: str,
    entity: Entity | None,
    given: tuple[Value, ...],
    around: Surroundings,
) -> Meaning | None:
    entity = entity or UNKNOWN_ENTITY
    first = given[0] if given else None
    second = given[1] if len(given) > 1 else None
    if method in READS:
        return _read(site, method, entity, first, second)
    if method in AT_ONCE:
        return _at_once(site, method, entity, first, second, given)
    if method == "create":
        return _created(site, entity, first, second, around)
    if method == "getReference":
        parts: dict[str, Value] = {"id": first or Unknown("id"), MANAGED: Known(True)}
        return Meaning(result=Record(parts, _kind(entity), False))
    if method in LATER or method in FLUSHES:
        return _marked(site, method, first, second, around)
    return Meaning() if method in QUIET else None


def _kind(entity: Entity) -> Kind | None:
    return entity.value if isinstance(entity.value, Kind) else None


def _read(
    site: CallSite, method: str, entity: Entity, where: Value | None, options: Value | None
) -> Meaning:
    query = entity.query(PACKAGE, method, session_of(site.callee))
    query.is_one = method in ONE
    if method in ("findAll", "findByCursor"):
        where, options = members(where).get("where"), where
    read_where(query, where)
    read_options(query, options)
    if method == "count":
        query.aggregates = ("count",)
        return Meaning(effects=query.effects())
    return Meaning(effects=query.effects(), result=entity.row())


def _at_once(
    site: CallSite,
    method: str,
    entity: Entity,
    first: Value | None,
    second: Value | None,
    given: tuple[Value, ...],
) -> Meaning:
    query = entity.query(PACKAGE, method, session_of(site.callee))
    if method == "nativeUpdate":
        query.kind = "update"
        read_where(query, first)
        query.write(written(second))
    elif method == "nativeDelete":
        query.kind = "delete"
        read_where(query, first)
    else:
        query.kind = "insert"
        query.write(written(first))
        if method.startswith("upsert"):
            options = members(second)
            query.conflict = "ignore" if _is_ignored(options.get("onConflictAction")) else "update"
            named = [text(one) for one in elements(options.get("onConflictFields"))]
            query.conflict_columns = tuple(query.column(one) or one for one in named if one)
            return Meaning(effects=query.effects(), result=entity.row())
    return Meaning(effects=query.effects())


def _is_ignored(action: Value | None) -> bool:
    return text(action) == "ignore"


def _created(
    site: CallSite, entity: Entity, data: Value | None, options: Value | None, around: Surroundings
) -> Meaning:
    """Inserted at the next flush, unless ``{ persist: false }``."""
    kind = _kind(entity)
    parts = dict(members(data))
    is_complete = isinstance(data, Record) and data.is_complete
    made = Record(parts, kind, is_complete)
    if members(options).get("persist") == Known(False):
        return Meaning(result=made)
    effect = _insert(entity, made, session_of(site.callee), "create", around)
    parts[MANAGED] = Known(True)
    return Meaning(effects=(effect,), result=made, at_flush=True)


def _insert(
    entity: Entity, made: Record, session: Value | None, verb: str, around: Surroundings
) -> Effect:
    query = entity.query(PACKAGE, verb, session)
    query.kind = "insert"
    defaults = _defaults(made.of, made, entity, around)
    query.write(written(Record({**defaults, **made.parts}, made.of)))
    if not made.is_complete:
        query.values.setdefault("?", Unknown("values"))
    return query.effects()[0]


def _defaults(
    kind: Kind | Library | None, made: Record, entity: Entity, around: Surroundings
) -> dict[str, Value]:
    """What the fields of the class begin with, as far as they are columns."""
    if not isinstance(kind, Kind) or entity.table is None:
        return {}
    columns = {one.attribute or one.name for one in entity.table.columns}
    return {
        one.name: around.evaluate(one.value, kind.path)
        for one in around.class_of(kind).fields
        if one.value is not None and one.name in columns - made.parts.keys()
    }


def _marked(
    site: CallSite, method: str, given: Value | None, data: Value | None, around: Surroundings
) -> Meaning:
    """``persist``, ``remove``, ``assign``, with or without a flush."""
    flushes = method in FLUSHES
    effects: list[Effect] = []
    for one in elements(given) or ((given,) if given is not None else ()):
        entity = entity_of(one, around) or UNKNOWN_ENTITY
        query = entity.query(PACKAGE, method, session_of(site.callee))
        if method.startswith("remove"):
            query.kind = "delete"
            query.equal("id", key_of(one))
        elif method == "assign" and isinstance(one, Result):
            query.kind = "save"
            query.write(written(data))
        elif isinstance(one, Record) and isinstance(one.of, Kind) and MANAGED not in one.parts:
            effects.append(_insert(entity, one, session_of(site.callee), method, around))
            continue
        else:
            continue
        effects += [replace(each, entity=one) for each in query.effects()]
    result = None if effects and flushes else (given if method == "assign" else base(site.callee))
    return Meaning(
        effects=tuple(effects),
        result=result if result is not None else Known(None),
        at_flush=not flushes and bool(effects),
        flushes=flushes,
        is_async=flushes,
        written=stored,
    )


def _of_manager(site: CallSite, method: str, around: Surroundings) -> Meaning:
    if method == "flush":
        return Meaning(result=Known(None), flushes=True, is_async=True, written=stored)
    one = argument(site, 0)
    entity = entity_of(one, around) or UNKNOWN_ENTITY
    query = entity.query(PACKAGE, method, session_of(site.callee))
    query.is_one = True
    if one is not None:
        query.equal("id", key_of(one))
    if method == "lock":
        read_lock(query, argument(site, 1))
    else:
        read_options(query, argument(site, 1))
    return Meaning(effects=query.effects(), result=one or Known(None))


def _transaction(site: CallSite, method: str) -> Meaning | None:
    if method in ("commit", "rollback"):
        kind: EffectKind = "commit" if method == "commit" else "rollback"
        effect = Effect(kind=kind, store="database", library=PACKAGE, verb=method)
        return Meaning(effects=(effect,), flushes=method == "commit", written=stored)
    called = function(argument(site, 0))
    options = members(argument(site, 1 if method == "transactional" else 0))
    handle = gives(site)
    effect = Effect(
        kind="begin",
        store="database",
        library=PACKAGE,
        verb=method,
        session=handle if method == "transactional" else None,
        isolation=_isolation(options.get("isolationLevel")),
    )
    if method == "begin":
        return Meaning(effects=(effect,), whole_path=True)
    if called is None:
        return None
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,), flushes=True, written=stored)


def _isolation(level: Value | None) -> str:
    said = text(level) or (level.names[-1] if isinstance(level, Library) and level.names else "")
    return said.replace("_", " ").lower()


def _execute(site: CallSite) -> Meaning:
    given = site.arguments
    effects = sql_effects(
        given[0] if given else Unknown(),
        given[1] if len(given) > 1 else None,
        library=PACKAGE,
        session=session_of(site.callee),
    )
    return Meaning(effects=effects)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    """``@Transactional()``."""
    if moment != "decorate" or "Transactional" not in value.names:
        return None
    made = value.steps[-1]
    options = members(made.arguments[0]) if isinstance(made, Made) and made.arguments else {}
    effect = Effect(
        kind="begin",
        store="database",
        library=PACKAGE,
        verb="@Transactional",
        isolation=_isolation(options.get("isolationLevel")),
    )
    return Meaning(effects=(effect,), whole_path=True, flushes=True, written=stored)


FRAMEWORK = LibraryTable(name="mikro-orm", packages=PACKAGES, calls=_call, settles=_settle)
