"""SERIALIZABLE in the words of each library of JavaScript, and of SQL by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from tree_sitter import Node

from redhanded.hunt.repair import transactions
from redhanded.hunt.repair.creation import PRISMA, SEQUELIZE
from redhanded.hunt.repair.region import FUNCTIONS
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

SET = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
_LEVELS = r"repeatable[ _]?read|read[ _]?(?:un)?committed"
_WEAKER = re.compile(_LEVELS, re.IGNORECASE)
_ENOUGH = re.compile(r"(?<![a-z])(?<!\bis_)serializable", re.IGNORECASE)
"""Not ``isSerializable``, which asks something else."""
_SAID_BY = frozenset({"string", "template_string", "identifier", "property_identifier"})


def serializable(
    source: Source, node: Node, library: str | None, *, by_hand: bool
) -> list[Edit] | None:
    """What gives a transaction that level; None where that is not known.

    ``node``: the call that runs it; ``by_hand``: the function that begins it.
    """
    around = node if by_hand else edit.enclosing(node, FUNCTIONS) or node
    if is_named(source, around):
        return []
    weaker = named_weaker(source, around)
    if weaker:
        return weaker
    begun = transactions.beginnings(source, node) if by_hand else [node]
    ways = _BEGINNINGS if by_hand else _CALLS
    way = ways.get(library or "")
    return way(source, begun[0]) if way is not None and begun else None


def named_weaker(source: Source, around: Node) -> list[Edit]:
    """Weaker levels put into SERIALIZABLE, as they are written there."""
    return [
        Edit(
            start=each.start_byte + len(source.of(each)[: found.start()].encode()),
            end=each.start_byte + len(source.of(each)[: found.end()].encode()),
            text=_as_written(found[0]),
        )
        for each in _said(around)
        for found in _WEAKER.finditer(source.of(each))
    ]


def is_named(source: Source, around: Node) -> bool:
    """Whether SERIALIZABLE is said there already."""
    return any(_ENOUGH.search(source.of(each)) for each in _said(around))


def _said(around: Node) -> list[Node]:
    """The texts and the names in a node, without what describes it."""
    return [
        each
        for each in edit.walk(around)
        if each.type in _SAID_BY
        and not (each.parent is not None and each.parent.type == "expression_statement")
    ]


def _as_written(text: str) -> str:
    if text.isupper():
        return "SERIALIZABLE"
    return "Serializable" if text[0].isupper() else "serializable"


_Way: TypeAlias = Callable[[Source, Node], list[Edit] | None]


def _option_last(value: str) -> _Way:
    """``call(function, { isolationLevel })``."""

    def way(source: Source, call: Node) -> list[Edit] | None:
        given = edit.arguments(call)
        entry = f"isolationLevel: '{value}'"
        if given[-1].type in FUNCTIONS:
            at = given[-1].end_byte
            return [Edit(start=at, end=at, text=f", {{ {entry} }}")]
        return _entry(given[-1], entry)

    return way


_OF_SEQUELIZE = re.compile(
    r"import\s+(?!type\b)[^;]*?[{,]\s*Transaction\b[^;]*?from\s*['\"]sequelize['\"]"
    r"|(?:const|let|var)\s*\{[^}]*\bTransaction\b[^}]*\}\s*=\s*require\(\s*['\"]sequelize['\"]"
)


def _sequelize(source: Source, call: Node) -> list[Edit] | None:
    """The options stand first. TypeScript wants the value of the enumeration."""
    if _OF_SEQUELIZE.search(source.data.decode("utf-8", "replace")):
        level = "Transaction.ISOLATION_LEVELS.SERIALIZABLE"
    elif edit.is_untyped(source.path):
        level = "'SERIALIZABLE'"
    else:
        return None
    given = edit.arguments(call)
    entry = f"isolationLevel: {level}"
    if given and given[0].type not in FUNCTIONS:
        return _entry(given[0], entry)
    at = given[0].start_byte if given else call.end_byte - 1
    return [Edit(start=at, end=at, text=f"{{ {entry} }}{', ' if given else ''}")]


def _entry(options: Node, entry: str) -> list[Edit] | None:
    if options.type != "object":
        return None
    at = options.start_byte + 1
    return [Edit(start=at, end=at, text=f" {entry}{',' if options.named_children else ' '}")]


def _first(text: str) -> _Way:
    """``call(level, function)``; alone in one that is given nothing."""

    def way(source: Source, call: Node) -> list[Edit] | None:
        del source
        given = edit.arguments(call)
        if given and given[0].type not in FUNCTIONS:
            return None
        at = given[0].start_byte if given else call.end_byte - 1
        return [Edit(start=at, end=at, text=f"{text}, " if given else text)]

    return way


def _kysely(source: Source, call: Node) -> list[Edit] | None:
    function = edit.called(call)
    of = function.child_by_field_name("object") if function is not None else None
    if of is None:
        return None
    return [Edit(start=of.end_byte, end=of.end_byte, text=".setIsolationLevel('serializable')")]


def _asked(method: str) -> _Way:
    """The first statement of the function that the call runs."""

    def way(source: Source, call: Node) -> list[Edit] | None:
        function = transactions.given(call)
        body = function.child_by_field_name("body") if function is not None else None
        first = _first_parameter(source, function) if function is not None else None
        if function is None or first is None or body is None or not body.named_children:
            return None
        asynchronous = source.of(function).startswith("async")
        if body.type != "statement_block" or not asynchronous:
            return None
        at = body.named_children[0].start_byte
        text = f"await {first}.{method}('{SET}');\n{source.indent(at)}"
        return [Edit(start=at, end=at, text=text)]

    return way


def _first_parameter(source: Source, function: Node) -> str | None:
    """Its name; None for a pattern."""
    listed = function.child_by_field_name("parameters")
    first = function.child_by_field_name("parameter") or (
        listed.named_children[0] if listed is not None and listed.named_children else None
    )
    named = first.child_by_field_name("pattern") if first is not None else None
    node = named or first
    return source.of(node) if node is not None and node.type == "identifier" else None


def _by_sql(source: Source, call: Node) -> list[Edit] | None:
    """``BEGIN`` with the level; nothing where it says more than that already."""
    text = edit.arguments(call)[0]
    said = source.of(text)[1:-1].strip().rstrip(";")
    if said.upper() not in ("BEGIN", "BEGIN TRANSACTION", "START TRANSACTION"):
        return None
    at = text.start_byte + 1 + source.of(text)[1:-1].index(said) + len(said)
    return [Edit(start=at, end=at, text=" ISOLATION LEVEL SERIALIZABLE")]


_LEVEL = "'SERIALIZABLE'"
_CALLS: dict[str, _Way] = {
    **dict.fromkeys(SEQUELIZE, _sequelize),
    **dict.fromkeys(PRISMA, _option_last("Serializable")),
    "knex": _option_last("serializable"),
    "objection": _option_last("serializable"),
    "drizzle-orm": _option_last("serializable"),
    "typeorm": _first(_LEVEL),
    "kysely": _kysely,
    "postgres": _first("'isolation level serializable'"),
    "pg": _asked("query"),
    "pg-promise": _asked("none"),
}
_BEGINNINGS: dict[str, _Way] = {
    "knex": _first("undefined, { isolationLevel: 'serializable' }"),
    **dict.fromkeys(SEQUELIZE, _sequelize),
    "typeorm": _first(_LEVEL),
    "pg": _by_sql,
}
