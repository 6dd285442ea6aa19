"""A create call where it stands: its statement, its function, and what that function returns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.hunt.repair import attributes
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit
from redhanded.source.edit import Property, Source

CREATE = "create"
SEQUELIZE = frozenset({"sequelize", "@sequelize/core", "sequelize-typescript"})
PRISMA = frozenset({"@prisma/client"})
LOOKS = {**dict.fromkeys(SEQUELIZE, "findOne"), **dict.fromkeys(PRISMA, "findFirst")}
"""Library to its method that looks for one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """``[const row =] [await] Model.create(values, options)``; Prisma's values are ``data`` in its
    only argument, which is then ``options``."""

    source: Source
    call: Node
    model: str
    values: Node
    options: Node | None
    awaited: Node | None
    """The await expression around it."""
    statement: Node | None
    """The declaration or expression statement that holds nothing else; None otherwise."""
    variable: str | None
    """The name that the statement declares."""
    function: Node | None
    library: str = "sequelize"

    @property
    def look(self) -> str:
        """The method that looks for a row."""
        return LOOKS[self.library]


def find(ground: Ground) -> Creation | None:
    """The create call of the root cause; None where the line holds none."""
    place = ground.place("create")
    if place is None or not edit.is_script(place.path):
        return None
    source = edit.read(ground.text(place.path), place.path)
    call = edit.call_near(source, place.line, (CREATE,), reach=1)
    given = edit.arguments(call) if call is not None else []
    library = ground.library_at(place) or "sequelize"
    if call is None or not given or library not in LOOKS:
        return None
    if library in PRISMA:
        data = edit.value_of(source, given[0], "data")
        if data is None:
            return None
        given = [data, given[0]]
    parent = call.parent
    awaited = parent if parent is not None and parent.type == "await_expression" else None
    statement, variable = _statement(source, awaited)
    return Creation(
        source=source,
        call=call,
        model=edit.callee(source, call)[0],
        values=given[0],
        options=given[1] if len(given) > 1 else None,
        awaited=awaited,
        statement=statement,
        variable=variable,
        function=edit.enclosing(call, edit.FUNCTIONS),
        library=library,
    )


def where(
    ground: Ground, creation: Creation, columns: tuple[str, ...]
) -> dict[str, tuple[str, Property | None]] | None:
    """Attribute to value and property for ``columns``, see ``attributes.where``."""
    folders = ground.system.source
    named = {each: attributes.attribute_named(ground.root, folders, each) for each in columns}
    known = attributes.aliases(ground.root, folders)
    return attributes.where(creation.source, creation.values, columns, known, named)


def option_entries(creation: Creation) -> list[str]:
    """Source text of each option, ready to stand in another object literal."""
    if creation.options is None:
        return []
    if creation.options.type == "object":
        listed = edit.properties(creation.source, creation.options)
        return [creation.source.of(each.node) for each in listed]
    return [f"...{creation.source.of(creation.options)}"]


def free_name(creation: Creation, *wishes: str) -> str:
    """The first of ``wishes`` that the file does not use, or the last one with a number."""
    taken = edit.identifiers(creation.source, creation.source.tree)
    for wish in wishes:
        if wish not in taken:
            return wish
    number = 2
    while f"{wishes[-1]}{number}" in taken:
        number += 1
    return f"{wishes[-1]}{number}"


def works_on(creation: Creation) -> bool:
    """Whether the function does more than return after the statement."""
    return any(each.type not in {"return_statement", "comment"} for each in _after(creation))


def answer_of_look(creation: Creation, row: str) -> str | None:
    """``return …;`` as the function has it for a row that it finds before it creates one.

    ``if (existing) return …;``, with ``row`` in the place of what was found; None without one.
    """
    for node in edit.walk(creation.function) if creation.function is not None else ():
        if node.type != "if_statement" or node.end_byte > creation.call.start_byte:
            continue
        condition, then = (node.child_by_field_name(name) for name in ("condition", "consequence"))
        if condition is None or then is None or not _own(node, creation.function):
            continue
        found = re.fullmatch(
            r"\(\s*!{0,2}\s*([A-Za-z_$][\w$]*)(?:\s*!==?\s*(?:null|undefined))?\s*\)",
            creation.source.of(condition),
        )
        inside = [then] if then.type != "statement_block" else then.named_children
        inside = [each for each in inside if each.type != "comment"]
        negated = creation.source.of(condition).replace(" ", "").startswith("(!")
        if found is None or len(inside) != 1 or inside[0].type != "return_statement" or negated:
            continue
        if _is_looked_up(creation, found[1], node):
            text = creation.source.of(inside[0]).rstrip().rstrip(";")
            return _renamed(text, found[1], row) + ";"
    return None


