"""An insert of Knex, Drizzle, node-postgres or TypeORM: how it is told to pass over a row that is
there, how it tells whether it has, and how that row is read.

``writing`` gives it in the words of the library; what becomes of the statement around it is the
same for all, see ``inserted_once``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.hunt.repair import attributes
from redhanded.hunt.repair.attributes import entry
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.statements import Shape
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One insert in its library's words."""

    call: Node
    """The whole expression that is awaited."""
    values: Node | None
    """The object literal of the values, or the name that stands for it."""
    once: str
    """``call`` with the clause."""
    told: str
    """The same, giving rows only where one was added; empty where ``once`` does so."""
    shape_told: Shape
    """What ``told`` gives."""
    look: Callable[[str, Shape], str] | None
    """Statement without semicolon that reads the row under a name, as a statement of that shape
    binds it; None where it cannot be written."""
    how: str
    """What the clause does, a sentence's beginning."""


def writing(
    ground: Ground, library: str, columns: tuple[str, ...]
) -> tuple[Source, Writing] | None:
    """The insert at the root cause's line; None where it is not understood."""
    place = ground.place("create")
    if place is None or not edit.is_script(place.path):
        return None
    read = {"knex": _knex, "drizzle-orm": _drizzle, "pg": _sql}.get(library)
    if read is None:
        return None
    source = edit.read(ground.text(place.path), place.path)
    found = read(ground, source, place.line, columns)
    return None if found is None else (source, found)


def outermost(call: Node) -> Node:
    """The whole chain of calls that one is a link of."""
    node = call
    while (
        node.parent is not None
        and node.parent.type == "member_expression"
        and node.parent.parent is not None
        and node.parent.parent.type == "call_expression"
        and (function := node.parent.parent.child_by_field_name("function")) is not None
        and function.id == node.parent.id
    ):
        node = node.parent.parent
    return node


def links(source: Source, call: Node) -> dict[str, Node]:
    """The calls that follow one in its chain, by name."""
    found: dict[str, Node] = {}
    node, whole = call, outermost(call)
    while node.id != whole.id and node.parent is not None and node.parent.parent is not None:
        node = node.parent.parent
        found[edit.callee(source, node)[1]] = node
    return found


def _values(
    source: Source, values: Node, columns: tuple[str, ...], known: dict[str, str] | None = None
) -> dict[str, str] | None:
    """Property to value for each column, in their order; None if a value cannot be told.

    ``known``: property to column, where they have other names; a row that is not written out is
    taken to have one for each column.
    """
    called = known or {}
    named = {column: column for column in columns}
    named |= {column: name for name, column in called.items() if column in named}
    found = attributes.where(source, values, columns, called, named)
    return None if found is None else {name: value for name, (value, _) in found.items()}


def _with(source: Source, whole: Node, at: int, text: str) -> str:
    """The text of ``whole`` with more at an offset of the file, on lines of its own if the chain
    has them."""
    following = source.data[at : whole.end_byte].decode()
    before = source.data[whole.start_byte : at].decode()
    broken = re.match(r"\s*\n(\s*)\.", following)
    if broken is not None:
        text = re.sub(r"\.(?=on|ignore|returning)", f"\n{broken[1]}.", text)
    return before + text + following


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{each}'" for each in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _knex(_ground: Ground, source: Source, line: int, columns: tuple[str, ...]) -> Writing | None:
    call = edit.call_near(source, line, ("insert",), reach=2)
    given = edit.arguments(call) if call is not None else []
    if call is None or not given or given[0].type not in ("object", "identifier"):
        return None
    following = links(source, call)
    head = edit.callee(source, call)[0]
    if {"onConflict", "into", "toString"} & set(following) or not head:
        return None
    where = _values(source, given[0], columns)
    if where is None:
        return None
    whole = outermost(call)
    clause = f".onConflict({_listed(columns)}).ignore()"
    asked = ", ".join(entry(*each) for each in zip(columns, where.values(), strict=True))
    transacting = following.get("transacting")
    within = ""
    if transacting is not None and edit.arguments(transacting):
        within = f".transacting({source.of(edit.arguments(transacting)[0])})"

    def look(name: str, shape: Shape) -> str:
        rows = f"{head}.where({{ {asked} }}){within}"
        return f"const {name} = await {rows}" + ("" if shape == "whole" else ".first()")

    gives = "returning" in following or len(given) > 1
    more = "" if gives else f".returning({_listed(columns)})"
    return Writing(
        call=whole,
        values=given[0],
        once=_with(source, whole, call.end_byte, clause),
        told=_with(source, whole, call.end_byte, clause + more) if more else "",
        shape_told="first",
        look=look,
        how="onConflict(…).ignore() is one INSERT … ON CONFLICT DO NOTHING",
    )


