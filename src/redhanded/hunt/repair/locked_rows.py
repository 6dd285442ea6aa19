"""``FOR UPDATE`` in the words of Sequelize, TypeORM, Knex, Drizzle, Kysely, Prisma, and of SQL by
hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from tree_sitter import Node

from redhanded.case.codemap import DataAccess
from redhanded.hunt.repair.creation import PRISMA
from redhanded.hunt.repair.insertion import outermost
from redhanded.hunt.repair.prisma_schema import Model, model_of
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.tested import quoted
from redhanded.hunt.repair.written_rows import clause, reads_rows
from redhanded.source import edit
from redhanded.source.edit import Edit, Property, Source

REACH = 2
"""Lines between a stack frame and the call, which may be broken into several."""

_SEQUELIZE = frozenset({"findByPk", "findById", "findOne", "findAll", "reload"})
_AGGREGATE = "fn("
_OPTIONS_SECOND = frozenset({"findByPk", "findById"})
_BY = {"findOneBy": "findOne", "findOneByOrFail": "findOneOrFail", "findBy": "find"}
_TYPEORM = frozenset({*_BY, *_BY.values()})
_BUILDER_TAKES = frozenset({"getOne", "getOneOrFail", "getMany"})
KNEX = frozenset({"first", "where", "andWhere", "whereIn", "select"})
KYSELY = frozenset({"execute", "executeTakeFirst", "executeTakeFirstOrThrow"})
QUERIES = frozenset({"query", "one", "oneOrNone", "any", "many", "manyOrNone", "execute"})
PRISMA_READS = frozenset({"findUnique", "findUniqueOrThrow", "findFirst", "findFirstOrThrow"})
_LOCKS = frozenset({"forUpdate", "forShare", "forNoKeyUpdate", "setLock", "for"})
_WRITES = frozenset({"insert", "update", "del", "delete", "increment", "decrement"})
_NOT_OF_ONE_ROW = frozenset(
    {"count", "countDistinct", "sum", "avg", "min", "max", "distinct", "distinctOn", "groupBy"}
)
_OUTER_JOINS = frozenset(
    {"leftJoin", "leftOuterJoin", "rightJoin", "rightOuterJoin", "fullJoin", "fullOuterJoin"}
    | {"leftJoinAndSelect", "joinRaw", "leftJoinAndSelectMany"}
)
_UNLOCKABLE = _LOCKS | _WRITES | _NOT_OF_ONE_ROW | _OUTER_JOINS
_CALLED = re.compile(r"\.\s*(\w+)\s*\(")


def locked(ground: Ground, path: str, lines: Sequence[int], table: str) -> str | None:
    """The file with a lock at each read of ``lines``; None where one of them is not understood."""
    source = edit.read(ground.text(path), path)
    changes = [edits(ground, source, line, table) for line in lines]
    if not all(changes):
        return None
    return edit.apply(source, (each for change in changes for each in change))


def edits(
    ground: Ground, source: Source, line: int, table: str, *, transaction: str = ""
) -> tuple[Edit, ...]:
    """What gives the read at a line its lock; nothing where that is not understood.

    ``transaction``: the name of the one that it is going to stand in; empty: it stands in one.
    """
    access = access_at(ground.code.accesses, source.path, line, table)
    if access is None:
        return ()
    begins = access.location.line
    if access.library in PRISMA:
        model = model_of(ground.root, table)
        return _prisma(source, begins, table, model, transaction) if model is not None else ()
    way = _WAYS.get(access.library)
    return way(source, begins) if way is not None else ()


def call_at(source: Source, line: int, methods: frozenset[str]) -> Node | None:
    """The call of one of ``methods`` that stands at a line of the code map, and no neighbour."""
    call = edit.call_near(source, line, methods, reach=REACH)
    return call if edit.covers(call, line) else None


def access_at(
    accesses: Iterable[DataAccess], path: str, line: int, table: str
) -> DataAccess | None:
    near = [
        each
        for each in accesses
        if each.table == table
        and each.location.path == path
        and abs(each.location.line - line) <= REACH
        and each.access != "write"
    ]
    return min(near, key=lambda each: abs(each.location.line - line), default=None)


def _sequelize(source: Source, line: int) -> tuple[Edit, ...]:
    call = call_at(source, line, _SEQUELIZE)
    if call is None:
        return ()
    model, method = edit.callee(source, call)
    given = edit.arguments(call)
    place = 1 if method in _OPTIONS_SECOND else 0
    if len(given) == place:  # The transaction is found by what the call stands in.
        alone = place == 0
        at = call.end_byte - 1 if alone else given[-1].end_byte
        text = "{ lock: true }" if alone else ", { lock: true }"
        return (Edit(start=at, end=at, text=text),)
    options = given[place]
    named = {each.name for each in edit.properties(source, options)}
    if options.type != "object" or named & {"lock", "group"} or _AGGREGATE in source.of(options):
        return ()
    if "include" in named:  # An outer join, whose other side cannot be locked.
        if not re.fullmatch(r"[\w.$]+", model) or method == "reload":
            return ()
        return (_entry(source, options, f"lock: {{ level: 'UPDATE', of: {model} }}"),)
    return (_entry(source, options, "lock: true"),)


def _typeorm(source: Source, line: int) -> tuple[Edit, ...]:
    lock = "lock: { mode: 'pessimistic_write' }"
    built = call_at(source, line, _BUILDER_TAKES)
    if built is not None:
        return _before_the_last_name(source, built, ".setLock('pessimistic_write')")
    call = call_at(source, line, _TYPEORM)
    given = edit.arguments(call) if call is not None else []
    if call is None or not given or given[-1].type != "object":
        return ()
    _, method = edit.callee(source, call)
    if method in _BY:
        name = _name_of(call)
        asked = given[-1]
        return (
            *((Edit(start=name.start_byte, end=name.end_byte, text=_BY[method]),) if name else ()),
            Edit(start=asked.start_byte, end=asked.start_byte, text="{ where: "),
            Edit(start=asked.end_byte, end=asked.end_byte, text=f", {lock} }}"),
        )
    named = {each.name for each in edit.properties(source, given[-1])}
    if named & {"lock", "relations", "join"}:
        return ()
    return (_entry(source, given[-1], lock),)


def _knex(source: Source, line: int) -> tuple[Edit, ...]:
    call = call_at(source, line, KNEX)
    return _at_the_end(source, call, ".forUpdate()")


def _drizzle(source: Source, line: int) -> tuple[Edit, ...]:
    call = call_at(source, line, frozenset({"from"}))
    return _at_the_end(source, call, ".for('update')")


def _kysely(source: Source, line: int) -> tuple[Edit, ...]:
    call = call_at(source, line, KYSELY)
    return () if call is None else _before_the_last_name(source, call, ".forUpdate()")


def _sql(source: Source, line: int) -> tuple[Edit, ...]:
    call = call_at(source, line, QUERIES)
    given = edit.arguments(call) if call is not None else []
    asked = given[0] if given else None
    if asked is not None and asked.type == "object":
        asked = edit.value_of(source, asked, "text")
    return () if asked is None else _in_text(source, asked)


def _tagged(source: Source, line: int) -> tuple[Edit, ...]:
    text = tagged(source, line)
    return () if text is None else _in_text(source, text)


def tagged(source: Source, line: int) -> Node | None:
    """The text of a SELECT that is written out behind a tag, at a line."""
    texts = [
        text
        for node in edit.walk(source.tree)
        if node.type == "call_expression"
        and (text := node.child_by_field_name("arguments")) is not None
        and text.type == "template_string"
        and edit.covers(node, line)
        and reads_rows(source.of(text)[1:-1])
    ]
    return next(iter(texts), None)


def _prisma(
    source: Source, line: int, table: str, model: Model, transaction: str
) -> tuple[Edit, ...]:
    """Prisma has no such clause: a statement before the read takes the lock."""
    call = call_at(source, line, PRISMA_READS)
    given = edit.arguments(call) if call is not None else []
    where = edit.value_of(source, given[0], "where") if given else None
    statement = _statement(call) if call is not None else None
    if call is None or where is None or where.type != "object" or statement is None:
        return ()
    conditions = [_condition(model, each) for each in edit.properties(source, where)]
    client = transaction or edit.callee(source, call)[0].rpartition(".")[0]
    if not conditions or None in conditions or not client:
        return ()
    asked = " AND ".join(each for each in conditions if each is not None)
    end = ";" if source.of(statement).rstrip().endswith(";") else ""
    lock = f"await {client}.$queryRaw`SELECT 1 FROM {quoted(table)} WHERE {asked} FOR UPDATE`{end}"
    at = statement.start_byte
    return (Edit(start=at, end=at, text=f"{lock}\n{source.indent(at)}"),)


def _condition(model: Model, asked: Property) -> str | None:
    """A plain condition of Prisma's in SQL; None for another one."""
    columns = {field: column for column, field in model.fields.items()}
    column = columns.get(asked.name or "")
    if column is None or asked.spread or asked.value.startswith(("{", "[", "undefined")):
        return None
    if asked.value == "null":
        return f'"{column}" IS NULL'
    cast = model.casts.get(asked.name or "", "")
    return f'"{column}" = ${{{asked.value}}}{cast}' if cast is not None else None


