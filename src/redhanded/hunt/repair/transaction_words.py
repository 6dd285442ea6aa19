"""How each library of JavaScript runs a function in a transaction, and tells its calls of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tree_sitter import Node

from redhanded.case.codemap import DataAccess
from redhanded.hunt.repair import locked_rows
from redhanded.hunt.repair.creation import PRISMA
from redhanded.hunt.repair.locked_rows import call_at
from redhanded.hunt.repair.region import Region
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

_OPTIONS_AT = {
    **dict.fromkeys(("findOne", "findAll", "count", "save", "destroy", "reload"), 0),
    **dict.fromkeys(("findByPk", "create", "update", "upsert", "bulkCreate"), 1),
    **dict.fromkeys(("sum", "min", "max", "increment", "decrement"), 1),
}
"""Sequelize: which argument holds the options."""
_TYPEORM = frozenset(
    {"find", "findBy", "findOne", "findOneBy", "findOneOrFail", "findOneByOrFail", "count", "save"}
    | {"insert", "update", "upsert", "delete", "remove", "increment", "decrement", "countBy"}
    | {"getOne", "getOneOrFail", "getMany", "execute", "exists", "existsBy"}
)
_BUILDS = frozenset(
    {"select", "from", "into", "table", "insert", "update", "delete", "with", "withSchema"}
    | {"withRecursive", "queryBuilder", "raw", "first", "pluck", "count", "distinct", "columns"}
)
"""Methods of Knex; another one that is called with a table is the connection."""
_NOT_INSIDE = frozenset(
    {"$transaction", "$connect", "$disconnect", "begin", "transaction", "tx", "task", "connect"}
    | {"end", "destroy", "savepoint"}
)
"""What a connection has and its transaction has not, or not with the same meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a library runs a function in a transaction."""

    begin: str
    """All that stands before the function's body."""
    end: str
    edits: tuple[Edit, ...]
    """What tells the calls of it."""
    helper: str = ""
    """A function that they need, at the end of the file."""


Way: TypeAlias = Callable[[Region, int, list[DataAccess]], Words | None]
"""Of what is enclosed, the line of the code map at which it reads, and all that it asks."""


def _sequelize(region: Region, first: int, asked: list[DataAccess]) -> Words | None:
    source = region.source
    name = "transaction"
    calls = [call_at(source, each.location.line, frozenset(_OPTIONS_AT)) for each in asked]
    known = {call.id: call for call in calls if call is not None}
    reads = call_at(source, first, frozenset(_OPTIONS_AT))
    model = edit.callee(source, reads)[0] if reads is not None else ""
    told = [_told(source, call) for call in known.values()]
    taken = name in edit.identifiers(source, region.function)
    if None in calls or None in told or taken or not re.fullmatch(r"[A-Z][\w$]*", model):
        return None
    sure = "" if edit.is_untyped(source.path) else "!"
    begin = f"{model}.sequelize{sure}.transaction(async ({name}) => {{"
    return Words(begin=begin, end="});", edits=tuple(each for each in told if each is not None))


def _told(source: Source, call: Node) -> Edit | None:
    """The option in a call of Sequelize."""
    place, given = _OPTIONS_AT[edit.callee(source, call)[1]], edit.arguments(call)
    if len(given) == place:
        at = given[-1].end_byte if given else call.end_byte - 1
        return Edit(start=at, end=at, text=", { transaction }" if given else "{ transaction }")
    if len(given) <= place or given[place].type != "object":
        return None
    named = {each.name for each in edit.properties(source, given[place])}
    at = given[place].start_byte + 1
    return None if "transaction" in named else Edit(start=at, end=at, text=" transaction,")


_Connection: TypeAlias = Callable[[Source, int], Node | None]
"""What the call that reads at a line asks."""


def _renamed(begin: str, end: str, name: str, connection: _Connection, helper: str = "") -> Way:
    """The way of a library whose transaction is asked as its connection is: under another name."""

    def way(region: Region, first: int, _asked: list[DataAccess]) -> Words | None:
        source = region.source
        root = connection(source, first)
        if root is None or name in edit.identifiers(source, region.function):
            return None
        if helper and _HELPER in edit.identifiers(source, source.tree):
            return None
        asked = source.of(root)
        named = [
            each
            for each in region.nodes("identifier", "member_expression")
            if source.of(each) == asked
        ]
        # Handed on, or asked for what a transaction has not: it would be asked beside it.
        if not all(_is_asked(source, each) for each in named):
            return None
        edits = tuple(Edit(start=each.start_byte, end=each.end_byte, text=name) for each in named)
        script = helper if edit.is_untyped(source.path) else _typed(helper)
        return Words(begin=begin.format(asked), end=end, edits=edits, helper=script)

    return way


def _of(methods: frozenset[str], *, parts: int = 0) -> _Connection:
    """What a chain of calls at a line begins at, its last ``parts`` names left out."""

    def connection(source: Source, line: int) -> Node | None:
        call = call_at(source, line, methods)
        root = _root(source, call, always_of=True) if call is not None else None
        for _ in range(parts):
            root = root.child_by_field_name("object") if root is not None else None
        return root

    return connection


def _of_knex(source: Source, line: int) -> Node | None:
    """The same where a connection is called with a table."""
    call = call_at(source, line, locked_rows.KNEX)
    return _root(source, call) if call is not None else None


