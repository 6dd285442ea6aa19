"""Objection: queries of models are Knex's, with some of their own, and are sent when awaited.

References: https://vincit.github.io/objection.js/api/query-builder/, …/guide/transactions.html. A
query is in a transaction if it is given one: ``Tour.query(trx)``. ``upsertGraph`` looks for rows,
then writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, kind_of, links
from redhanded.source.flow.frameworks.knex import plain, read_link
from redhanded.source.flow.frameworks.objection_models import (
    Model,
    Relation,
    is_model,
    model_of,
    relation_of,
)
from redhanded.source.flow.frameworks.reading import elements, function, gives, text, words
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import (
    Either,
    Known,
    Library,
    Made,
    Record,
    Result,
    Unknown,
    Value,
)

STARTS = words("query $query relatedQuery $relatedQuery")
ONE = words("findById findOne first insertAndFetch patchAndFetch updateAndFetch")
FETCHED = words(
    "patchAndFetch patchAndFetchById updateAndFetch updateAndFetchById insert insertAndFetch"
    " insertGraph insertGraphAndFetch upsertGraph upsertGraphAndFetch"
)
"""What gives rows though it writes."""
QUIET = words(
    "knex bindKnex fromJson $setJson $toJson $id $set toJSON raw ref fn val lit snakeCaseMappers"
    " knexSnakeCaseMappers $omit $pick $clone $knex $transaction isCompleted"
)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if not names:
        return None
    if _start(links(site.callee)) is not None and names[-1] not in ("transaction",):
        return Meaning(is_lazy=True)
    if names[-1] in STARTS and kind_of(site.callee.through) is not None:
        return Meaning(is_lazy=True)
    if names[-1] in ("transaction", "startTransaction") or names == ("transaction", "start"):
        return _begun(site)
    if names[-1] in ("commit", "rollback"):
        return _ended(site, names[-1])
    return Meaning() if names[-1] in QUIET else None


def _start(chain: tuple[Link, ...]) -> int | None:
    """Where a query begins."""
    for place, one in enumerate(chain):
        if one.name in STARTS and one.made is not None:
            return place
    return None


def _begun(site: CallSite) -> Meaning:
    """``Model.transaction(f)``, ``transaction(knex, f)``, or given out by ``startTransaction``."""
    called = next((one for one in map(function, site.arguments) if one is not None), None)
    handle = gives(site)
    effect = Effect(
        kind="begin", store="database", library="objection", verb="transaction", session=handle
    )
    if called is None:
        return Meaning(effects=(effect,), result=handle)
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,))


def _ended(site: CallSite, verb: str) -> Meaning | None:
    handle = Library(site.callee.package, site.callee.steps[:-1], site.callee.through)
    if not handle.steps or not isinstance(handle.steps[-1], Made):
        return None
    effect = Effect(
        kind="commit" if verb == "commit" else "rollback",
        store="database",
        library="objection",
        verb=verb,
        session=handle,
    )
    return Meaning(effects=(effect,))


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    start = _start(chain)
    kind = kind_of(value.through)
    if moment != "await" or start is None or kind is None or not is_model(kind, around):
        return None
    if chain[-1].made is None:
        return None
    first = chain[start]
    related = first.name in ("relatedQuery", "$relatedQuery")
    relation = relation_of(kind, text(_given(first, 0)) or "", around) if related else None
    if related and relation is None:
        return None
    model = model_of(kind, around)
    if relation is not None:
        known = model_of(relation.kind, around) if relation.kind is not None else None
        columns = known.columns if known is not None else {}
        model = Model(kind=relation.kind or kind, table=relation.table, columns=columns)
    query = _query(model, _given(first, 1 if related else 0))
    instance = value.through if first.name.startswith("$") else None
    if relation is None and instance is not None:
        _of_instance(query, instance)
    for link in chain[start + 1 :]:
        _read(query, link)
    if relation is not None:
        _of_relation(query, relation, _for(chain, instance, relation))
    effects = query.effects()
    if relation is None and isinstance(instance, Result) and query.kind in ("update", "delete"):
        effects = tuple(replace(one, entity=instance) for one in effects)
    is_row = query.kind == "read" or any(one.name in FETCHED for one in chain)
    row = Result(THIS.event, (), model.kind) if is_row and not query.aggregates else None
    return Meaning(effects=effects, result=row)


def _query(model: Model, transaction: Value | None) -> BuiltQuery:
    return BuiltQuery(
        "objection",
        table=model.table,
        model=model.kind.name,
        columns=model.columns,
        session=None if transaction in (None, Known(None)) else transaction,
    )


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _of_instance(query: BuiltQuery, instance: Value) -> None:
    """``row.$query()`` is about that row."""
    query.is_one = True
    query.equal("id", _part(instance, "id"))


def _part(instance: Value | None, name: str) -> Value:
    if isinstance(instance, Result):
        return Result(instance.event, (*instance.parts, name))
    if isinstance(instance, Record):
        return instance.parts.get(name, Unknown(name))
    if isinstance(instance, Either):
        return Either(tuple(_part(one, name) for one in instance.values))
    return Unknown(name)


def _for(chain: tuple[Link, ...], instance: Value | None, relation: Relation) -> Value:
    """Whose rows: of the instance, or of the keys that ``for`` is given."""
    if instance is not None:
        return _part(instance, relation.ours)
    given = next((_given(one, 0) for one in chain if one.name == "for"), None)
    return given if given is not None else Unknown("for")


def _of_relation(query: BuiltQuery, relation: Relation, value: Value) -> None:
    if query.kind == "insert":
        query.values.setdefault(relation.theirs, value)
    else:
        query.equal(relation.theirs, value)


def _read(query: BuiltQuery, link: Link) -> None:
    """Adds what one call of a chain says."""
    if link.name in _LINKS:
        _LINKS[link.name](query, link)
    elif link.name == "resultSize":
        query.aggregates = ("count",)
    elif link.name != "for":
        read_link(query, link)
    if link.name in ONE and query.kind == "read":
        query.is_one = True


def _by_id(query: BuiltQuery, link: Link) -> None:
    if link.name == "deleteById":
        query.kind, query.verb = "delete", link.name
    if link.name == "findByIds":
        query.among("id", _given(link, 0))
    elif elements(_given(link, 0)):
        query.unread(_given(link, 0))
    else:
        query.equal("id", _given(link, 0))


def _found(query: BuiltQuery, link: Link) -> None:
    """``findOne`` takes what ``where`` takes."""
    read_link(query, Link("where", link.made))


def _inserted(query: BuiltQuery, link: Link) -> None:
    read_link(query, Link("insert", link.made))
    query.verb = link.name


def _changed(query: BuiltQuery, link: Link) -> None:
    by_id = link.name.endswith("ById")
    if by_id:
        query.equal("id", _given(link, 0))
    query.kind, query.verb = "update", link.name
    query.write(_given(link, 1 if by_id else 0))
    query.values = {name: plain(one) for name, one in query.values.items()}


def _graph(query: BuiltQuery, link: Link) -> None:
    """Rows with a key are looked for first; those without are inserted."""
    read_link(query, Link("insert", link.made))
    query.verb = link.name
    if "id" in query.values:
        query.kind = "find-or-create"
        query.where = {"id": query.values["id"]}


_LINKS: Mapping[str, Callable[[BuiltQuery, Link], None]] = {
    **dict.fromkeys(("findById", "findByIds", "deleteById"), _by_id),
    "findOne": _found,
    **dict.fromkeys(
        ("insertAndFetch", "insertGraph", "insertGraphAndFetch", "insertWithRelated"), _inserted
    ),
    **dict.fromkeys(("upsertGraph", "upsertGraphAndFetch"), _graph),
    **dict.fromkeys(("patch", "update", "patchAndFetch", "updateAndFetch"), _changed),
    **dict.fromkeys(("patchAndFetchById", "updateAndFetchById"), _changed),
}


FRAMEWORK = LibraryTable(name="objection", packages=("objection",), calls=_call, settles=_settle)
