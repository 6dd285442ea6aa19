"""Drizzle: queries are sent when they are awaited.

Reference: orm.drizzle.team/docs (select, insert, upsert, update, transactions, sql). A column is a
property of its table: ``eq(seats.showId, id)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, links
from redhanded.source.flow.frameworks.reading import (
    argument,
    elements,
    function,
    gives,
    is_true,
    members,
    number,
    text,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import (
    Computed,
    Known,
    Library,
    Made,
    Record,
    Stored,
    Unknown,
    Value,
)

TABLES = frozenset(["pgTable", "mysqlTable", "sqliteTable", "singlestoreTable", "table"])
STARTS = frozenset(
    ["select", "selectDistinct", "insert", "update", "delete", "execute", "query", "$count", "with"]
)
COMPARES = {"gt", "gte", "lt", "lte", "ne", "like", "ilike", "between", "notInArray", "isNotNull"}


def _database(value: Library) -> int:
    """How many steps make the database or the handle of a transaction; 0: it is none."""
    steps = value.steps
    found = 0
    for place, step in enumerate(steps[:-1]):
        if step in ("drizzle", "transaction") and isinstance(steps[place + 1], Made):
            found = place + 2
    return found


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if site.is_tagged or not names:
        return Meaning()
    start = _database(site.callee)
    if not start:
        return Meaning()
    if names[-1] == "transaction":
        return _transaction(site)
    if len(names) > start and names[start] in STARTS:
        return Meaning(is_lazy=True)
    return Meaning()


def _transaction(site: CallSite) -> Meaning | None:
    called, options = function(argument(site, 0)), members(argument(site, 1))
    if called is None:
        return None
    handle = gives(site)
    effect = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb="transaction",
        session=handle,
        isolation=text(options.get("isolationLevel")) or "",
    )
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,))


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    start = _database(value)
    if moment != "await" or not start or len(value.steps) <= start + 1:
        return None
    session = None
    if value.names[start - 2] == "transaction":
        session = Library(value.package, value.steps[:start])
    chain = links(Library("", value.steps[start:]))
    first = chain[0]
    if first.name == "execute":
        effects = sql_effects(
            _given(first, 0) or Unknown(), library=value.package, session=session, inline=_inline
        )
        return Meaning(effects=effects)
    if first.name == "query":
        return _relational(value, chain, session)
    if first.name not in STARTS:
        return None
    query = BuiltQuery(value.package, session=session)
    for link in chain:
        if link.name in ("from", "insert", "update", "delete", "$count"):
            _named(query, _given(link, 0))
    for link in chain:
        if link.name in _LINKS:
            _LINKS[link.name](query, link)
        elif link.name.endswith("Join"):
            query.joined.append(_table_name(_given(link, 0)) or "?")
    return Meaning(effects=query.effects())


def _relational(value: Library, chain: tuple[Link, ...], session: Value | None) -> Meaning | None:
    """``db.query.seats.findFirst({where: eq(…)})``: the property is the table's in the schema."""
    if len(chain) < 3 or chain[2].name not in ("findFirst", "findMany"):
        return None
    query = BuiltQuery(value.package, verb=chain[2].name, session=session)
    _named(query, _schema_table(value, chain[1].name))
    query.table = query.table if query.table not in (None, "?") else chain[1].name
    options = members(_given(chain[2], 0))
    if "where" in options:
        _condition(query, options["where"])
    query.is_one = chain[2].name == "findFirst"
    query.is_ordered = "orderBy" in options
    return Meaning(effects=query.effects())


def _schema_table(value: Library, name: str) -> Value | None:
    """Of ``drizzle(pool, {schema})``."""
    for step in value.steps:
        if isinstance(step, Made):
            for one in step.arguments:
                found = members(members(one).get("schema")).get(name)
                if found is not None:
                    return found
    return None


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _table(value: Value | None) -> tuple[Made, int] | None:
    """What a table was made with, and where."""
    if isinstance(value, Library) and value.package.startswith("drizzle-orm"):
        for place, step in enumerate(value.steps[:-1]):
            after = value.steps[place + 1]
            if isinstance(after, Made) and after.arguments and _makes_table(value, place, step):
                return after, place + 2
    return None


def _makes_table(value: Library, place: int, step: str | Made) -> bool:
    """``pgTable(…)``, ``schema.table(…)``, ``pgTableCreator(…)(…)``."""
    before = value.names[place - 1] if place else ""
    return step in TABLES or (isinstance(step, Made) and before.endswith("TableCreator"))


def _table_name(value: Value | None) -> str | None:
    found = _table(value)
    return text(found[0].arguments[0]) if found is not None else None


def _named(query: BuiltQuery, value: Value | None) -> None:
    found = _table(value)
    if found is None:
        query.table = query.table or ("?" if value is not None else None)
        return
    made = found[0]
    query.table = text(made.arguments[0]) or "?"
    columns = members(made.arguments[1]) if len(made.arguments) > 1 else {}
    query.columns = {name: _column_name(name, one) for name, one in columns.items()}


def _column_name(name: str, value: Value) -> str:
    """``integer('show_id').notNull()``; without a name it is called like the property."""
    if isinstance(value, Library):
        first = next((one for one in value.steps if isinstance(one, Made)), None)
        if first is not None and first.arguments:
            return text(first.arguments[0]) or name
    return name