def _statement(node: Node) -> Node | None:
    """The statement of a block that a node is part of, within its function."""
    found: Node | None = node
    while found is not None and (found.parent is None or found.parent.type != "statement_block"):
        found = found.parent
        if found is not None and found.type in edit.FUNCTIONS:
            return None
    return found


_Way = Callable[[Source, int], tuple[Edit, ...]]
_WAYS: dict[str, _Way] = {
    "sequelize": _sequelize,
    "sequelize-typescript": _sequelize,
    "@sequelize/core": _sequelize,
    "typeorm": _typeorm,
    "knex": _knex,
    "drizzle-orm": _drizzle,
    "kysely": _kysely,
    "pg": _sql,
    "pg-promise": _sql,
    "postgres": _tagged,
}


def _in_text(source: Source, text: Node) -> tuple[Edit, ...]:
    """The clause at the end of a SELECT that is written out."""
    if text.type not in ("string", "template_string"):
        return ()
    inside = source.of(text)[1:-1]
    if not reads_rows(inside):
        return ()
    place, put = clause(inside)
    at = text.start_byte + 1 + place
    return (Edit(start=at, end=at, text=put),)


def _at_the_end(source: Source, call: Node | None, text: str) -> tuple[Edit, ...]:
    """A link more at the end of a chain that reads rows and nothing else."""
    if call is None:
        return ()
    whole = outermost(call)
    names = set(_CALLED.findall(source.of(whole)))
    if names & _UNLOCKABLE or names & {"then", "catch", "finally"}:
        return ()
    return (Edit(start=whole.end_byte, end=whole.end_byte, text=_link(source, whole, text)),)


