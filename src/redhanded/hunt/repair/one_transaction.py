"""JavaScript: what is read and written back, in one transaction and with the row locked.

The statements from the read to the write become the body of a function that the library runs in a
transaction, in the words of Sequelize, TypeORM, Knex, Drizzle, Kysely, Prisma, pg-promise, postgres
or node-postgres; each call that asks the database in it is told of the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from tree_sitter import Node

from redhanded.case.codemap import DataAccess
from redhanded.hunt.repair import locked_rows
from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.creation import PRISMA
from redhanded.hunt.repair.region import Region
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

_ANSWERS = frozenset(
    {"json", "send", "status", "end", "sendStatus", "redirect", "render", "code", "write"}
)
_GOES_ON, _LEFT = "goesOn", "answered"
_IN_ITS_WAY = frozenset(
    {"try_statement", "break_statement", "continue_statement", "yield_expression"}
)
"""What cannot stand in a function of its own; and an error of the database that is caught inside
would have ended the transaction already."""
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
    {"select", "selectFrom", "from", "into", "table", "insert", "insertInto", "update"}
    | {"updateTable", "delete", "deleteFrom", "with", "queryBuilder", "raw"}
)
"""Methods of a connection; another one that is called with a table is the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a library runs a function in a transaction."""

    begin: str
    """All that stands before the function's body."""
    end: str
    edits: tuple[Edit, ...]
    """What tells the calls of it."""
    helper: str = ""
    """A function that they need, at the end of the file."""


def enclosed(
    ground: Ground, path: str, pairs: tuple[tuple[int, int], ...], table: str
) -> str | None:
    """The file with each read and write of ``pairs`` (their lines) in a transaction; None where
    that is not known to do no harm."""
    source = edit.read(ground.text(path), path)
    edits: list[Edit] = []
    helpers: set[str] = set()
    for first, last in pairs:
        region = regions.between(source, first, last)
        whole = _whole(ground, region) if region is not None else None
        words = _words(ground, whole, first) if whole is not None else None
        if whole is None or words is None or not _is_told_apart(whole):
            return None
        lock = locked_rows.edits(ground, source, first, table, transaction="tx")
        if not lock:
            return None
        further = f"\n{source.indent_unit}"
        lock = tuple(replace(each, text=each.text.replace("\n", further)) for each in lock)
        edits += [*_merged(lock, words.edits), *_around(whole, words)]
        helpers.add(words.helper)
    end = len(source.data)
    text = "".join(f"\n{helper}" for helper in helpers if helper)
    return edit.apply(source, (*edits, Edit(start=end, end=end, text=text)))


_Way: TypeAlias = Callable[[Region, int, list[DataAccess]], _Words | None]


def _whole(ground: Ground, region: Region) -> Region | None:
    """The statements to enclose: all that follow, too, where one of them leaves the function with
    something else than an answer."""
    whole = region if not _leaves(region) or _only_answers(region) else region.to_the_end()
    body = region.function.child_by_field_name("body")
    if whole is not region and (body is None or body.id != region.block.id):
        return None
    broken = any(
        each.start_point.row < each.end_point.row for each in whole.nodes("template_string")
    )
    in_its_way = broken or next(whole.nodes(*_IN_ITS_WAY), None) is not None
    answers = not _only_answers(whole) and bool(_answers(whole))
    if in_its_way or answers or not _is_async(region) or regions.queues(ground, whole):
        return None
    return whole


def _only_answers(region: Region) -> bool:
    """Whether it is left only where an answer is sent instead of going on: nothing is written
    then that the answer could be too early for."""
    leaves, answers = tuple(region.nodes("return_statement")), _answers(region)
    aside = [edit.enclosing(each, ("if_statement",)) for each in (*leaves, *answers)]
    apart = [each for each in aside if each is not None and each.start_byte >= region.start]
    both = all(_one_of(leaves, each) and _one_of(answers, each) for each in apart)
    return bool(leaves) and len(apart) == len(aside) and both


def _one_of(nodes: Iterable[Node], branch: Node) -> bool:
    return any(
        branch.start_byte <= each.start_byte and each.end_byte <= branch.end_byte for each in nodes
    )


def _leaves(region: Region) -> bool:
    return next(region.nodes("return_statement"), None) is not None


def _is_told_apart(whole: Region) -> bool:
    """Where it may be left early: whether nothing that it declares is needed after it."""
    taken = {_GOES_ON, _LEFT} & edit.identifiers(whole.source, whole.function)
    return not _only_answers(whole) or not (_names_of(whole)[0] or taken)


