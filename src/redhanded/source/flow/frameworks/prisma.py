"""Prisma Client: models by the client's properties, transactions, raw queries.

References: prisma.io/docs, Prisma Client API reference; Transactions and batch queries (isolation
level, interactive transactions); Raw queries. A query is sent when it is awaited, or by
``$transaction([…])``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.prisma_values import (
    is_native_upsert,
    prisma_model,
    read_where,
    related_tables,
    written,
)
from redhanded.source.flow.frameworks.reading import (
    argument,
    elements,
    function,
    gives,
    is_true,
    members,
    number,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Computed, Known, Library, Made, Record, Unknown, Value

METHODS: Mapping[str, EffectKind] = {
    "findUnique": "read",
    "findUniqueOrThrow": "read",
    "findFirst": "read",
    "findFirstOrThrow": "read",
    "findMany": "read",
    "count": "read",
    "aggregate": "read",
    "groupBy": "read",
    "create": "insert",
    "createMany": "insert",
    "createManyAndReturn": "insert",
    "update": "update",
    "updateMany": "update",
    "updateManyAndReturn": "update",
    "upsert": "upsert",
    "delete": "delete",
    "deleteMany": "delete",
}
RAW = frozenset(["$queryRaw", "$executeRaw", "$queryRawUnsafe", "$executeRawUnsafe"])
QUIET = words("$connect $disconnect $on $use $queryRawTyped")
ONE = words("findUnique findUniqueOrThrow findFirst findFirstOrThrow update delete upsert")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    method = names[-1] if names else ""
    if method == "$transaction":
        return _transaction(site, around)
    if method == "$extends":
        return Meaning(result=Library(site.callee.package, site.callee.steps[:-1]))
    if method in QUIET:
        return Meaning()
    if method in RAW or (method in METHODS and len(names) > 2):
        return Meaning(is_lazy=True)
    return Meaning() if site.is_new else None


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    if moment != "await":
        return None
    effects = effects_of(value, around)
    return None if effects is None else Meaning(effects=effects)


def effects_of(value: Library, around: Surroundings) -> tuple[Effect, ...] | None:
    """What a query does that was built; None: it is none."""
    names = value.names
    made = value.steps[-1] if value.steps else None
    if not isinstance(made, Made) or len(names) < 3:
        return None
    method = names[-2]
    if method in RAW:
        return _raw(value, method, made)
    if method not in METHODS or len(names) < 4:
        return None
    session = _session(value)
    query = prisma_model(names[-3], around).query(value.package)
    query.session = session
    given = members(made.arguments[0]) if made.arguments else {}
    _read(query, method, given, made.arguments[0] if made.arguments else None)
    if query.kind == "read":
        included = related_tables(given, around)
        if included:
            query.options["include"] = Record(included)
    return query.effects()


def _session(value: Library) -> Value | None:
    """``tx`` of an interactive transaction."""
    for place, step in enumerate(value.steps[:-1]):
        if step == "$transaction" and isinstance(value.steps[place + 1], Made):
            return Library(value.package, value.steps[: place + 2])
    return None


def _read(
    query: BuiltQuery, method: str, given: Mapping[str, Value], arguments: Value | None
) -> None:
    query.kind, query.verb = METHODS[method], method
    if arguments is not None and not isinstance(arguments, Record):
        query.unread(arguments)
        if query.kind in ("insert", "update", "upsert"):
            query.values["?"] = arguments
        return
    read_where(query, given.get("where"))
    query.is_one = method in ONE or number(given.get("take")) == 1
    query.is_ordered = "orderBy" in given
    if method in ("count", "aggregate", "groupBy"):
        query.aggregates = tuple(
            name.strip("_") for name in ("_count", "_sum", "_max", "_min", "_avg") if name in given
        ) or (method,)
    if method == "upsert":
        _upsert(query, given, arguments)
        return
    data = given.get("data")
    rows = elements(data)
    if method.startswith("createMany"):
        query.is_many = True
        data = rows[0] if rows else members(data).get("*", data)
        if is_true(given.get("skipDuplicates")):
            query.conflict, query.verb = "ignore", f"{method} skipDuplicates"
    query.values = written(query, data)


def _upsert(query: BuiltQuery, given: Mapping[str, Value], arguments: Value | None) -> None:
    query.values = written(query, given.get("create"))
    query.options["set"] = Record(written(query, given.get("update")))
    query.conflict = "update"
    if is_native_upsert(given.get("where"), given.get("create"), arguments):
        query.conflict_columns = tuple(one for one in query.where if one != "?")
    else:
        query.kind = "find-or-create"


def _raw(value: Library, method: str, made: Made) -> tuple[Effect, ...]:
    arguments = made.arguments
    query = arguments[0] if arguments else Unknown()
    parameters = Record({str(place): one for place, one in enumerate(arguments[1:])})
    return sql_effects(
        query,
        parameters if method.endswith("Unsafe") else None,
        library=value.package,
        session=_session(value),
        inline=_fragment,
    )


def _fragment(value: Value) -> Value | None:
    """``Prisma.sql``, ``Prisma.raw``, ``Prisma.empty``; a list of ``Prisma.join`` is a value."""
    if not isinstance(value, Library):
        return None
    last = value.steps[-1] if value.steps else None
    if last == "empty":
        return Known(" ")
    if not isinstance(last, Made) or not last.arguments:
        return None
    name = value.names[-2] if len(value.names) > 1 else ""
    if name in ("sql", "raw"):
        return last.arguments[0]
    if name == "join":
        inner = elements(last.arguments[0])
        return Computed("text", (*_listed(inner),)) if inner else None
    return None


def _listed(values: tuple[Value, ...]) -> list[Value]:
    found: list[Value] = []
    for place, one in enumerate(values):
        found += [Known(", "), one] if place else [one]
    return found


def _transaction(site: CallSite, around: Surroundings) -> Meaning:
    """Interactive, or a list of queries that are sent one after the other."""
    first, options = argument(site, 0), members(argument(site, 1))
    handle = gives(site)
    level = options.get("isolationLevel")
    said = text(level) or (
        str(level.names[-1]) if isinstance(level, Library) and level.names else ""
    )
    begin = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb="$transaction",
        session=handle,
        isolation=_spaced(said),
    )
    called = function(first)
    if called is not None:
        callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
        return Meaning(effects=(begin,), callbacks=(callback,))
    inside: list[Effect] = []
    for one in elements(first) or (members(first).get("*", Unknown()),):
        if isinstance(one, Library):
            for effect in effects_of(one, around) or ():
                inside.append(replace(effect, session=handle))
    commit = replace(begin, kind="commit", isolation="")
    return Meaning(effects=(begin, *inside, commit))


def _spaced(level: str) -> str:
    """``RepeatableRead`` is ``repeatable read``."""
    return "".join(f" {one.lower()}" if one.isupper() else one for one in level).strip()


FRAMEWORK = LibraryTable(name="prisma", packages=("@prisma/client",), calls=_call, settles=_settle)
