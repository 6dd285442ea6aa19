"""``FOR UPDATE`` in SQL that a Python program writes by hand: psycopg 2 and 3, asyncpg, ``text()``
of SQLAlchemy, cursors of Django."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.hunt.repair.written_rows import clause, reads_rows
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

ASKS = frozenset({"execute", "fetch", "fetchrow", "fetchval", "scalar", "scalars", "raw"})
_ASKS_BY_OTHERS = frozenset({"fetch_one", "fetch_all", "fetch_val", "exec", "iterate"})
_WRAPS = frozenset({"text", "SQL"})
_LINKS = frozenset({"bindparams", "format", "columns"})


def lock(source: Source, line: int) -> Edit | None:
    """The clause in the SELECT that a call at a line (from 1) is given; None where there is no such
    text, or it cannot have one."""
    found = [
        text
        for call in edit.calls(source, ASKS | _ASKS_BY_OTHERS)
        if edit.covers(call, line) and (text := text_of(source, call)) is not None
    ]
    return _locked(source, found[0]) if len(found) == 1 else None


def text_of(source: Source, call: Node) -> Node | None:
    """What a call is given first, as it is written; of a name, what the file sets it to, where
    nobody else uses that."""
    given = edit.arguments(call)
    asked = _unwrapped(source, given[0]) if given else None
    if asked is not None and asked.type == "identifier":
        asked = _set_to(source, asked)
    return asked if asked is not None and asked.type in ("string", "concatenated_string") else None


def _unwrapped(source: Source, node: Node) -> Node | None:
    """The text in ``text("…").bindparams(…)`` and ``sql.SQL("…").format(…)``."""
    current: Node | None = node
    while current is not None and current.type == "call":
        function = current.child_by_field_name("function")
        _, name = edit.callee(source, current)
        if name in _LINKS and function is not None:
            current = function.child_by_field_name("object")
        elif name in _WRAPS:
            current = next(iter(edit.arguments(current)), None)
        else:
            return None
    return current


def _set_to(source: Source, name: Node) -> Node | None:
    word = source.of(name)
    places = [
        each
        for each in edit.walk(source.tree)
        if each.type == "identifier" and source.of(each) == word
    ]
    sets = [
        each.parent
        for each in places
        if each.parent is not None
        and each.parent.type == "assignment"
        and each.parent.child_by_field_name("left") == each
    ]
    if len(places) != 2 or len(sets) != 1:
        return None
    value = sets[0].child_by_field_name("right")
    return _unwrapped(source, value) if value is not None else None


def _locked(source: Source, text: Node) -> Edit | None:
    pieces = [each for each in edit.walk(text) if each.type == "string"]
    texts = [inside(source, each) for each in pieces]
    last = next((number for number in reversed(range(len(pieces))) if texts[number].strip()), None)
    if last is None or not reads_rows("".join(texts)):
        return None
    place, put = clause(texts[last])
    start = next(each for each in pieces[last].children if each.type == "string_start")
    at = start.end_byte + place
    return Edit(start=at, end=at, text=put)


def inside(source: Source, text: Node) -> str:
    """What stands between its quotes."""
    start, end = text.children[0], text.children[-1]
    return source.data[start.end_byte : end.start_byte].decode("utf-8", "replace")


def receivers(source: Source, node: Node) -> set[str]:
    """What the calls in a node ask the database on, as it is written."""
    return {
        edit.callee(source, each)[0]
        for each in edit.walk(node)
        if each.type == "call" and edit.callee(source, each)[1] in ASKS
    }


def names_bound(source: Source, function: Node) -> dict[str, Node]:
    """What ``with call as name`` and ``name = call`` bind in a function: name to call."""
    found: dict[str, Node] = {}
    for each in edit_python.own(function, "as_pattern", "assignment"):
        alias, left = each.child_by_field_name("alias"), each.child_by_field_name("left")
        target = alias.named_children[0] if alias is not None and alias.named_children else left
        value = each.named_children[0] if alias is not None else each.child_by_field_name("right")
        value = value.named_children[0] if value is not None and value.type == "await" else value
        if target is not None and value is not None and value.type == "call":
            found[source.of(target)] = value
    return found