def _is_async(region: Region) -> bool:
    head = region.source.data[region.function.start_byte : region.block.start_byte].decode()
    return bool(re.search(r"\basync\b", head))


def _answers(region: Region) -> list[Node]:
    """Calls that send an answer."""
    calls = region.nodes("call_expression")
    return [each for each in calls if edit.callee(region.source, each)[1] in _ANSWERS]


def _words(ground: Ground, whole: Region, first: int) -> _Words | None:
    asked = [each for each in ground.code.accesses if whole.holds(each.location)]
    libraries = {each.library for each in asked}
    way = _WAYS.get(libraries.pop()) if len(libraries) == 1 else None
    return way(whole, first, asked) if way is not None else None


def _merged(lock: tuple[Edit, ...], told: tuple[Edit, ...]) -> list[Edit]:
    """Options that two edits would add to one call are one."""
    at = {each.start: each for each in told if each.text.endswith("{ transaction }")}
    both = [
        replace(each, text=each.text.replace("{ ", "{ transaction, ", 1))
        if each.start in at
        else each
        for each in lock
    ]
    starts = {each.start for each in lock if each.start in at}
    return [*both, *(each for each in told if each.start not in starts)]


def _around(whole: Region, words: _Words) -> list[Edit]:
    """The words before and after, and what the rest of the block needs of what is inside."""
    source = whole.source
    pad, more = source.indent(whole.start), source.indent_unit
    names, kind = _names_of(whole)
    before, after, last = "return " if _leaves(whole) else "await ", "", ""
    if _only_answers(whole):
        before = f"let {_GOES_ON} = false;\n{pad}const {_LEFT} = await "
        after = f"{pad}{more}{_GOES_ON} = true;\n"
        last = f"\n{pad}if (!{_GOES_ON}) return {_LEFT};"
    elif names:
        bound = names[0] if len(names) == 1 else f"{{ {', '.join(names)} }}"
        before, after = f"{kind} {bound} = await ", f"{pad}{more}return {bound};\n"
    return [
        Edit(start=whole.start, end=whole.start, text=f"{before}{words.begin}\n{pad}{more}"),
        *regions.further_in(whole),
        Edit(start=whole.end, end=whole.end, text=f"\n{after}{pad}{words.end}{last}"),
    ]


def _names_of(region: Region) -> tuple[list[str], str]:
    """Names that its statements declare and the rest of the block uses, and how to declare them."""
    source = region.source
    used = {name for each in region.rest for name in edit.identifiers(source, each)}
    found: dict[str, str] = {}
    for statement in region.statements:
        if statement.type not in ("lexical_declaration", "variable_declaration"):
            continue
        kind = "const" if source.of(statement).startswith("const") else "let"
        for declarator in statement.named_children:
            name = declarator.child_by_field_name("name")
            for each in sorted(edit.identifiers(source, name)) if name is not None else ():
                if each in used:
                    found[each] = kind
    return list(found), "const" if set(found.values()) <= {"const"} else "let"


def _sequelize(region: Region, first: int, asked: list[DataAccess]) -> _Words | None:
    source = region.source
    calls = [edit.call_near(source, each.location.line, _OPTIONS_AT, reach=1) for each in asked]
    known = {call.id: call for call in calls if call is not None}
    reads = edit.call_near(source, first, _OPTIONS_AT, reach=locked_rows.REACH)
    model = edit.callee(source, reads)[0] if reads is not None else ""
    told = [_told(source, call) for call in known.values()]
    if None in calls or None in told or not re.fullmatch(r"[A-Z][\w$]*", model):
        return None
    begin = f"{model}.sequelize.transaction(async (transaction) => {{"
    return _Words(begin=begin, end="});", edits=tuple(each for each in told if each is not None))


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


def _renamed(begin: str, end: str, name: str, connection: _Connection, helper: str = "") -> _Way:
    """The way of a library whose transaction is asked as its connection is: under another name."""

    def way(region: Region, first: int, _asked: list[DataAccess]) -> _Words | None:
        source = region.source
        root = connection(source, first)
        if root is None or name in edit.identifiers(source, region.function):
            return None
        if helper and _HELPER in edit.identifiers(source, source.tree):
            return None
        asked = source.of(root)
        edits = tuple(
            Edit(start=each.start_byte, end=each.end_byte, text=name)
            for each in region.nodes("identifier", "member_expression")
            if source.of(each) == asked and _is_asked(each)
        )
        script = helper if edit.is_untyped(source.path) else _typed(helper)
        return _Words(begin=begin.format(asked), end=end, edits=edits, helper=script)

    return way