def _is_looked_up(creation: Creation, name: str, before: Node) -> bool:
    """Whether ``const name = await …`` stands in the function, before that."""
    function = creation.function
    for each in edit.walk(function) if function is not None else ():
        bound = each.child_by_field_name("name") if each.type == "variable_declarator" else None
        if bound is None or creation.source.of(bound) != name:
            continue
        value = each.child_by_field_name("value")
        if value is not None and value.type == "await_expression":
            return each.end_byte < before.start_byte
    return False


def _renamed(text: str, name: str, new: str) -> str:
    """``text`` with a variable of another name; ``{ name }`` becomes ``{ name: new }``."""
    if name == new:
        return text
    word = rf"(?<![.\w$]){re.escape(name)}(?![\w$])"
    text = re.sub(rf"(?<=[{{,])(\s*){word}(?=\s*[,}}])", rf"\1{name}: {new}", text)
    return re.sub(rf"{word}(?!\s*:)", new, text)


def early_return(
    creation: Creation, row: str, aliases: Mapping[str, str] | None = None
) -> str | None:
    """``return …;`` for a row that was there already, called ``row``; None where unknown.

    It gives what the function gives at its end, if that can be built right after the statement.
    ``aliases`` are names of parts of what the statement binds, and the texts that say which.
    """
    known = aliases or {}
    following = _after(creation)
    function = creation.function
    if function is None or creation.statement is None or creation.statement.parent is None:
        return None
    body = function.child_by_field_name("body")
    returns = [
        each
        for each in edit.walk(function)
        if each.type == "return_statement" and _own(each, function)
    ]
    if not returns and body is not None and body.type == "statement_block":
        return "return;"
    last = [each for each in returns if each.start_byte > creation.call.end_byte]
    if len(last) != 1:
        return None
    given = last[0].named_children
    if not given:
        return "return;"
    later = {
        name
        for each in following
        if each.type in {"lexical_declaration", "variable_declaration"}
        for declarator in each.named_children
        if (bound := declarator.child_by_field_name("name")) is not None
        for name in edit.identifiers(creation.source, bound)
    } - known.keys()
    used = edit.identifiers(creation.source, given[0])
    calls = any(each.type == "call_expression" for each in edit.walk(given[0]))
    meant = used & {creation.variable, *known}
    if used & later or calls or (creation.variable and not meant):
        return None
    text = creation.source.of(given[0])
    for name, part in known.items():
        text = _renamed(text, name, part)
    if creation.variable:
        text = _renamed(text, creation.variable, row)
    return f"return {text};"


def _after(creation: Creation) -> list[Node]:
    statement = creation.statement
    if statement is None or statement.parent is None:
        return []
    return [
        each for each in statement.parent.named_children if each.start_byte >= statement.end_byte
    ]


def _own(node: Node, function: Node | None) -> bool:
    nearest = edit.enclosing(node, edit.FUNCTIONS)
    return nearest is not None and function is not None and nearest.id == function.id


def _statement(source: Source, awaited: Node | None) -> tuple[Node | None, str | None]:
    if awaited is None or awaited.parent is None:
        return None, None
    parent = awaited.parent
    if parent.type == "expression_statement":
        return parent, None
    declaration = parent.parent
    if parent.type != "variable_declarator" or declaration is None:
        return None, None
    name = parent.child_by_field_name("name")
    alone = len(declaration.named_children) == 1
    if name is None or name.type != "identifier" or not alone:
        return None, None
    typed = parent.child_by_field_name("type") is not None
    return (None, None) if typed else (declaration, source.of(name))
