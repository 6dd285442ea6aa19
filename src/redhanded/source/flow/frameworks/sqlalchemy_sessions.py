"""What sessions of SQLAlchemy do with instances, and how their transactions end.

Reference: https://docs.sqlalchemy.org/en/20/orm/session_api.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import given, kind_of, libraries
from redhanded.source.flow.frameworks.reading import elements, gives, text
from redhanded.source.flow.frameworks.sqlalchemy_columns import row, stored, table_of
from redhanded.source.flow.frameworks.sqlalchemy_relations import by_columns
from redhanded.source.flow.values import Known, Library, Made, Record, Result, Value

ASYNC = frozenset(
    {"AsyncSession", "async_sessionmaker", "async_scoped_session", "create_async_engine"}
    | {"AsyncConnection", "AsyncEngine"}
)


def is_async(value: Library) -> bool:
    return any(one in ASYNC for one in value.names)


def meaning(effects: tuple[Effect, ...], session: Library, result: Value | None = None) -> Meaning:
    return Meaning(
        effects=effects,
        result=result,
        autobegin=_is_transactional(session),
        is_async=is_async(session),
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


def flushing(meaning: Meaning, around: Surroundings) -> Meaning:
    """A call before which all that was added or changed is written."""
    return replace(meaning, flushes=True, written=lambda one: stored(one, around))


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
                values=by_columns(kind, one.parts, around),
                session=session,
                many=len(given_ones) > 1,
            )
        )
    if not effects:
        return Meaning(result=Known(None))
    return replace(meaning(tuple(effects), session, Known(None)), at_flush=True, is_async=False)


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
    return replace(meaning((effect,), session), at_flush=True)


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
    result = Result(THIS.event, (), kind) if name != "refresh" else None
    return meaning((effect,), session, result)


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
    return meaning((effect,), session, Result(THIS.event, (), kind))


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
    return flushing(meaning((effect,), session), around)


def _end(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    name = site.callee.names[-1]
    effect = Effect(
        kind="commit" if name == "commit" else "rollback",
        store="database",
        library="sqlalchemy",
        verb=name,
        session=session,
    )
    ended = Meaning(effects=(effect,), is_async=is_async(session))
    return flushing(ended, around) if name == "commit" else ended


def _flush(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    return flushing(Meaning(result=Known(None), is_async=is_async(session)), around)


def _run_sync(site: CallSite, session: Library, around: Surroundings) -> Meaning | None:
    function = given(site, 0, "fn")
    if function is None:
        return None
    called = Callback(function=function, arguments=(session, *site.arguments[1:]), gives=True)
    return Meaning(callbacks=(called,), result=gives(site))


WORK: Mapping[str, Callable[[CallSite, Library, Surroundings], Meaning | None]] = {
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
