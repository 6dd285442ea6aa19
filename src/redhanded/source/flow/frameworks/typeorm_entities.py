"""TypeORM: which entity a call is about, on which session, and what its conditions say.

References: typeorm.io, Find Options, Transactions, Entity Manager API.
"""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.source.flow.form import Constant, Text
from redhanded.source.flow.form import Return as ReturnForm
from redhanded.source.flow.framework import THIS, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery, columns_in
from redhanded.source.flow.frameworks.reading import elements, members, pattern, text, words
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import (
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)

REPOSITORIES = words(
    "Repository TreeRepository MongoRepository getRepository getTreeRepository"
    " getCustomRepository withRepository"
)
SCHEMA = "EntitySchema"
SESSIONS = frozenset(["transaction", "createQueryRunner", "QueryRunner", "runInTransaction"])
COMPARES = words(
    "Not MoreThan MoreThanOrEqual LessThan LessThanOrEqual Between Like ILike ArrayContains"
    " ArrayOverlap Raw JsonContains"
)
LIKE = frozenset(("Like", "ILike"))
"""Without a ``%`` they ask for one text, in whatever case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity of the program."""

    name: str
    value: Value | None
    table: Table | None

    def query(self, library: str, verb: str, session: Value | None) -> BuiltQuery:
        columns = {}
        if self.table is not None:
            columns = {one.attribute: one.name for one in self.table.columns if one.attribute}
        return BuiltQuery(
            library,
            verb=verb,
            table=self.table.name if self.table is not None else self.name or None,
            model=self.name,
            columns=columns,
            session=session,
        )

    def row(self, *parts: str) -> Result:
        return Result(THIS.event, parts, self.value)

    def primary(self) -> frozenset[str]:
        """Attributes of the primary key, as far as they are known."""
        if self.table is None:
            return frozenset(["id"])
        columns = {c for one in self.table.uniques if one.is_primary for c in one.columns}
        names = {one.attribute or one.name for one in self.table.columns if one.name in columns}
        return frozenset(names or ["id"])


def entity_of(value: Value | None, around: Surroundings) -> Entity | None:
    """Of a class, its name, what describes it, or an instance."""
    if isinstance(value, Result | Record) and value.of is not None:
        value = value.of
    if isinstance(value, Library) and isinstance(value.through, Kind):
        value = value.through
    described = _described(value)
    if described is not None:
        return Entity(name=described, value=value, table=around.schema.table(described))
    if isinstance(value, Kind):
        return Entity(name=value.name, value=value, table=around.schema.table(value.name))
    name = text(value)
    if name is not None:
        return Entity(name=name, value=None, table=around.schema.table(name))
    return None


def _described(value: Value | None) -> str | None:
    """The name of the entity of ``new EntitySchema({…})``."""
    if not isinstance(value, Library) or value.package != "typeorm" or len(value.steps) != 2:
        return None
    name, made = value.steps
    if name != SCHEMA or not isinstance(made, Made) or not made.arguments:
        return None
    options = members(made.arguments[0])
    target = options.get("target")
    return target.name if isinstance(target, Kind) else text(options.get("name"))


def repository_entity(callee: Library, around: Surroundings) -> Entity | None:
    """The entity of a repository: the innermost ``getRepository(X)``, ``Repository<X>``; of a class
    that extends one, what its decorator says."""
    for place in range(len(callee.steps) - 1, 0, -1):
        made, name = callee.steps[place], callee.steps[place - 1]
        if isinstance(made, Made) and name in REPOSITORIES and made.arguments:
            given = made.arguments[0]
            if isinstance(given, Library) and name == "withRepository":
                return repository_entity(given, around)
            found = entity_of(given, around)
            if found is not None:
                return found
    through = callee.through
    if isinstance(through, Record) and isinstance(through.of, Kind):
        return _decorated(through.of, around)
    return None


def _decorated(kind: Kind, around: Surroundings) -> Entity | None:
    """``@EntityRepository(X)``."""
    for one in around.decorators(kind):
        last = one.steps[-1] if isinstance(one, Library) and one.steps else None
        if isinstance(last, Made) and last.arguments:
            found = entity_of(last.arguments[0], around)
            if found is not None:
                return found
    return None


