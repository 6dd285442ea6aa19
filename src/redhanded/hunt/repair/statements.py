"""Where an inserting call stands, and what its statement binds: ``const [row] = await …;``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from redhanded.source import edit
from redhanded.source.edit import Source

Shape = Literal["nothing", "whole", "first", "rows", "returned"]
"""What is bound: nothing, what the call gives, the first element of that or of its ``rows``, all of
its ``rows``; or it is returned, then without a name."""

_ROWS = re.compile(r"\{\s*rows(?:\s*:\s*([A-Za-z_$][\w$]*))?\s*\}")
_FIRST_OF_ROWS = re.compile(r"\{\s*rows\s*:\s*\[\s*([A-Za-z_$][\w$]*)\s*\]\s*\}")
_FIRST = re.compile(r"\[\s*([A-Za-z_$][\w$]*)\s*\]")
_COMMIT = re.compile(r"\bcommit\b|\.commit(?:Transaction)?\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement that holds one awaited call and nothing else."""

    node: Node
    shape: Shape
    variable: str | None


def stated(source: Source, call: Node) -> Stated | None:
    """The statement of a call; None where the call is part of something else."""
    parent = call.parent
    if parent is not None and parent.type == "return_statement":
        return Stated(node=parent, shape="returned", variable=None)
    if parent is None or parent.type != "await_expression" or parent.parent is None:
        return None
    around = parent.parent
    if around.type == "expression_statement":
        return Stated(node=around, shape="nothing", variable=None)
    if around.type == "return_statement":
        return Stated(node=around, shape="returned", variable=None)
    taken = _first_of_rows(source, parent)
    declarator = taken or around
    declaration = declarator.parent
    name = declarator.child_by_field_name("name")
    if declarator.type != "variable_declarator" or declaration is None or name is None:
        return None
    alone = len(declaration.named_children) == 1
    if not alone or declarator.child_by_field_name("type") is not None:
        return None
    text = source.of(name)
    if taken is not None:
        if name.type != "identifier":
            return None
        return Stated(node=declaration, shape="first", variable=text)
    if name.type == "identifier":
        return Stated(node=declaration, shape="whole", variable=text)
    if (found := _FIRST.fullmatch(text)) is not None:
        return Stated(node=declaration, shape="first", variable=found[1])
    if (found := _FIRST_OF_ROWS.fullmatch(text)) is not None:
        return Stated(node=declaration, shape="first", variable=found[1])
    if (found := _ROWS.fullmatch(text)) is not None:
        return Stated(node=declaration, shape="rows", variable=found[1] or "rows")
    return None


def aliases(source: Source, statement: Node, variable: str) -> dict[str, str]:
    """Names that are declared later in the block as part of ``variable`` (``const row = rows[0]``),
    with the text that stands for them."""
    found: dict[str, str] = {}
    part = re.compile(rf"{re.escape(variable)}(?:\.rows)?\s*\[\s*0\s*\]!?")
    for each in statement.parent.named_children if statement.parent is not None else ():
        if each.start_byte < statement.end_byte or each.type != "lexical_declaration":
            continue
        for declarator in each.named_children:
            name = declarator.child_by_field_name("name")
            value = declarator.child_by_field_name("value")
            if name is None or value is None or name.type != "identifier":
                continue
            if part.fullmatch(source.of(value)):
                found[source.of(name)] = source.of(value)
    return found


def commits(source: Source, call: Node, function: Node | None) -> list[str]:
    """Statements after ``call`` that end a transaction which was begun by hand."""
    return [
        source.of(each)
        for each in (edit.walk(function) if function is not None else ())
        if each.type == "expression_statement"
        and each.start_byte > call.end_byte
        and _COMMIT.search(source.of(each))
    ]


def _first_of_rows(source: Source, awaited: Node) -> Node | None:
    """The declarator of ``const row = (await …).rows[0]``."""
    member = _parent(_parent(awaited, "parenthesized_expression"), "member_expression")
    subscript = _parent(member, "subscript_expression")
    if member is None or subscript is None:
        return None
    of, index = member.child_by_field_name("property"), subscript.child_by_field_name("index")
    if of is None or index is None or (source.of(of), source.of(index)) != ("rows", "0"):
        return None
    return subscript.parent


def _parent(node: Node | None, kind: str) -> Node | None:
    """Its parent, if it is of that kind."""
    parent = node.parent if node is not None else None
    return parent if parent is not None and parent.type == kind else None
