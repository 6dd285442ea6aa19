"""SQLAlchemy (1.4 and 2), Flask-SQLAlchemy and SQLModel: sessions, connections, transactions.

References: https://docs.sqlalchemy.org/en/20/orm/session_basics.html, …/session_transaction.html,
…/core/connections.html. A session begins a transaction with its first statement; instances that
were added or changed are written when it is flushed, which every query and commit does first.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import (
    Link,
    before,
    given,
    links,
)
from redhanded.source.flow.frameworks.reading import gives, text
from redhanded.source.flow.frameworks.sqlalchemy_columns import PACKAGES, row
from redhanded.source.flow.frameworks.sqlalchemy_relations import (
    collected,
    is_collection,
    read,
    related,
)
from redhanded.source.flow.frameworks.sqlalchemy_sessions import (
    WORK,
    flushing,
    is_async,
    isolation_of,
    meaning,
)
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


def _session(value: Library) -> Library | None:
    """The session, connection or engine that a chain begins with; None: it begins with none."""
    chain = links(value)
    for place, one in enumerate(chain):
        if one.name in ("query", "select", "insert", "update", "delete"):
            return before(value, len(chain) - place) if place else None
    return value if any(one.name in SESSIONS for one in chain) else None


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not chain or chain[-1].made is not None:
        return None
    if isinstance(site.callee.through, Result) and _fetched(chain):
        return _fetch(site, chain)
    if is_collection(site.callee):
        return collected(site, around)
    name = chain[-1].name
    session = _session(before(site.callee, 1))
    built = statement(site.callee, around) if name in ONE | ALL | {"update", "delete"} else None
    if built is not None and (session is not None or _is_flask(chain, site)):
        return _queried(site, name, session, around)
    if session is None:
        return None
    if name in EXECUTES:
        return _executed(site, name, session, around)
    work = WORK.get(name)
    if work is not None:
        return work(site, session, around)
    return None


def _is_flask(chain: tuple[Link, ...], site: CallSite) -> bool:
    return isinstance(site.callee.through, Kind) and any(one.name == "query" for one in chain)


def _flask_session(value: Library) -> Library:
    """``db.session`` behind ``Model.query``, where ``class Model(db.Model)``."""
    place = value.steps.index("Model") if "Model" in value.steps else 0
    return Library(value.package, (*value.steps[:place], "session"))


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
    return flushing(meaning((effect,), session, result), around)


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
    return flushing(meaning(effects, session, result), around)


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


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if not chain:
        return None
    last = chain[-1]
    if moment == "enter":
        return _entered(value, last, around)
    if moment in ("iterate", "test") and is_collection(value) and len(value.steps) == 3:
        return read(value, around)
    if moment == "iterate":
        session = _session(value)
        found = statement(value, around)
        if found is None or (session is None and not isinstance(value.through, Kind)):
            return None
        if session is None:
            session = _flask_session(value)
        effect = effect_of(found, library="sqlalchemy", verb="iterate", session=session, many=True)
        return flushing(meaning((effect,), session, _row(found)), around)
    return None


def _entered(value: Library, last: Link, around: Surroundings) -> Meaning | None:
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
    begun = Meaning(effects=(effect,), result=session, is_async=is_async(value))
    return flushing(begun, around)


FRAMEWORK = LibraryTable(
    name="sqlalchemy",
    packages=PACKAGES,
    calls=_call,
    settles=_settle,
    relates=related,
)