def _pool(source: Source, line: int) -> Node | None:
    """A pool of connections, by its name: a client would take one for all that is asked."""
    root = _of(locked_rows.QUERIES)(source, line)
    return root if root is not None and re.search(r"pool$", source.of(root), re.I) else None


def _tag(source: Source, line: int) -> Node | None:
    text = locked_rows.tagged(source, line)
    return edit.called(text.parent) if text is not None and text.parent is not None else None


def _typeorm(region: Region, first: int, asked: list[DataAccess]) -> Words | None:
    """Repositories are taken along, an entity manager is put in the place of the other."""
    source = region.source
    receivers: dict[int, Node] = {}
    for access in asked:
        call = call_at(source, access.location.line, _TYPEORM)
        root = _root(source, call, always_of=True) if call is not None else None
        if call is None or root is None or not _is_of_rows(source, call, root):
            return None
        receivers[root.id] = root
    reads = call_at(source, first, _TYPEORM)
    root = _root(source, reads, always_of=True) if reads is not None else None
    texts = {source.of(each) for each in receivers.values()}
    managers = {each for each in texts if re.search(r"manager$", each, re.IGNORECASE)}
    taken = "manager" in edit.identifiers(source, region.function) and texts != {"manager"}
    if root is None or taken or (managers and texts != managers):
        return None
    edits = tuple(
        Edit(
            start=each.start_byte,
            end=each.end_byte,
            text="manager" if managers else f"manager.withRepository({source.of(each)})",
        )
        for each in receivers.values()
    )
    begin = (
        f"{source.of(root)}.transaction" if managers else f"{source.of(root)}.manager.transaction"
    )
    return Words(begin=f"{begin}(async (manager) => {{", end="});", edits=edits)


def _is_of_rows(source: Source, call: Node, root: Node) -> bool:
    """Whether the root of a chain is a repository or a manager, as far as its name and what is
    called say; not an entity that saves itself, nor the source of all repositories."""
    text = source.of(root)
    elsewhere = re.search(r"(?:source|connection)$", text, re.IGNORECASE)
    if re.match(r"[A-Z]", text) or elsewhere or ".getRepository(" in source.of(call):
        return False
    return bool(edit.arguments(call)) or edit.callee(source, call)[1].startswith("get")


def _root(source: Source, call: Node, *, always_of: bool = False) -> Node | None:
    """What a chain of calls begins at: ``db`` of ``db('t').where(…)`` and of ``db.select()``.

    ``always_of``: nothing that is called with a table is a connection.
    """
    node = call
    while (function := edit.called(node)) is not None:
        if function.type != "member_expression":
            return function if function.type == "identifier" and not always_of else None
        of, name = (function.child_by_field_name(each) for each in ("object", "property"))
        if of is None or name is None:
            return None
        if of.type != "call_expression":
            return of if always_of or source.of(name) in _BUILDS else function
        node = of
    return None


def _is_asked(source: Source, node: Node) -> bool:
    """Whether it is called, or a method of it that a transaction has too."""
    parent = node.parent
    if parent is not None and parent.type == "await_expression":
        node, parent = (
            parent,
            parent.parent,
        )  # ``await db<Row>(…)`` is read as a call of ``await db``.
    if parent is None:
        return False
    function, of, name = (
        parent.child_by_field_name(each) for each in ("function", "object", "property")
    )
    if function is not None and function.id == node.id:
        return True
    inside = name is not None and source.of(name) not in _NOT_INSIDE
    return of is not None and of.id == node.id and inside


_HELPER = "inTransaction"
_IN_TRANSACTION = """\
async function inTransaction(pool, work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
"""


def _typed(helper: str) -> str:
    """The same in TypeScript."""
    client = "import('pg').PoolClient"
    typed = f"pool: import('pg').Pool, work: (client: {client}) => Promise<T>): Promise<T>"
    return helper.replace(f"{_HELPER}(pool, work)", f"{_HELPER}<T>({typed}")


WAYS: dict[str, Way] = {
    **dict.fromkeys(("sequelize", "sequelize-typescript", "@sequelize/core"), _sequelize),
    "typeorm": _typeorm,
    "knex": _renamed("{}.transaction(async (trx) => {{", "});", "trx", _of_knex),
    "drizzle-orm": _renamed(
        "{}.transaction(async (tx) => {{",
        "});",
        "tx",
        _of(frozenset({"from"})),
    ),
    "kysely": _renamed(
        "{}.transaction().execute(async (trx) => {{",
        "});",
        "trx",
        _of(locked_rows.KYSELY),
    ),
    **dict.fromkeys(
        PRISMA,
        _renamed(
            "{}.$transaction(async (tx) => {{",
            "});",
            "tx",
            _of(locked_rows.PRISMA_READS, parts=1),
        ),
    ),
    "pg": _renamed(
        f"{_HELPER}({{}}, async (client) => {{{{", "});", "client", _pool, _IN_TRANSACTION
    ),
    "pg-promise": _renamed("{}.tx(async (t) => {{", "});", "t", _of(locked_rows.QUERIES)),
    "postgres": _renamed("{}.begin(async (tx) => {{", "});", "tx", _tag),
}