def _column(query: BuiltQuery, value: Value | None) -> str | None:
    """A column of the query's table."""
    found = _table(value)
    if found is None or not isinstance(value, Library) or len(value.steps) <= found[1]:
        return None
    if text(found[0].arguments[0]) != query.table:
        return None
    name = value.steps[found[1]]
    return query.columns.get(name, name) if isinstance(name, str) else None


def _condition(query: BuiltQuery, value: Value | None) -> None:
    made = value.steps[-1] if isinstance(value, Library) and value.steps else None
    if not isinstance(value, Library) or not isinstance(made, Made):
        if value is not None and value != Known(None):
            query.unread(None)
        return
    operator = value.names[-2] if len(value.names) > 1 else ""
    first = made.arguments[0] if made.arguments else None
    second = made.arguments[1] if len(made.arguments) > 1 else None
    column = _column(query, first)
    if operator == "and":
        for one in made.arguments:
            _condition(query, one)
    elif column is None:
        if _table(first) is None or _table(second) is None:
            query.unread(None)
    elif operator == "eq":
        query.where[column] = second or Unknown()
    elif operator == "inArray":
        query.among(column, second)
    elif operator == "isNull":
        query.where[column] = Known(None)
    elif operator in COMPARES:
        query.ranges[column] = second or Known(None)
    else:
        query.unread(None)


def _where(query: BuiltQuery, link: Link) -> None:
    _condition(query, _given(link, 0))


def _start(query: BuiltQuery, link: Link) -> None:
    query.verb = link.name
    if link.name in ("insert", "update", "delete"):
        query.kind = link.name  # type: ignore[assignment]
    if link.name == "$count":
        query.aggregates = ("count",)
        _condition(query, _given(link, 1))
    for one in members(_given(link, 0)).values() if link.name == "select" else ():
        name = one.names[-2] if isinstance(one, Library) and one.names[-1:] == ("()",) else ""
        if name in ("count", "sum", "max", "min", "avg", "countDistinct"):
            query.aggregates = (*query.aggregates, name)


def _values(query: BuiltQuery, link: Link) -> None:
    query.write(_given(link, 0))
    query.values = {name: _stored(one) for name, one in query.values.items()}


def _stored(value: Value) -> Value:
    """``sql`${seats.free} - 1```."""
    if isinstance(value, Library) and value.names[-2:] in (("sql", "()"), ("raw", "()")):
        made = value.steps[-1]
        given = made.arguments[0] if isinstance(made, Made) and made.arguments else None
        parts = given.operands if isinstance(given, Computed) else (given,)
        columns: list[str] = []
        said = ""
        for one in parts:
            if isinstance(one, Known):
                said += str(one.value)
                continue
            found = _table(one)
            if found is not None and isinstance(one, Library) and len(one.steps) > found[1]:
                name = str(one.steps[found[1]])
                columns.append(name)
                said += name
            else:
                said += "?"
        return Stored(said, tuple(columns))
    return value


def _conflict(query: BuiltQuery, link: Link) -> None:
    given = members(_given(link, 0))
    target = given.get("target")
    query.conflict = "ignore" if link.name == "onConflictDoNothing" else "update"
    query.verb = f"insert {link.name}"
    columns = [_column(query, one) for one in elements(target) or ((target,) if target else ())]
    query.conflict_columns = tuple(one or "?" for one in columns)
    if "set" in given:
        changed = {
            query.columns.get(name, name): _stored(one)
            for name, one in members(given["set"]).items()
        }
        query.options["set"] = Record(changed)
    # Before there was a `setWhere`, `where` was the condition of the update.
    if (where := given.get("setWhere") or given.get("where")) is not None:
        query.options["set_where"] = where


def _lock(query: BuiltQuery, link: Link) -> None:
    said = text(_given(link, 0)) or ""
    query.lock = "share" if said.endswith("share") else "update"
    if is_true(members(_given(link, 1)).get("skipLocked")):
        query.options["wait"] = Known("skip locked")


def _limit(query: BuiltQuery, link: Link) -> None:
    query.is_one = number(_given(link, 0)) == 1


def _ordered(query: BuiltQuery, link: Link) -> None:
    query.is_ordered = True


_LINKS: Mapping[str, Callable[[BuiltQuery, Link], None]] = {
    **dict.fromkeys(("select", "selectDistinct", "insert", "update", "delete", "$count"), _start),
    "where": _where,
    **dict.fromkeys(("values", "set"), _values),
    **dict.fromkeys(
        ("onConflictDoNothing", "onConflictDoUpdate", "onDuplicateKeyUpdate"), _conflict
    ),
    "for": _lock,
    "limit": _limit,
    "orderBy": _ordered,
}


def _inline(value: Value) -> Value | None:
    """A table or column in ``sql`…``` is its name; ``sql`` inside of ``sql`` a part of it."""
    found = _table(value)
    if found is not None and isinstance(value, Library):
        name = text(found[0].arguments[0]) or "?"
        if len(value.steps) > found[1] and isinstance(value.steps[found[1]], str):
            attribute = str(value.steps[found[1]])
            columns = members(found[0].arguments[1]) if len(found[0].arguments) > 1 else {}
            column = columns.get(attribute)
            return Known(_column_name(attribute, column) if column is not None else attribute)
        return Known(name)
    if isinstance(value, Library) and value.names[-2:-1] in (("sql",), ("raw",), ("identifier",)):
        made = value.steps[-1]
        return made.arguments[0] if isinstance(made, Made) and made.arguments else None
    return None


FRAMEWORK = LibraryTable(name="drizzle", packages=("drizzle-orm",), calls=_call, settles=_settle)