def _before_the_last_name(source: Source, call: Node, text: str) -> tuple[Edit, ...]:
    function = call.child_by_field_name("function")
    subject = function.child_by_field_name("object") if function is not None else None
    if subject is None or set(_CALLED.findall(source.of(call))) & _UNLOCKABLE:
        return ()
    at = subject.end_byte
    return (Edit(start=at, end=at, text=_link(source, call, text)),)


def _link(source: Source, whole: Node, text: str) -> str:
    """On a line of its own where the chain's links are."""
    broken = re.findall(r"\n([ \t]*)\.", source.of(whole))
    return f"\n{broken[-1]}{text}" if broken else text


def _name_of(call: Node) -> Node | None:
    function = call.child_by_field_name("function")
    return function.child_by_field_name("property") if function is not None else None


def _entry(source: Source, literal: Node, text: str) -> Edit:
    """One property more at the end of an object literal, as the others stand."""
    entries = [each for each in literal.named_children if each.type != "comment"]
    if not entries:
        return Edit(start=literal.start_byte, end=literal.end_byte, text=f"{{ {text} }}")
    last = entries[-1]
    apart = last.start_point.row > literal.start_point.row
    put = f",\n{source.indent(last.start_byte)}{text}" if apart else f", {text}"
    return Edit(start=last.end_byte, end=last.end_byte, text=put)
