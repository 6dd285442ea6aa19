"""MikroORM: which entity and session a call is about, and what its conditions and options say.

References: mikro-orm.io, Entity Manager, Query Conditions (operators), Transactions and
Concurrency (lock modes), Raw queries.
"""

from __future__ import annotations

from collections.abc import Mapping

from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery, columns_in
from redhanded.source.flow.frameworks.reading import elements, members, text, words
from redhanded.source.flow.frameworks.typeorm_entities import Entity, entity_of
from redhanded.source.flow.values import (
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

PACKAGE = "@mikro-orm/core"
"""All packages of it give the same classes."""
REPOSITORIES = words("EntityRepository SqlEntityRepository getRepository repo InjectRepository")
TRANSACTIONS = words("transactional begin")
MANAGED = "__managed"
"""Part of an instance that ``em.create`` has made: it is inserted at the next flush without
``persist`` (``persistOnCreate``, the default since version 6)."""
_LOCKS: Mapping[float, str] = {
    1: "OPTIMISTIC",
    2: "PESSIMISTIC_READ",
    3: "PESSIMISTIC_WRITE",
    4: "PESSIMISTIC_PARTIAL_WRITE",
    5: "PESSIMISTIC_WRITE_OR_FAIL",
    6: "PESSIMISTIC_PARTIAL_READ",
    7: "PESSIMISTIC_READ_OR_FAIL",
}


def session_of(callee: Library) -> Library | None:
    """The manager of a transaction that a chain begins with."""
    for place in range(len(callee.steps) - 1, 0, -1):
        if isinstance(callee.steps[place], Made) and callee.steps[place - 1] == "transactional":
            return Library(callee.package, callee.steps[: place + 1])
    return None


def repository_entity(callee: Library, around: Surroundings) -> Entity | None:
    """The entity of ``EntityRepository<X>``, ``em.getRepository(X)``; of a class that extends
    one, what the entity says of its ``repository`` is not followed."""
    for place in range(len(callee.steps) - 1, 0, -1):
        made, name = callee.steps[place], callee.steps[place - 1]
        if isinstance(made, Made) and name in REPOSITORIES and made.arguments:
            return entity_of(made.arguments[0], around)
    return None


def is_repository(callee: Library) -> bool:
    """Whether the method is one of a repository."""
    names = [one for one in callee.names[:-1] if one != "()"]
    return bool(names) and names[-1] in REPOSITORIES


def is_manager(callee: Library) -> bool:
    """Whether the method is one of an entity manager."""
    names = [one for one in callee.names[:-1] if one != "()"]
    last = names[-1] if names else ""
    return last.endswith("EntityManager") or last in ("em", "fork", "transactional", "getContext")


def read_where(query: BuiltQuery, where: Value | None) -> None:
    """A key, or ``{ id, units: { $gte: 3 }, $and: […] }``."""
    if where is None:
        return
    if not isinstance(where, Record) or isinstance(where.of, Kind):
        query.equal("id", key_of(where))
        return
    several = elements(where)
    if several:
        query.among("id", where)
        return
    for name, value in where.parts.items():
        _condition(query, name, value)
    if not where.is_complete:
        query.unread(None)


def _condition(query: BuiltQuery, name: str, value: Value) -> None:
    if name == "$and":
        for one in elements(value):
            read_where(query, one)
    elif name.startswith("$"):
        query.unread(value)
    elif isinstance(value, Record) and not elements(value) and not isinstance(value.of, Kind):
        operators = members(value)
        if not operators or not all(one.startswith("$") for one in operators):
            inner = operators.get("id") if set(operators) == {"id"} else None
            query.equal(name, inner) if inner is not None else query.unread(value)
            return
        for operator, given in operators.items():
            query.compared(name, operator.removeprefix("$"), given)
    else:
        query.equal(name, key_of(value))


def key_of(value: Value) -> Value:
    """Of an instance its key, of all else itself."""
    if isinstance(value, Record) and isinstance(value.of, Kind):
        return value.parts.get("id", Unknown("id"))
    if isinstance(value, Result) and isinstance(value.of, Kind):
        return Result(value.event, (*value.parts, "id"))
    return value


def read_options(query: BuiltQuery, options: Value | None) -> None:
    """``{ lockMode, orderBy, limit }``."""
    given = members(options)
    read_lock(query, given.get("lockMode"))
    if "orderBy" in given:
        query.is_ordered = True
    if given.get("limit") == Known(1):
        query.is_one = True


def read_lock(query: BuiltQuery, mode: Value | None) -> None:
    """A `LockMode`, by its name or number."""
    name = ""
    if isinstance(mode, Library) and mode.names:
        name = mode.names[-1]
    elif isinstance(mode, Known) and isinstance(mode.value, int | float):
        name = _LOCKS.get(mode.value, "")
    if name.startswith("PESSIMISTIC"):
        query.lock = "share" if "_READ" in name else "update"
    elif name == "OPTIMISTIC":
        query.options["lock"] = Known("optimistic")
    if "PARTIAL" in name:
        query.options["wait"] = Known("skip locked")
    elif name.endswith("_OR_FAIL"):
        query.options["wait"] = Known("nowait")


def written(values: Value | None) -> Value | None:
    """What is written: instances by their keys, ``raw('scans + 1')`` as the store computes it."""
    if not isinstance(values, Record):
        return values
    if elements(values):
        return Record({name: written(one) or one for name, one in values.parts.items()})
    parts = {name: stored(key_of(one)) for name, one in values.parts.items() if name != MANAGED}
    return Record(parts, is_complete=values.is_complete or isinstance(values.of, Kind))


def stored(value: Value) -> Value:
    """``raw(…)`` and ``sql`…``` as a value that the store computes."""
    if not isinstance(value, Library) or value.names[:1] not in (("raw",), ("sql",)):
        return value
    made = value.steps[-1]
    said = text(made.arguments[0]) if isinstance(made, Made) and made.arguments else None
    return Stored(said, columns_in(said)) if said is not None else Stored("?", ())
