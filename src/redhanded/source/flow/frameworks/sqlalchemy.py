"""SQLAlchemy (1.4 and 2), Flask-SQLAlchemy and SQLModel: sessions, connections, transactions.

References: https://docs.sqlalchemy.org/en/20/orm/session_basics.html, …/session_transaction.html,
…/core/connections.html. A session begins a transaction with its first statement; instances that
were added or changed are written when it is flushed, which every query and commit does first.
"""

from __future__ import annotations

from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import (
    Link,
    before,
    given,
    kind_of,
    libraries,
    links,
)
from redhanded.source.flow.frameworks.reading import elements, gives, text
from redhanded.source.flow.frameworks.sqlalchemy_columns import PACKAGES, row, stored, table_of
from redhanded.source.flow.frameworks.sqlalchemy_statements import (
    Statement,
    effect_of,
    executed,
    statement,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import (
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Value,
)

SESSIONS = frozenset(
    {
        *("Session", "sessionmaker", "scoped_session", "AsyncSession", "async_sessionmaker"),
        *("async_scoped_session", "session", "Connection", "AsyncConnection", "connect"),
        *("create_engine", "create_async_engine", "engine_from_config", "Engine", "AsyncEngine"),
        *("begin", "create_session", "get_bind", "connection"),
    }
)
ONE = frozenset(
    {
        *("first", "one", "one_or_none", "scalar", "get", "first_or_404", "one_or_404"),
        *("get_or_404", "scalar_one", "scalar_one_or_none", "fetchone", "get_one"),
    }
)
ALL = frozenset({"all", "count", "paginate", "fetchall", "partitions", "fetchmany"})
EXECUTES = frozenset(
    {"execute", "scalar", "scalars", "stream", "stream_scalars", "exec", "exec_driver_sql"}
)
FETCHES = frozenset(
    {"scalars", "mappings", "unique", "tuples", "columns", "yield_per", "freeze", "all", "fetchall"}
)
ASYNC = frozenset(
    {"AsyncSession", "async_sessionmaker", "async_scoped_session", "create_async_engine"}
    | {"AsyncConnection", "AsyncEngine"}
)


def _session(value: Library) -> Library | None:
    """The session, connection or engine that a chain begins with; None: it begins with none."""
    chain = links(value)
    for place, one in enumerate(chain):
        if one.name in ("query", "select", "insert", "update", "delete"):
            return before(value, len(chain) - place) if place else None
    return value if any(one.name in SESSIONS for one in chain) else None


def _is_async(value: Library) -> bool:
    return any(one in ASYNC for one in value.names)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not chain or chain[-1].made is not None:
        return None
    if isinstance(site.callee.through, Result) and _fetched(chain):
        return _fetch(site, chain)
    name = chain[-1].name
    session = _session(before(site.callee, 1))
    built = statement(site.callee, around) if name in ONE | ALL | {"update", "delete"} else None
    if built is not None and (session is not None or _is_flask(chain, site)):
        return _queried(site, name, session, around)
    if session is None:
        return None
    if name in EXECUTES:
        return _executed(site, name, session, around)
    work = _WORK.get(name)
    if work is not None:
        return work(site, session, around)
    return None


def _is_flask(chain: tuple[Link, ...], site: CallSite) -> bool:
    return isinstance(site.callee.through, Kind) and any(one.name == "query" for one in chain)


def _flask_session(value: Library) -> Library:
    """``db.session`` behind ``Model.query``, where ``class Model(db.Model)``."""
    place = value.steps.index("Model") if "Model" in value.steps else 0
    return Library(value.package, (*value.steps[:place], "session"))


def _meaning(effects: tuple[Effect, ...], session: Library, result: Value | None = None) -> Meaning:
    return Meaning(
        effects=effects,
        result=result,
        autobegin=_is_transactional(session),
        is_async=_is_async(session),
    )


def _is_transactional(session: Library) -> bool:
    """Not an engine of 1.4 that executes for itself, and not what commits each statement."""
    isolation = isolation_of(session)
    return isolation != "autocommit" and session.names[-1:] not in (
        ("create_engine",),
        ("create_async_engine",),
    )


def isolation_of(session: Value | None) -> str:
    """The isolation level that an engine, session or connection was made with."""
    for one in libraries(session):
        for step in one.steps:
            if not isinstance(step, Made):
                continue
            level = text(step.keywords.get("isolation_level"))
            options = step.keywords.get("execution_options")
            if level is None and isinstance(options, Record):
                level = text(options.parts.get("isolation_level"))
            if level is not None:
                return level.lower().replace("_", " ")
    return ""


def _queried(
    site: CallSite, name: str, session: Library | None, around: Surroundings
) -> Meaning | None:
    """The last step of ``session.query(…)…`` or ``Model.query…``."""
    base = before(site.callee, 1)
    found = statement(gives(site), around)
    if found is None:
        return None
    if session is None:
        session = _flask_session(site.callee)
    if name == "update":
        found = statement(base, around) or found
        found.verb = "update"
        found.values.update(row(given(site, 0, "values"), around))
    elif name == "delete":
        found = statement(base, around) or found
        found.verb = "delete"
    many = name not in ONE and name != "count"
    effect = effect_of(found, library="sqlalchemy", verb=name, session=session, many=many)
    result: Value | None = None
    if found.verb == "read":
        result = _row(found, scalar=name == "scalar")
    return replace(_meaning((effect,), session, result), flushes=True)


def _row(found: Statement, *, scalar: bool = False) -> Value:
    """What a read gives: an instance, or columns."""
    if found.model is not None and not found.columns and not found.aggregates:
        return Result(THIS.event, (), found.model)
    if len(found.columns) == 1 and scalar and not found.aggregates:
        return Result(THIS.event, (found.columns[0],))
    return THIS


def _executed(site: CallSite, name: str, session: Library, around: Surroundings) -> Meaning | None:
    written = given(site, 0, "statement", "clause", "clauseelement", "object")
    parameters = given(site, 1, "params", "parameters", "multiparams")
    effects, found = executed(
        written, parameters, around, library="sqlalchemy", verb=name, session=session
    )
    if not effects:
        return None
    result: Value = THIS
    if name == "scalar":
        result = _row(found, scalar=True) if found is not None else THIS
    else:
        kind = found.model if found is not None and not found.columns else None
        aggregated = found is not None and bool(found.aggregates)
        made = Made(() if kind is None or aggregated else (kind,))
        columns = found.columns if found is not None and not aggregated else []
        if columns and not aggregated:
            made = Made((), {"column": Known(columns[0])})
        # A result has columns or instances; what is fetched from it says which.
        result = Result(THIS.event, (), Library("sqlalchemy", ("engine", "Result", made)))
    return replace(_meaning(effects, session, result), flushes=True)


def _fetched(chain: tuple[Link, ...]) -> bool:
    return len(chain) > 1 and chain[0].name == "engine" and chain[1].name == "Result"


def _fetch(site: CallSite, chain: tuple[Link, ...]) -> Meaning | None:
    """What is taken out of a result, which does nothing to the world."""
    whole, name = site.callee.through, chain[-1].name
    if not isinstance(whole, Result):
        return None
    made = chain[1].made
    kind = made.arguments[0] if made is not None and made.arguments else None
    if name in FETCHES and name not in ("all", "fetchall"):
        return Meaning(result=whole)
    if made is not None and "column" in made.keywords and name.startswith("scalar"):
        column = text(made.keywords["column"]) or ""
        return Meaning(result=Result(whole.event, (*whole.parts, column)))
    return Meaning(result=Result(whole.event, whole.parts, kind))


def _add(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    """``add``: a new instance is inserted at the next flush; one that was read is known already."""
    effects = []
    given_ones = site.arguments[:1]
    if site.callee.names[-1] in ("add_all", "bulk_save_objects"):
        given_ones = elements(site.arguments[0]) if site.arguments else ()
    for one in given_ones:
        kind = kind_of(one)
        if isinstance(one, Result) or kind is None or not isinstance(one, Record):
            continue
        effects.append(
            Effect(
                kind="insert",
                store="database",
                library="sqlalchemy",
                verb=site.callee.names[-1],
                subject=table_of(kind, around),
                model=kind.name,
                values={name: stored(value, around) for name, value in one.parts.items()},
                session=session,
                many=len(given_ones) > 1,
            )
        )
    if not effects:
        return Meaning(result=Known(None))
    return replace(_meaning(tuple(effects), session, Known(None)), at_flush=True, is_async=False)


def _delete(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    one = given(site, 0, "instance")
    kind = kind_of(one)
    effect = Effect(
        kind="delete",
        store="database",
        library="sqlalchemy",
        verb="delete",
        subject=None if kind is None else table_of(kind, around),
        model="" if kind is None else kind.name,
        entity=one,
        session=session,
    )
    return replace(_meaning((effect,), session), at_flush=True)


def _get(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    """``session.get(Model, key)``: also ``get_one``, and ``refresh`` of an instance."""
    name = site.callee.names[-1]
    target = given(site, 0, "entity", "instance")
    kind = kind_of(target)
    if kind is None and name == "refresh":
        kind = None
    elif kind is None:
        return None
    locked = given(site, -1, "with_for_update")
    where: dict[str, Value] = {}
    if name != "refresh":
        key = given(site, 1, "ident")
        parts = key.parts if isinstance(key, Record) and key.of is None else {}
        where = dict(parts) if parts and "0" not in parts else {"id": key or Known(None)}
    elif target is not None:
        where = (
            {"id": Result(target.event, (*target.parts, "id"))}
            if isinstance(target, Result)
            else {"?": target}
        )
    effect = Effect(
        kind="read",
        store="database",
        library="sqlalchemy",
        verb=name,
        subject=None if kind is None else table_of(kind, around),
        model="" if kind is None else kind.name,
        where=where,
        lock="update" if locked not in (None, Known(False), Known(None)) else "",
        session=session,
        entity=target if name == "refresh" else None,
    )
    result = Result(THIS.event, (), kind) if name != "refresh" else Known(None)
    return _meaning((effect,), session, result)


def _merge(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    one = given(site, 0, "instance")
    kind = kind_of(one)
    if kind is None or not isinstance(one, Record):
        return None
    effect = Effect(
        kind="find-or-create",
        store="database",
        library="sqlalchemy",
        verb="merge",
        subject=table_of(kind, around),
        model=kind.name,
        where={name: one.parts[name] for name in ("id",) if name in one.parts},
        values=dict(one.parts),
        session=session,
    )
    return _meaning((effect,), session, Result(THIS.event, (), kind))


def _bulk(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    kind = kind_of(given(site, 0, "mapper"))
    if kind is None:
        return None
    rows = elements(given(site, 1, "mappings"))
    effect = Effect(
        kind="insert" if "insert" in site.callee.names[-1] else "update",
        store="database",
        library="sqlalchemy",
        verb=site.callee.names[-1],
        subject=table_of(kind, around),
        model=kind.name,
        values=row(rows[0], around) if rows else {},
        session=session,
        many=True,
    )
    return replace(_meaning((effect,), session), flushes=True)


def _end(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    name = site.callee.names[-1]
    effect = Effect(
        kind="commit" if name == "commit" else "rollback",
        store="database",
        library="sqlalchemy",
        verb=name,
        session=session,
    )
    return Meaning(
        effects=(effect,),
        result=Known(None),
        flushes=name == "commit",
        is_async=_is_async(session),
    )


def _flush(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    return Meaning(result=Known(None), flushes=True, is_async=_is_async(session))


def _run_sync(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    function = given(site, 0, "fn")
    if function is None:
        return None
    called = Callback(function=function, arguments=(session, *site.arguments[1:]), gives=True)
    return Meaning(callbacks=(called,), result=gives(site))


_WORK = {
    "add": _add,
    "add_all": _add,
    "bulk_save_objects": _add,
    "delete": _delete,
    "get": _get,
    "get_one": _get,
    "refresh": _get,
    "merge": _merge,
    "bulk_insert_mappings": _bulk,
    "bulk_update_mappings": _bulk,
    "commit": _end,
    "rollback": _end,
    "flush": _flush,
    "run_sync": _run_sync,
}


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if not chain:
        return None
    last = chain[-1]
    if moment == "enter":
        return _entered(value, last)
    if moment == "iterate":
        session = _session(value)
        found = statement(value, around)
        if found is None or (session is None and not isinstance(value.through, Kind)):
            return None
        if session is None:
            session = _flask_session(value)
        effect = effect_of(found, library="sqlalchemy", verb="iterate", session=session, many=True)
        return replace(_meaning((effect,), session, _row(found)), flushes=True)
    return None


def _entered(value: Library, last: Link) -> Meaning | None:
    """``with session.begin():``, ``with engine.begin() as connection:``."""
    if last.name not in ("begin", "begin_nested") or last.made is None:
        return None
    owner = before(value, 1)
    # ``engine.begin()`` and ``sessionmaker.begin()`` give what statements run on.
    makes = owner.steps and (
        not isinstance(owner.steps[-1], Made)
        or links(owner)[-1].name
        in ("create_engine", "create_async_engine", "sessionmaker", "async_sessionmaker")
    )
    session = value if makes and links(owner)[-1].name != "session" else owner
    effect = Effect(
        kind="begin",
        store="database",
        library="sqlalchemy",
        verb=last.name,
        session=session,
        isolation=isolation_of(value),
        options={"savepoint": Known(True)} if last.name == "begin_nested" else {},
    )
    return Meaning(effects=(effect,), result=session, is_async=_is_async(value), flushes=True)


FRAMEWORK = LibraryTable(
    name="sqlalchemy",
    packages=PACKAGES,
    calls=_call,
    settles=_settle,
)
