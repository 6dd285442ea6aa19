"""SQL by other drivers: MySQL, SQLite, postgres.js, pg-promise, Slonik.

References: sidorares.github.io/node-mysql2; github.com/WiseLibs/better-sqlite3 (API); github.com/
TryGhost/node-sqlite3; github.com/porsager/postgres; vitaly-t.github.io/pg-promise; github.com/
gajus/slonik.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.pg import executed
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    called_back,
    elements,
    function,
    gives,
    last_function,
    members,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.sql_tags import sql_text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Known, Library, Made, Record, Unknown, Value

MYSQL = ("mysql2", "mysql", "mariadb", "promise-mysql")
PROMISE_METHODS = words(
    "none one many any oneOrNone manyOrNone query result multi multiResult map each"
)
SLONIK_METHODS = words(
    "any anyFirst exists many manyFirst maybeOne maybeOneFirst one oneFirst query stream"
)
ENDS: Mapping[str, EffectKind] = {
    "beginTransaction": "begin",
    "commit": "commit",
    "rollback": "rollback",
}


def _plain(site: CallSite, kind: EffectKind, session: Value | None, isolation: str = "") -> Effect:
    return Effect(
        kind=kind,
        store="database",
        library=site.callee.package,
        verb=str(site.callee.names[-1]),
        session=session,
        isolation=isolation,
    )


def _mysql(site: CallSite) -> Meaning | None:
    names = site.callee.names
    last = names[-1] if names else ""
    connection = base(site.callee)
    is_own = "getConnection" in names[:-1] or "createConnection" in names[:-1]
    session = connection if is_own else None
    if last in ("query", "execute", "batch") and "()" in names:
        effects = executed(site, site.arguments, session)
        return Meaning(effects=effects, callbacks=called_back(site, THIS))
    if last == "getConnection":
        return Meaning(result=gives(site), callbacks=called_back(site, gives(site)))
    if last in ENDS and "()" in names:
        effect = _plain(site, ENDS[last], session)
        return Meaning(effects=(effect,), callbacks=called_back(site))
    if last == "promise" and "()" in names:
        return Meaning(result=connection)
    return Meaning()


def _better_sqlite(site: CallSite) -> Meaning | None:
    """``db.prepare(sql).run(…)``; ``db.transaction(f)`` gives a function that runs in one."""
    names = site.callee.names
    last = names[-1] if names else ""
    if names[-2:] == ("transaction", "()") or last in ("immediate", "exclusive", "deferred"):
        made = next((one for one in reversed(site.callee.steps) if isinstance(one, Made)), None)
        called = function(made.arguments[0]) if made is not None and made.arguments else None
        if called is None:
            return None
        effect = _plain(site, "begin", None, "serializable")
        callback = Callback(
            function=called, arguments=site.arguments, in_transaction=True, gives=True
        )
        return Meaning(effects=(effect,), callbacks=(callback,), whole_path=True)
    if last in ("run", "get", "all", "iterate", "pluck") and "prepare" in names:
        place = max(at for at, one in enumerate(names) if one == "prepare")
        step = site.callee.steps[place + 1]
        query = step.arguments[0] if isinstance(step, Made) and step.arguments else Unknown()
        first = argument(site, 0)
        parameters: Value = Record({str(at): one for at, one in enumerate(site.arguments)})
        if isinstance(first, Record) and len(site.arguments) == 1:
            parameters = first
        return Meaning(effects=sql_effects(query, parameters, library="better-sqlite3"))
    if last in ("exec", "run", "get", "all", "each") and "()" in names:
        effects = executed(site, site.arguments, None)
        return Meaning(effects=effects, callbacks=called_back(site, THIS))
    return Meaning()


def _promised(site: CallSite) -> Meaning | None:
    """pg-promise: ``db.one(sql, values)``, ``db.tx(t => …)``."""
    names = site.callee.names
    last = names[-1] if names else ""
    if names.count("()") < 2:
        return Meaning()
    connection = base(site.callee)
    in_task = any(one in names[:-1] for one in ("tx", "txIf", "task", "taskIf"))
    session = connection if in_task else None
    if last in PROMISE_METHODS:
        query = argument(site, 0) or Unknown()
        given = argument(site, 1)
        if given is not None and not isinstance(given, Record) and not elements(given):
            given = Record({"0": given})
        effects = sql_effects(
            members(query).get("text", query), given, library="pg-promise", session=session
        )
        return Meaning(effects=effects)
    if last in ("tx", "txIf", "task", "taskIf"):
        called = last_function(site)
        handle = gives(site)
        if called is None:
            return None
        is_transaction = last.startswith("tx")
        options = members(argument(site, 0))
        level = options.get("mode")
        effect = _plain(site, "begin", handle, text(level) or "")
        callback = Callback(
            function=called, arguments=(handle,), in_transaction=is_transaction, gives=True
        )
        return Meaning(effects=(effect,) if is_transaction else (), callbacks=(callback,))
    return Meaning()


def _slonik(site: CallSite) -> Meaning | None:
    """``pool.one(sql.type(…)`…`)``, ``pool.transaction(async connection => …)``."""
    names = site.callee.names
    last = names[-1] if names else ""
    if names[:1] == ("sql",) or site.is_tagged or "()" not in names:
        return Meaning()
    inside = "transaction" in names[:-1] or "connect" in names[:-1]
    session = base(site.callee) if inside else None
    if last in SLONIK_METHODS:
        query = argument(site, 0) or Unknown()
        effects = sql_effects(query, library="slonik", session=session, inline=_tagged)
        return Meaning(effects=effects)
    if last in ("transaction", "connect"):
        called, handle = last_function(site), gives(site)
        if called is None:
            return None
        is_transaction = last == "transaction"
        effect = _plain(site, "begin", handle)
        callback = Callback(
            function=called, arguments=(handle,), in_transaction=is_transaction, gives=True
        )
        return Meaning(effects=(effect,) if is_transaction else (), callbacks=(callback,))
    return Meaning()


def _tagged(value: Value) -> Value | None:
    """``sql.unsafe`…```, ``sql.type(schema)`…```, ``sql.fragment`…```, ``sql.identifier([…])``."""
    if not isinstance(value, Library) or value.names[:1] != ("sql",):
        return sql_text(value)
    last = value.steps[-1]
    given = last.arguments[0] if isinstance(last, Made) and last.arguments else None
    if value.names[-2:-1] == ("identifier",):
        return Known(".".join(pattern(one) or "?" for one in elements(given)))
    return given


def _postgres(site: CallSite) -> Meaning | None:
    """postgres.js sends what is awaited; ``sql.begin(async sql => …)`` is a transaction."""
    names = site.callee.names
    last = names[-1] if names else ""
    if not names or names in (("postgres",), ("default",)):
        return Meaning()
    if last in ("begin", "savepoint"):
        called, handle = last_function(site), gives(site)
        if called is None:
            return None
        said = (text(argument(site, 0)) or "").lower()
        level = next((one for one in ("serializable", "repeatable read") if one in said), "")
        effect = _plain(site, "begin", handle, level)
        callback = Callback(
            function=called, arguments=(handle,), in_transaction=last == "begin", gives=True
        )
        return Meaning(effects=(effect,) if last == "begin" else (), callbacks=(callback,))
    if last == "unsafe":
        effects = executed(site, site.arguments, _begun(site.callee))
        return Meaning(effects=effects)
    if last == "()":
        return Meaning(is_lazy=True)
    return Meaning()


def _begun(callee: Library) -> Value | None:
    for place in range(len(callee.steps) - 1, 0, -1):
        if callee.steps[place - 1] in ("begin", "reserve") and isinstance(
            callee.steps[place], Made
        ):
            return Library(callee.package, callee.steps[: place + 1])
    return None


def _fragment(value: Value) -> Value | None:
    """``sql`…``` inside of another; ``sql('name')`` is a name."""
    if isinstance(value, Library) and value.package == "postgres" and len(value.steps) > 1:
        last = value.steps[-1]
        if isinstance(last, Made) and last.arguments:
            given = last.arguments[0]
            if isinstance(given, Record):
                return None
            return given
    return None


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    if value.package != "postgres" or moment != "await" or len(value.steps) < 2:
        return None
    last = value.steps[-1]
    if not isinstance(last, Made) or not last.arguments or value.names[-2] != "()":
        return None
    effects = sql_effects(
        last.arguments[0], library="postgres", session=_begun(value), inline=_fragment
    )
    return Meaning(effects=effects)


_CALLS: Mapping[str, Callable[[CallSite], Meaning | None]] = {
    **dict.fromkeys(MYSQL, _mysql),
    "better-sqlite3": _better_sqlite,
    "sqlite3": _better_sqlite,
    "sqlite": _better_sqlite,
    "pg-promise": _promised,
    "slonik": _slonik,
    "postgres": _postgres,
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if site.location.path.endswith(".py"):
        return None
    return _CALLS[site.callee.package](site)


FRAMEWORK = LibraryTable(
    name="ecmascript sql", packages=tuple(_CALLS), calls=_call, settles=_settle
)
