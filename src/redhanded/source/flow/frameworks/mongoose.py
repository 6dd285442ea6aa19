"""Mongoose and the MongoDB driver: collections are tables, documents are rows.

References: mongoosejs.com/docs (Queries, Transactions, findOneAndUpdate); mongodb.com/docs, Update
Operators, and on ``upsert``: "to avoid multiple upserts, ensure that the query fields are uniquely
indexed". A query of Mongoose is sent when it is awaited or by ``exec``; a call of the driver at
once. One update of one document is atomic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, links
from redhanded.source.flow.frameworks.reading import (
    base,
    called_back,
    elements,
    is_true,
    last_function,
    members,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import (
    Input,
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)

READS = words("find findOne findById exists countDocuments estimatedDocumentCount distinct count")
READS |= {"aggregate"}
UPDATES = words(
    "updateOne updateMany findOneAndUpdate findByIdAndUpdate replaceOne findOneAndReplace update"
    " findAndModify"
)
DELETES = words(
    "deleteOne deleteMany findOneAndDelete findByIdAndDelete findOneAndRemove findByIdAndRemove"
    " remove"
)
INSERTS = words("create insertMany insertOne save")
ONE = words(
    "findOne findById exists findOneAndUpdate findByIdAndUpdate updateOne replaceOne deleteOne"
)
COUNTS = words("countDocuments estimatedDocumentCount count distinct")
BY_ID = words("findById findByIdAndUpdate findByIdAndDelete findByIdAndRemove")
RANGES = words("$gt $gte $lt $lte $ne $nin $exists $regex $not $size")
SNAPSHOT = "repeatable read"
"""A transaction reads from a snapshot and fails where another one wrote the same document, which
is what PostgreSQL calls so."""
STORED = {"$inc": "+", "$mul": "*"}
CHAINED = words(
    "lean exec session sort limit skip select populate where equals then maxTimeMS orFail"
)
QUIET = words(
    "connect disconnect close on once set plugin pre post index virtual method static add init"
    " syncIndexes createIndex createIndexes ensureIndexes createCollection model hydrate watch"
    " validate populate toObject toJSON markModified isModified isNew endSession db collection"
)


def _model(callee: Library) -> tuple[str, Value | None, int] | None:
    """Name of the model or collection, the class of its documents, and where it ends."""
    if isinstance(callee.through, Kind):
        return callee.through.name, callee.through, 1
    steps = callee.steps
    for place in range(len(steps) - 1):
        made = steps[place + 1]
        if steps[place] in ("model", "Model", "collection") and isinstance(made, Made):
            given = made.arguments[0] if made.arguments else None
            name = text(given) or (given.name if isinstance(given, Kind) else None)
            if name is not None:
                return name, Library(callee.package, steps[: place + 2]), place + 2
    return None


def _query(callee: Library, around: Surroundings) -> tuple[BuiltQuery, Value | None] | None:
    found = _model(callee)
    if found is None:
        return None
    name, value, _ = found
    table = around.schema.table(name)
    query = BuiltQuery(callee.package, table=table.name if table is not None else name, model=name)
    return query, value


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    method = names[-1] if names else ""
    through = site.callee.through
    if method in ("withTransaction", "transaction", "startSession", "startTransaction"):
        return _session(site, method)
    if method in ("commitTransaction", "abortTransaction"):
        kind: EffectKind = "commit" if method == "commitTransaction" else "rollback"
        return Meaning(effects=(_plain(site, kind),))
    if isinstance(through, Result | Record) and not isinstance(through.of, type(None)):
        return _of_document(site, method, through, around)
    found = _query(site.callee, around)
    if found is None:
        return Meaning() if method in QUIET else None
    query, value = found
    if site.is_new and names[-1:] == ("()",):
        first = site.arguments[0] if site.arguments else Record()
        return Meaning(result=Record(members(first), site.callee, is_complete=False))
    if method in READS or method in UPDATES or method in DELETES:
        if site.callee.package == "mongoose" and last_function(site) is None:
            return Meaning(is_lazy=True)
        effect = _read(query, method, site.arguments)
        row = Result(THIS.event, (), value) if isinstance(value, Kind | Library) else None
        result = row if method.startswith("find") and site.callee.package == "mongoose" else None
        return Meaning(effects=(effect,), result=result, callbacks=_outcome(site))
    if method in INSERTS:
        return _inserted(site, query, value)
    if method == "bulkWrite":
        return Meaning(effects=(replace(_read(query, "updateMany", ()), verb="bulkWrite"),))
    if method in CHAINED:
        return _ended(site, around) if method == "exec" else Meaning(is_lazy=True)
    return Meaning() if method in QUIET else None


def _ended(site: CallSite, around: Surroundings) -> Meaning | None:
    return _sent(base(site.callee), around)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    return _sent(value, around) if moment == "await" and value.package == "mongoose" else None


def _sent(value: Library, around: Surroundings) -> Meaning | None:
    """A query with what was chained to it."""
    found = _model(value)
    built = _query(value, around)
    if found is None or built is None:
        return None
    chain = links(Library("", value.steps[found[2] :]))
    query, of = built
    first = next((one for one in chain if one.name in READS | UPDATES | DELETES), None)
    if first is None or first.made is None:
        return None
    for link in chain:
        _LINKS.get(link.name, _nothing)(query, link)
    effect = _read(query, first.name, first.made.arguments)
    row = Result(THIS.event, (), of) if isinstance(of, Kind | Library) else None
    is_row = first.name.startswith("find") and not any(one.name == "lean" for one in chain)
    return Meaning(effects=(effect,), result=row if is_row else None)


def _nothing(query: BuiltQuery, link: Link) -> None:
    return None


def _with_session(query: BuiltQuery, link: Link) -> None:
    given = link.made.arguments if link.made is not None else ()
    query.session = given[0] if given and given[0] != Known(None) else None


def _sorted(query: BuiltQuery, link: Link) -> None:
    query.is_ordered = True


def _limited(query: BuiltQuery, link: Link) -> None:
    given = link.made.arguments if link.made is not None else ()
    query.is_one = bool(given) and given[0] == Known(1)


_LINKS: Mapping[str, Callable[[BuiltQuery, Link], None]] = {
    "session": _with_session,
    "sort": _sorted,
    "limit": _limited,
}


def _read(query: BuiltQuery, method: str, arguments: tuple[Value, ...]) -> Effect:
    """The effect of a method that takes a filter."""
    query.verb = method
    query.is_one = query.is_one or method in ONE or method in BY_ID
    first = arguments[0] if arguments else None
    if method in BY_ID:
        query.where["_id"] = first or Unknown()
    elif method == "distinct":
        _filter(query, arguments[1] if len(arguments) > 1 else None)
    elif method == "aggregate":
        query.unread(first)
    else:
        _filter(query, first)
    options = members(arguments[2]) if len(arguments) > 2 else {}
    if method in READS:
        options = members(arguments[-1]) if len(arguments) > 1 else {}
        query.aggregates = ("count",) if method in COUNTS else query.aggregates
        query.aggregates = ("exists",) if method == "exists" else query.aggregates
    elif method in DELETES:
        query.kind = "delete"
        options = members(arguments[1]) if len(arguments) > 1 else {}
    else:
        query.kind = "update"
        inserted = _changed(query, arguments[1] if len(arguments) > 1 else None)
        if is_true(options.get("upsert")):
            query.kind = "find-or-create"
            query.conflict = "update"
            query.values = {**_equal(query), **inserted, **query.values}
    if (session := options.get("session")) is not None:
        query.session = session
    return query.effects()[0]


def _equal(query: BuiltQuery) -> dict[str, Value]:
    return {name: one for name, one in query.where.items() if name != "?"}


def _filter(query: BuiltQuery, value: Value | None) -> None:
    if value is None:
        return
    if not isinstance(value, Record):
        query.unread(value)
        return
    for name, one in value.parts.items():
        if name == "$and":
            for each in elements(one):
                _filter(query, each)
        elif name.startswith("$"):
            query.unread(Unknown(name))
        elif isinstance(one, Record) and any(key.startswith("$") for key in one.parts):
            for operator, given in one.parts.items():
                if operator == "$eq":
                    query.where[name] = given
                elif operator == "$in":
                    query.among(name, given)
                elif operator in RANGES:
                    query.ranges.setdefault(name, given)
                else:
                    query.unread(Unknown(name))
        else:
            query.where[name] = one
    if not value.is_complete:
        query.unread(None)


def _changed(query: BuiltQuery, value: Value | None) -> dict[str, Value]:
    """Adds what an update writes; gives what it writes only when it inserts."""
    inserted: dict[str, Value] = {}
    if not isinstance(value, Record):
        if value is not None:
            query.values["?"] = value
        return inserted
    for name, one in value.parts.items():
        if name == "$setOnInsert":
            inserted.update(members(one))
        elif name in ("$set", "$unset", "$currentDate"):
            query.values.update(members(one))
        elif name.startswith("$"):
            for column, amount in members(one).items():
                shown = amount.value if isinstance(amount, Known) else "?"
                sign = STORED.get(name, name)
                query.values[column] = Stored(f"{column} {sign} {shown}", (column,))
        else:
            query.values[name] = one
    return inserted


def _inserted(site: CallSite, query: BuiltQuery, value: Value | None) -> Meaning:
    query.kind, query.verb = "insert", site.callee.names[-1]
    first = site.arguments[0] if site.arguments else None
    options = members(site.arguments[1]) if len(site.arguments) > 1 else {}
    query.session = options.get("session")
    query.write(first)
    row = Result(THIS.event, (), value) if isinstance(value, Kind | Library) else None
    return Meaning(
        effects=query.effects(),
        result=row if query.library == "mongoose" else None,
        callbacks=_outcome(site),
    )


def _outcome(site: CallSite) -> tuple[Callback, ...]:
    """Who is told of the outcome: a function at the end, or what may be one, as a caller handed it
    over."""
    found = called_back(site, THIS)
    needed = 2 if site.callee.names[-1] in UPDATES else 1
    if found or len(site.arguments) <= needed:
        return found
    last = site.arguments[-1]
    is_handed = isinstance(last, Unknown) or (isinstance(last, Input) and last.source == "argument")
    return (Callback(function=last, is_outcome=True),) if is_handed else ()


def _of_document(
    site: CallSite, method: str, document: Result | Record, around: Surroundings
) -> Meaning | None:
    """``seat.save()``: inserts what is new, else writes the paths that were changed."""
    found = _query(site.callee, around) or (
        _query(document.of, around) if isinstance(document.of, Library) else None
    )
    if isinstance(document.of, Library) and document.of.names[-1:] == ("ClientSession",):
        return Meaning() if method in QUIET else None
    if found is None:
        return None
    query, value = found
    options = members(site.arguments[0]) if site.arguments else {}
    query.session = options.get("session")
    if method == "save":
        if isinstance(document, Record):
            query.kind, query.verb = "insert", "save"
            query.write(Record(document.parts))
        else:
            query.kind, query.verb = "save", "save"
    elif method in ("deleteOne", "remove"):
        query.kind, query.verb = "delete", method
    elif method in ("updateOne", "update"):
        query.kind, query.verb = "update", method
        _changed(query, site.arguments[0] if site.arguments else None)
    else:
        return Meaning(result=document) if method in QUIET or method in ("get", "lean") else None
    effect = replace(query.effects()[0], entity=document)
    row = Result(THIS.event, (), value) if isinstance(value, Kind | Library) else None
    return Meaning(effects=(effect,), result=document if isinstance(document, Result) else row)


def _plain(site: CallSite, kind: EffectKind, **more: Any) -> Effect:
    through = site.callee.through
    return Effect(
        kind=kind,
        store="database",
        library=site.callee.package,
        verb=site.callee.names[-1],
        session=through if through is not None else base(site.callee),
        **more,
    )


def _session(site: CallSite, method: str) -> Meaning | None:
    """``session.withTransaction(f)`` repeats the function when it conflicts."""
    if method == "startSession":
        return Meaning()
    called = last_function(site)
    if method == "startTransaction":
        return Meaning(effects=(_plain(site, "begin", isolation=SNAPSHOT),))
    if called is None:
        return None
    session = base(site.callee)
    given: tuple[Value, ...] = (session,)
    if method == "transaction":
        session = Library(site.callee.package, (*site.callee.steps, Made(location=site.location)))
        given = (session,)
    effect = replace(_plain(site, "begin", isolation=SNAPSHOT), session=session)
    callback = Callback(
        function=called, arguments=given, in_transaction=True, gives=True, retried=True
    )
    return Meaning(effects=(effect,), callbacks=(callback,))


FRAMEWORK = LibraryTable(
    name="mongoose", packages=("mongoose", "mongodb"), calls=_call, settles=_settle
)
