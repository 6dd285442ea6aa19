"""Drivers that are given SQL: psycopg 2 and 3, asyncpg, aiopg, databases, MySQL's and SQLite's.

References: https://peps.python.org/pep-0249/, https://www.psycopg.org/psycopg3/docs/basic/,
https://magicstack.github.io/asyncpg/current/api/. Connections of PEP 249 begin a transaction with
the first statement, unless they are in autocommit; asyncpg's commit each statement by itself.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import (
    LAST,
    THIS,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.chain import (
    before,
    given,
    is_python,
    keywords_of,
    links,
)
from redhanded.source.flow.frameworks.reading import elements, is_true, pattern, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Known, Library, Made, Record, Result, Unknown, Value

PEP_249 = (
    *("psycopg", "psycopg2", "psycopg_pool", "sqlite3", "aiosqlite", "pymysql", "MySQLdb"),
    *("mysql", "aiomysql", "aiopg", "pg8000", "oracledb", "pyodbc"),
)
BY_STATEMENT = ("asyncpg", "databases", "asyncpgsa")
ASYNC = frozenset({"asyncpg", "databases", "aiopg", "aiomysql", "aiosqlite", "asyncpgsa"})
EXECUTES = frozenset(
    {
        *("execute", "executemany", "fetch", "fetchrow", "fetchval", "fetch_one", "fetch_all"),
        *("fetch_val", "iterate", "copy_records_to_table", "execute_many", "execute_values"),
        *("execute_batch", "mogrify", "executescript"),
    }
)
FETCHES = frozenset({"fetchone", "fetchall", "fetchmany"})
MAKERS = frozenset(
    {
        *("connect", "Connection", "AsyncConnection", "ConnectionPool", "AsyncConnectionPool"),
        *("create_pool", "Pool", "Database", "ThreadedConnectionPool", "SimpleConnectionPool"),
        *("NullConnectionPool", "Cursor", "AsyncCursor", "connection", "cursor"),
    }
)
GIVES_CONNECTIONS = frozenset({"acquire", "getconn", "connection", "cursor", "connect", "get_conn"})
QUIET = frozenset({"close", "putconn", "release", "set_session", "register", "terminate"})


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not is_python(site) or not chain or chain[-1].made is not None:
        return None
    name, package = chain[-1].name, site.callee.package
    on = before(site.callee, 1)
    if package == "psycopg2" and name in ("execute_values", "execute_batch"):
        cursor = given(site, 0, "cur")
        if isinstance(cursor, Library):
            return _executed(site, cursor, given(site, 1, "sql"), None, many=True)
        return None
    if not any(one.name in MAKERS for one in chain[:-1]):
        return None
    if name in EXECUTES:
        return _executed(site, on, given(site, 0, "query", "sql", "operation", "command"),
                         _parameters(site, package), many=name == "executemany")  # fmt: skip
    if name in FETCHES:
        whole = site.callee.through
        if isinstance(whole, Result):
            return Meaning(result=Result(whole.event, whole.parts))
        return Meaning(result=LAST)
    if name in ("commit", "rollback"):
        kind: EffectKind = "commit" if name == "commit" else "rollback"
        effect = Effect(kind=kind, store="database", library=package, verb=name, session=_owner(on))
        return Meaning(effects=(effect,), is_async=_is_async(on))
    if name in GIVES_CONNECTIONS or name == "transaction":
        return Meaning(is_lazy=True)
    if name == "start" and chain[-2].name == "transaction":
        return Meaning(effects=(_begin(on),), is_async=True)
    return Meaning() if name in QUIET else None


def _is_async(value: Library) -> bool:
    return value.package in ASYNC or any(one.startswith("Async") for one in value.names)


def _owner(value: Library) -> Library:
    """The connection that a cursor or transaction is of: they are in one transaction."""
    chain = links(value)
    count = 0
    for one in reversed(chain):
        if one.name not in ("cursor", "transaction", "Cursor", "__enter__"):
            break
        count += 1
    return before(value, count) if count < len(chain) else value


def _parameters(site: CallSite, package: str) -> Value | None:
    if package in ("asyncpg", "asyncpgsa"):
        rest = site.arguments[1:]
        return Record({str(place): one for place, one in enumerate(rest)}) if rest else None
    found = given(site, 1, "params", "values", "vars", "parameters", "args")
    if links(site.callee)[-1].name in ("executemany", "execute_many"):
        several = elements(found)
        return several[0] if several else found
    return found


def _executed(
    site: CallSite, on: Library, written: Value | None, parameters: Value | None, *, many: bool
) -> Meaning:
    package, owner = site.callee.package, _owner(on)
    effects = sql_effects(
        composed(written) if written is not None else Unknown(),
        parameters,
        library=package,
        session=_session(owner),
    )
    name = site.callee.names[-1]
    result: Value = THIS
    if name == "execute" and package not in BY_STATEMENT:
        # A cursor, from which rows are fetched: what ``fetchone`` gives is what this event gave.
        result = Result(THIS.event, (), on)
    return Meaning(
        effects=effects,
        result=result,
        is_async=_is_async(on),
        autobegin=package in PEP_249 and not _autocommits(owner),
    )


def _session(owner: Library) -> Value | None:
    """A pool takes any connection for each statement."""
    last = links(owner)[-1].name
    is_pool = last in ("create_pool", "Pool", "Database", "ConnectionPool", "AsyncConnectionPool")
    return None if is_pool and owner.package != "databases" else owner


def _autocommits(owner: Library) -> bool:
    return any(
        is_true(given(one.made, -1, "autocommit"))
        or (
            given(one.made, -1, "isolation_level") == Known(None)
            and one.made is not None
            and "isolation_level" in one.made.keywords
        )
        for one in links(owner)
    )


def composed(value: Value) -> Value:
    """psycopg's ``sql.SQL("…").format(…)`` as its text."""
    if isinstance(value, Library):
        chain = links(value)
        for one in chain:
            if one.name == "SQL" and one.made is not None:
                written = text(given(one.made, 0))
                if written is None:
                    return Unknown()
                names = [each for each in chain if each.name == "format" and each.made is not None]
                made = names[0].made if names else None
                return Known(_filled(written, made))
    return value