def _drizzle(ground: Ground, source: Source, line: int, columns: tuple[str, ...]) -> Writing | None:
    call = edit.call_near(source, line, ("values",), reach=2)
    given = edit.arguments(call) if call is not None else []
    inserting = edit.callee(source, call)[0] if call is not None else ""
    parts = re.fullmatch(r"(.+?)\s*\.\s*insert\(\s*([\w$.]+)\s*\)", inserting, re.DOTALL)
    if call is None or parts is None or not given or given[0].type not in ("object", "identifier"):
        return None
    following = links(source, call)
    if {"onConflictDoNothing", "onConflictDoUpdate"} & set(following):
        return None
    where = _values(source, given[0], columns, attributes.drizzle_columns(ground.root))
    if where is None:
        return None
    database, table = parts[1], parts[2]
    whole = outermost(call)
    named = [f"{table}.{each}" for each in where]
    target = named[0] if len(named) == 1 else f"[{', '.join(named)}]"
    clause = f".onConflictDoNothing({{ target: {target} }})"
    known = edit.identifiers(source, source.tree)
    asked = [f"eq({table}.{name}, {value})" for name, value in where.items()]
    condition = asked[0] if len(asked) == 1 else f"and({', '.join(asked)})"

    def look(name: str, shape: Shape) -> str:
        bound = name if shape == "whole" else f"[{name}]"
        return f"const {bound} = await {database}.select().from({table}).where({condition})"

    more = "" if "returning" in following else ".returning()"
    return Writing(
        call=whole,
        values=given[0],
        once=_with(source, whole, call.end_byte, clause),
        told=_with(source, whole, call.end_byte, clause + more) if more else "",
        shape_told="first",
        look=look if "eq" in known and (len(asked) == 1 or "and" in known) else None,
        how="onConflictDoNothing is one INSERT … ON CONFLICT DO NOTHING",
    )


INSERT = re.compile(
    r"^\s*insert\s+into\s+([\w.\"]+)\s*(?:as\s+\w+\s*)?\(([^()]*)\)\s*values\s*\((.*?)\)\s*"
    r"(?=returning\b|;|$)",
    re.IGNORECASE | re.DOTALL,
)


def _sql(_ground: Ground, source: Source, line: int, columns: tuple[str, ...]) -> Writing | None:
    call = edit.call_near(source, line, ("query", "execute"), reach=3)
    given = edit.arguments(call) if call is not None else []
    if call is None or not given or given[0].type not in ("string", "template_string"):
        return None
    text = source.of(given[0])
    quote, inside = text[0], text[1:-1]
    found = INSERT.match(inside)
    plain = all(PLAIN_NAME.fullmatch(each) for each in columns)
    if found is None or "${" in inside or not plain or "on conflict" in inside.lower():
        return None
    clause = f"ON CONFLICT ({', '.join(columns)}) DO NOTHING"
    end = given[0].start_byte + 1 + len(inside[: found.end()].rstrip().encode())
    indented = re.findall(r"\n([ \t]*)\S", inside)
    put = f"\n{indented[-1]}{clause}" if indented and "\n" in inside.strip() else f" {clause}"
    changed = Edit(start=end, end=end, text=put)
    values = _values_of(source, given, found, columns)
    receiver = edit.callee(source, call)[0]
    asked = " AND ".join(f"{column} = ${number}" for number, column in enumerate(columns, 1))
    mark = "'" if quote == "`" else quote

    def look(name: str, shape: Shape) -> str:
        bound = f"{{ rows: [{name}] }}" if shape == "first" else name
        query = f"SELECT * FROM {found[1]} WHERE {asked}"
        listed = ", ".join(values or ())
        return f"const {bound} = await {receiver}.query({mark}{query}{mark}, [{listed}])"

    head = source.data[call.start_byte : changed.start].decode()
    once = head + put + source.data[changed.start : call.end_byte].decode()
    return Writing(
        call=call,
        values=None,
        once=once,
        told=once,
        shape_told="whole",
        look=look if values is not None else None,
        how="ON CONFLICT … DO NOTHING adds the row or leaves the one that is there",
    )


def _values_of(
    source: Source, given: list[Node], found: re.Match[str], columns: tuple[str, ...]
) -> list[str] | None:
    """Source texts of the parameters that are put into ``columns``."""
    if len(given) < 2 or given[1].type != "array":
        return None
    bound = [each for each in given[1].named_children if each.type != "comment"]
    names = [each.strip().strip('"').lower() for each in found[2].split(",")]
    put = [each.strip() for each in found[3].split(",")]
    if len(put) != len(names):
        return None
    texts = []
    for column in columns:
        place = re.match(r"\$(\d+)", put[names.index(column)]) if column in names else None
        if place is None or int(place[1]) > len(bound):
            return None
        texts.append(source.of(bound[int(place[1]) - 1]))
    return texts
