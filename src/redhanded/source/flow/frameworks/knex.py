"""Knex: a query is built and sent when it is awaited.

Reference: knexjs.org/guide (Query Builder, Transactions, Raw). ``trx`` of ``knex.transaction`` is
called like ``knex`` itself, or given to ``transacting``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.built_query import BuiltQuery, columns_in
from redhanded.source.flow.frameworks.chain import Link, links
from redhanded.source.flow.frameworks.knex_tables import (
    CATALOGUE,
    of_table,
    table_of,
    unless_there,
)
from redhanded.source.flow.frameworks.reading import (
    argument,
    elements,
    function,
    gives,
    members,
    number,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Computed, Known, Library, Made, Stored, Unknown, Value

STARTS = words(
    "from into table select insert update del delete where with raw count sum max min avg first"
    " queryBuilder batchInsert truncate upsert whereIn distinct pluck withSchema"
)
INNER = frozenset(["migrate", "seed"])
QUIET = words("destroy on initialize fn ref client userParams isCompleted once removeListener")
IGNORED_RAW = frozenset(["orderByRaw", "groupByRaw", "selectRaw", "fromRaw"])
AGGREGATES = words("count sum max min avg countDistinct sumDistinct avgDistinct")


@dataclass(frozen=True, slots=True)
class _Place:
    """The connection that a chain begins with, and the links after it."""

    rest: tuple[Link, ...]
    transaction: Library | None
    """The handle, where it begins with one."""


def _place(value: Library) -> _Place | None:
    steps = value.steps
    start = 1 if steps[:1] and isinstance(steps[0], Made) else 2
    if len(steps) < start or not isinstance(steps[start - 1], Made):
        return None
    if start == 2 and steps[0] not in ("knex", "default", "Knex"):
        return None
    transaction = None
    while steps[start : start + 1] == ("withUserParams",) and len(steps) > start + 1:
        start += 2
    for at in range(start, len(steps) - 1):
        if steps[at] in ("transaction", "transactionProvider") and isinstance(steps[at + 1], Made):
            start = at + 2
            if steps[at] == "transactionProvider":
                start += 1
            transaction = Library(value.package, steps[:start])
    return _Place(links(Library("", steps[start:])), transaction)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if names in ((), ("knex",), ("Knex",)):
        return Meaning()
    place = _place(site.callee)
    if place is None:
        return None
    method = names[-1]
    if place.rest and place.rest[0].name in INNER:
        return None  # what Knex does then is read in its own files
    if names[-2:] == ("transactionProvider", "()") and not place.rest:
        return _begun(site)
    if method == "transaction":
        return _begun(site)
    if place.transaction is not None and method in ("commit", "rollback") and len(place.rest) == 1:
        effect = Effect(
            kind="commit" if method == "commit" else "rollback",
            store="database",
            library=site.callee.package,
            verb=method,
            session=place.transaction,
        )
        return Meaning(effects=(effect,))
    if method in CATALOGUE and ("schema" in names or place.rest[0].name == method):
        return Meaning(effects=(of_table(site, method, place.transaction),))
    if method in QUIET or method == "transactionProvider" or "schema" in names:
        return Meaning()
    return Meaning(is_lazy=True)


def _begun(site: CallSite) -> Meaning:
    """With a function, or given out: ``const trx = await knex.transaction()``."""
    called, handle = function(argument(site, 0)), gives(site)
    options = next((members(one) for one in site.arguments if function(one) is None), {})
    effect = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb="transaction",
        session=handle,
        isolation=(text(options.get("isolationLevel")) or "").lower(),
    )
    if called is None:
        return Meaning(effects=(effect,), result=handle)
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,))


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    place = _place(value)
    if place is None or moment != "await" or not place.rest or value.names[-1:] != ("()",):
        return None
    first = place.rest[0]
    if first.name == "raw":
        return Meaning(effects=raw_effects(value, first, place))
    if first.name and first.name not in STARTS:
        return None
    query = BuiltQuery(value.package, session=place.transaction)
    if not first.name:
        query.named(_given(first, 0))
    elif first.name == "batchInsert":
        query.named(_given(first, 0))
        query.kind, query.verb, query.is_many = "insert", "batchInsert", True
        query.write(_given(first, 1))
        return Meaning(effects=query.effects())
    read_links(query, place.rest)
    for link in place.rest if query.kind == "insert" else ():
        if link.name == "insert" and (inner := function(_given(link, 0))) is not None:
            unless_there(query, inner, around)
    return Meaning(effects=query.effects())


def read_links(query: BuiltQuery, chain: tuple[Link, ...]) -> None:
    """Adds what a chain says; its tables first, since columns are told apart by them."""
    for link in chain:
        if link.name in ("from", "into", "table"):
            query.named(table_of(_given(link, 0)))
    for link in chain:
        read_link(query, link)


def raw_effects(value: Library, link: Link, place: _Place) -> tuple[Effect, ...]:
    session: Value | None = place.transaction
    for one in place.rest[1:]:
        if one.name == "transacting":
            session = _session(_given(one, 0))
    bindings = _given(link, 1)
    return sql_effects(
        _given(link, 0) or Unknown(),
        bindings,
        library=value.package,
        session=session,
        inline=_raw_text,
    )


def _raw_text(value: Value) -> Value | None:
    if isinstance(value, Library) and value.names[-2:] == ("raw", "()"):
        last = value.steps[-1]
        return last.arguments[0] if isinstance(last, Made) and last.arguments else None
    return None


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _session(value: Value | None) -> Value | None:
    return None if value is None or value == Known(None) else value


def read_link(query: BuiltQuery, link: Link) -> None:
    """Adds what one call of a chain says."""
    name = link.name
    if name in _LINKS:
        _LINKS[name](query, link)
    elif (name.startswith("or") and "Where" in name) or name in ("modify", "having", "havingRaw"):
        query.unread(None)
    elif name.endswith(("Join", "join")):
        query.joined.append((text(_given(link, 0)) or "?").partition(" ")[0])
    elif name in AGGREGATES:
        query.aggregates = (*query.aggregates, name)


def _where(query: BuiltQuery, link: Link) -> None:
    first, second, third = (_given(link, place) for place in range(3))
    if function(first) is not None:
        query.unread(None)
    elif third is not None:
        query.compared(first, text(second) or "?", plain(third))
    elif second is not None:
        query.equal(first, plain(second))
    else:
        query.all_equal(first)


def _where_not(query: BuiltQuery, link: Link) -> None:
    first, second = _given(link, 0), _given(link, 1)
    for name, value in members(first).items():
        query.compared(name, "!=", value)
    if second is not None:
        query.compared(first, "!=", second)


def _insert(query: BuiltQuery, link: Link) -> None:
    query.kind, query.verb = "insert", link.name
    if link.name == "upsert":
        query.conflict = "update"
    query.write(_given(link, 0))
    query.values = {name: plain(value) for name, value in query.values.items()}


def _update(query: BuiltQuery, link: Link) -> None:
    query.kind, query.verb = "update", link.name
    name = text(_given(link, 0))
    if name is not None:
        query.values[query.column(name) or name] = plain(_given(link, 1) or Known(None))
    else:
        query.write(_given(link, 0))
        query.values = {name: plain(value) for name, value in query.values.items()}


def _count(query: BuiltQuery, link: Link) -> None:
    query.kind, query.verb = "update", link.name
    query.count(_given(link, 0), _given(link, 1), "+" if link.name == "increment" else "-")


def _delete(query: BuiltQuery, link: Link) -> None:
    query.kind, query.verb = "delete", link.name


def _lock(query: BuiltQuery, link: Link) -> None:
    query.lock = "update" if "Update" in link.name else "share"
    first = _given(link, 0)
    if first is not None and text(first) is None:
        query.session = first


def _waits(query: BuiltQuery, link: Link) -> None:
    query.options["wait"] = Known("skip locked" if link.name == "skipLocked" else "nowait")


def _transacting(query: BuiltQuery, link: Link) -> None:
    query.session = _session(_given(link, 0)) or query.session


def _conflict(query: BuiltQuery, link: Link) -> None:
    given = _given(link, 0)
    names = elements(given) or ((given,) if given is not None else ())
    query.conflict_columns = tuple(query.column(text(one) or "?") or "?" for one in names)


def _ignore(query: BuiltQuery, link: Link) -> None:
    query.conflict = "ignore"
    query.verb = f"{query.verb} onConflict ignore"


def _merge(query: BuiltQuery, link: Link) -> None:
    query.conflict = "update"
    query.verb = f"{query.verb} onConflict merge"
    given = _given(link, 0)
    if given is not None and members(given):
        query.options["set"] = given


def _one(query: BuiltQuery, link: Link) -> None:
    query.is_one = query.kind == "read"


def _limit(query: BuiltQuery, link: Link) -> None:
    query.is_one = query.is_one or number(_given(link, 0)) == 1


def _ordered(query: BuiltQuery, link: Link) -> None:
    query.is_ordered = True


def _where_in(query: BuiltQuery, link: Link) -> None:
    query.among(_given(link, 0), _given(link, 1))


def _null(query: BuiltQuery, link: Link) -> None:
    if link.name.startswith("whereNot"):
        query.compared(_given(link, 0), "!=", Known(None))
    else:
        query.equal(_given(link, 0), Known(None))


def _range(query: BuiltQuery, link: Link) -> None:
    several = elements(_given(link, 1))
    query.compared(_given(link, 0), "between", several[0] if several else _given(link, 1))


def _unread(query: BuiltQuery, link: Link) -> None:
    query.unread(_given(link, 0))


def _raw_condition(query: BuiltQuery, link: Link) -> None:
    """``whereRaw('free >= ?', [2])`` is read as SQL."""
    condition = _given(link, 0) or Unknown()
    begin = Known(f"SELECT 1 FROM {query.table or 't'} WHERE ")
    whole = Computed("text", (begin, condition))
    for effect in sql_effects(whole, _given(link, 1), library=query.library, inline=_raw_text):
        if effect.kind == "read" and effect.subject in (query.table, "t"):
            query.where |= effect.where
            query.ranges |= effect.ranges
        else:
            query.unread(condition)


_LINKS: Mapping[str, Callable[[BuiltQuery, Link], None]] = {
    **dict.fromkeys(("where", "andWhere"), _where),
    **dict.fromkeys(("whereNot", "andWhereNot"), _where_not),
    **dict.fromkeys(("insert", "upsert"), _insert),
    "update": _update,
    **dict.fromkeys(("increment", "decrement"), _count),
    **dict.fromkeys(("del", "delete", "truncate"), _delete),
    **dict.fromkeys(("forUpdate", "forShare", "forNoKeyUpdate", "forKeyShare"), _lock),
    **dict.fromkeys(("skipLocked", "noWait"), _waits),
    "transacting": _transacting,
    "onConflict": _conflict,
    "ignore": _ignore,
    "merge": _merge,
    "first": _one,
    "limit": _limit,
    **dict.fromkeys(("orderBy", "orderByRaw"), _ordered),
    **dict.fromkeys(("whereIn", "andWhereIn"), _where_in),
    **dict.fromkeys(("whereNull", "whereNotNull", "andWhereNull"), _null),
    **dict.fromkeys(("whereBetween", "whereLike", "whereILike", "whereNotIn"), _range),
    **dict.fromkeys(("whereRaw", "andWhereRaw"), _raw_condition),
    **dict.fromkeys(("whereExists", "whereNotExists"), _unread),
}


def plain(value: Value) -> Value:
    """``knex.raw('free - ?', [1])``: computed by the database."""
    if isinstance(value, Library) and value.names[-2:-1] in (("raw",), ("ref",)):
        last = value.steps[-1]
        sql = text(last.arguments[0]) if isinstance(last, Made) and last.arguments else None
        return Stored(sql or "?", columns_in(sql or ""))
    if isinstance(value, Library) and "fn" in value.names:
        return Stored("now()", ())
    return value


FRAMEWORK = LibraryTable(name="knex", packages=("knex",), calls=_call, settles=_settle)