def session_of(callee: Library) -> Value | None:
    """What a chain begins with, if that is a transaction or a connection of its own."""
    for place in range(len(callee.steps) - 1, 0, -1):
        if callee.steps[place - 1] in SESSIONS and isinstance(callee.steps[place], Made):
            return Library(callee.package, callee.steps[: place + 1])
        step = callee.steps[place]
        if isinstance(step, Made) and callee.steps[place - 1] == "setQueryRunner":
            return step.arguments[0] if step.arguments else None
    return None


def read_where(query: BuiltQuery, where: Value | None) -> None:
    """``{where}``; several in a list are alternatives."""
    if where is None:
        return
    if not isinstance(where, Record) or elements(where):
        several = elements(where)
        if len(several) == 1:
            read_where(query, several[0])
        elif isinstance(where, Known) and where.value is not None:
            query.equal("id", where)
        else:
            query.unread(where)
        return
    for name, value in where.parts.items():
        _condition(query, name, value)
    if not where.is_complete:
        query.unread(None)


def _condition(query: BuiltQuery, name: str, value: Value) -> None:
    made = value.steps[-1] if isinstance(value, Library) and value.steps else None
    if isinstance(value, Library) and isinstance(made, Made) and value.package == "typeorm":
        operator = value.names[-2] if len(value.names) > 1 else ""
        given = made.arguments[0] if made.arguments else Known(None)
        if operator in ("In", "Any"):
            query.among(name, given)
        elif operator == "IsNull":
            query.equal(name, Known(None))
        elif operator == "Equal" or (operator in LIKE and "%" not in (pattern(given) or "")):
            query.equal(name, given)
        elif operator in COMPARES:
            query.compared(name, operator, given)
        else:
            query.unread(Unknown(name))
    elif isinstance(value, Record) and value.of is None and not elements(value):
        inner = members(value)
        column = query.columns.get(f"{name}Id")
        if len(inner) == 1 and column is not None:
            query.where[column] = next(iter(inner.values()))
        else:
            query.unread(Unknown(name))
    else:
        query.equal(name, value)


def read_options(query: BuiltQuery, options: Value | None) -> None:
    """``{where, order, lock, take}``."""
    given = members(options)
    if options is not None and not isinstance(options, Record):
        query.unread(options)
    read_where(query, given.get("where"))
    query.is_ordered = "order" in given
    lock = members(given.get("lock"))
    read_lock(query, text(lock.get("mode")), text(lock.get("onLocked")))
    if query.is_one is False and given.get("take") == Known(1):
        query.is_one = True


def read_lock(query: BuiltQuery, mode: str | None, on_locked: str | None = None) -> None:
    mode = mode or ""
    if mode.startswith("pessimistic"):
        query.lock = "share" if mode.endswith("_read") else "update"
    elif mode:
        query.options["lock"] = Known(mode)
    if mode.endswith("_partial_write"):
        on_locked = "skip_locked"
    if mode.endswith("_or_fail"):
        on_locked = "nowait"
    if on_locked:
        query.options["wait"] = Known(on_locked.replace("_", " "))


def written(values: Value | None, around: Surroundings) -> Value | None:
    """Values with ``() => 'free - 1'`` as what the database computes."""
    if isinstance(values, Record):
        parts = {name: _sql_of(one, around) for name, one in values.parts.items()}
        return Record(parts, values.of, values.is_complete)
    return values


def _sql_of(value: Value, around: Surroundings) -> Value:
    if isinstance(value, Record) and value.of is None and elements(value):
        return written(value, around) or value
    if not isinstance(value, Procedure):
        return value
    for statement in around.function_of(value).body:
        if isinstance(statement, ReturnForm) and isinstance(statement.value, Constant | Text):
            said = around.evaluate(statement.value, value.path, value.function)
            sql = text(said)
            if sql is not None:
                return Stored(sql, columns_in(sql))
            return Stored("?", ())
    return value


def criteria(query: BuiltQuery, value: Value | None) -> None:
    """Of ``update`` and ``delete``: an id, several, or conditions."""
    if isinstance(value, Record) and not elements(value):
        read_where(query, value)
    elif value is not None and elements(value):
        query.among("id", value)
    elif value is not None:
        query.equal("id", value)


def is_new(value: Value, entity: Entity) -> bool:
    """Made by ``create`` or ``new`` and without a key: `save` inserts and does not look first."""
    if not isinstance(value, Record) or isinstance(value.of, Library):
        return False
    is_made = isinstance(value.of, Kind) and bool(value.parts)
    return (value.is_complete or is_made) and not entity.primary().intersection(value.parts)