def _root_of(methods: frozenset[str], *, always_of: bool = False, parts: int = 0) -> _Connection:
    """What a chain of calls at a line begins at, its last ``parts`` names left out."""

    def connection(source: Source, line: int) -> Node | None:
        call = edit.call_near(source, line, methods, reach=locked_rows.REACH)
        root = _root(source, call, always_of=always_of) if call is not None else None
        for _ in range(parts):
            root = root.child_by_field_name("object") if root is not None else None
        return root

    return connection


def _pool(source: Source, line: int) -> Node | None:
    """A pool of connections, by its name: a client would take one for all that is asked."""
    root = _root_of(locked_rows.QUERIES, always_of=True)(source, line)
    return root if root is not None and re.search(r"pool$", source.of(root), re.I) else None


def _tag(source: Source, line: int) -> Node | None:
    text = locked_rows.tagged(source, line)
    return text.parent.child_by_field_name("function") if text is not None and text.parent else None


def _typeorm(region: Region, first: int, asked: list[DataAccess]) -> _Words | None:
    """Repositories are taken along, an entity manager is put in the place of the other."""
    source = region.source
    receivers: dict[int, Node] = {}
    for access in asked:
        call = edit.call_near(source, access.location.line, _TYPEORM, reach=1)
        root = _root(source, call, always_of=True) if call is not None else None
        if root is None:
            return None
        receivers[root.id] = root
    reads = edit.call_near(source, first, _TYPEORM, reach=locked_rows.REACH)
    root = _root(source, reads, always_of=True) if reads is not None else None
    texts = {source.of(each) for each in receivers.values()}
    if root is None or any(re.match(r"[A-Z]", each) for each in texts):
        return None
    of = source.of(root)
    managers = {each for each in texts if re.search(r"manager$", each, re.IGNORECASE)}
    if managers and texts != managers:
        return None
    edits = tuple(
        Edit(
            start=each.start_byte,
            end=each.end_byte,
            text="manager" if managers else f"manager.withRepository({source.of(each)})",
        )
        for each in receivers.values()
    )
    begin = f"{of}.transaction" if managers else f"{of}.manager.transaction"
    return _Words(begin=f"{begin}(async (manager) => {{", end="});", edits=edits)


def _root(source: Source, call: Node, *, always_of: bool = False) -> Node | None:
    """What a chain of calls begins at: ``db`` of ``db('t').where(…)`` and of ``db.select()``.

    ``always_of``: nothing that is called with a table is a connection.
    """
    node = call
    while (function := node.child_by_field_name("function")) is not None:
        if function.type != "member_expression":
            return function if function.type == "identifier" and not always_of else None
        of, name = (function.child_by_field_name(each) for each in ("object", "property"))
        if of is None or name is None:
            return None
        if of.type != "call_expression":
            return of if always_of or source.of(name) in _BUILDS else function
        node = of
    return None


def _is_asked(node: Node) -> bool:
    """Whether it is called, or a method of it."""
    parent = node.parent
    of = ("function", "object")
    parts = [parent.child_by_field_name(each) for each in of] if parent is not None else []
    return any(each is not None and each.id == node.id for each in parts)


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
    typed = "pool: { connect(): Promise<any> }, work: (client: any) => Promise<T>): Promise<T>"
    return helper.replace(f"{_HELPER}(pool, work)", f"{_HELPER}<T>({typed}")


_WAYS: dict[str, _Way] = {
    **dict.fromkeys(("sequelize", "sequelize-typescript", "@sequelize/core"), _sequelize),
    "typeorm": _typeorm,
    "knex": _renamed("{}.transaction(async (trx) => {{", "});", "trx", _root_of(locked_rows.KNEX)),
    "drizzle-orm": _renamed(
        "{}.transaction(async (tx) => {{", "});", "tx", _root_of(frozenset({"from"}))
    ),
    "kysely": _renamed(
        "{}.transaction().execute(async (trx) => {{", "});", "trx", _root_of(locked_rows.KYSELY)
    ),
    **dict.fromkeys(
        PRISMA,
        _renamed(
            "{}.$transaction(async (tx) => {{",
            "});",
            "tx",
            _root_of(locked_rows.PRISMA_READS, always_of=True, parts=1),
        ),
    ),
    "pg": _renamed(
        f"{_HELPER}({{}}, async (client) => {{{{", "});", "client", _pool, _IN_TRANSACTION
    ),
    "pg-promise": _renamed(
        "{}.tx(async (t) => {{", "});", "t", _root_of(locked_rows.QUERIES, always_of=True)
    ),
    "postgres": _renamed("{}.begin(async (tx) => {{", "});", "tx", _tag),
}