def _filled(written: str, made: Made | None) -> str:
    """Names put in; values stay parameters."""
    for one in made.arguments if made is not None else ():
        written = written.replace("{}", _identifier(one), 1)
    for name, one in keywords_of(made, *(made.keywords if made is not None else ())).items():
        written = written.replace("{" + name + "}", _identifier(one))
    return written


def _identifier(value: Value) -> str:
    if isinstance(value, Library):
        last = links(value)[-1]
        if last.name == "Identifier" and last.made is not None:
            return ".".join(pattern(one) or "?" for one in last.made.arguments)
        if last.name == "Literal":
            return "NULL"
    return "%s"


def _begin(value: Library) -> Effect:
    isolation = ""
    for one in links(value):
        if one.name == "transaction" and one.made is not None:
            isolation = text(given(one.made, -1, "isolation")) or ""
    return Effect(
        kind="begin",
        store="database",
        library=value.package,
        verb="transaction",
        session=_session(_owner(value)),
        isolation=isolation.replace("_", " "),
    )


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if moment != "enter" or not chain or chain[-1].made is None:
        return None
    if not any(one.name in MAKERS for one in chain):
        return None
    if chain[-1].name == "transaction":
        return Meaning(effects=(_begin(value),), result=_owner(value), is_async=_is_async(value))
    if chain[-1].name in ("connect", "connection") and value.package in ("psycopg", "psycopg_pool"):
        # The block is a transaction: it commits at its end.
        effect = Effect(
            kind="begin", store="database", library=value.package, verb="with", session=value
        )
        return Meaning(effects=(effect,), result=value, is_async=_is_async(value))
    return None


FRAMEWORK = LibraryTable(
    name="python databases",
    packages=(*PEP_249, *BY_STATEMENT),
    calls=_call,
    settles=_settle,
)
