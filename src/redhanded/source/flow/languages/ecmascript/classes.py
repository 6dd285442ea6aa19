"""Classes: methods, fields, decorators, static blocks."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.flow.form import Argument, DefineClass, Expression, Name
from redhanded.source.flow.languages.ecmascript import functions
from redhanded.source.flow.languages.ecmascript.targets import key_name
from redhanded.source.flow.languages.ecmascript.types import annotation, arguments
from redhanded.source.flow.languages.ecmascript.writing import (
    Writing,
    end_line_of,
    line_of,
    written,
)
from redhanded.source.flow.module import Class, Field

FIELDS = frozenset(("field_definition", "public_field_definition"))


def value(writing: Writing, node: Node, named: str) -> Name:
    """A class inside an expression: it is bound just before, and named here.

    One without any name is bound to ``class@LINE:COLUMN``, which no program can write.
    """
    own = node.child_by_field_name("name")
    if own is not None:
        named = writing.text(own)
    elif not named:
        named = f"class@{line_of(node)}:{node.start_point.column + 1}"
    define(writing, node, named)
    return Name(named)


def define(
    writing: Writing, node: Node, named: str, decorators: tuple[Expression, ...] = ()
) -> int:
    """Reads a class, binds it where it stands, and gives its index."""
    index = len(writing.classes)
    writing.classes.append(None)
    decorators += functions.decorators_of(writing, node)
    bases = _bases(writing, node)
    fields: list[Field] = []
    methods: list[int] = []
    blocks: list[Node] = []
    body = node.child_by_field_name("body")
    _members(writing, body, index, fields, methods, blocks)
    starts = next((one for one in node.children if one.type in ("class", "abstract")), node)
    writing.classes[index] = Class(
        named,
        bases,
        tuple(fields),
        tuple(methods),
        (),
        line_of(starts),
        end_line_of(node),
        decorators=decorators,
        parent=writing.function,
        implements=_interfaces(writing, node),
    )
    writing.out.append(DefineClass(index, line_of(starts)))
    for one in blocks:
        block = one.child_by_field_name("body")
        writing.out += writing.block(block.named_children if block is not None else ())
    return index


def _bases(writing: Writing, node: Node) -> tuple[Argument, ...]:
    """``extends X<Y>`` is X, and Y as an argument named ``<>``."""
    heritage = next((one for one in node.named_children if one.type == "class_heritage"), None)
    if heritage is None:
        return ()
    clause = next((one for one in heritage.named_children if one.type == "extends_clause"), None)
    if clause is not None:
        base = writing.expression(clause.child_by_field_name("value"))
        types = arguments(writing, clause.child_by_field_name("type_arguments"))
        return (Argument(base), *[Argument(one, "<>") for one in types])
    kept = [one for one in written(heritage) if one.type != "implements_clause"]
    return (Argument(writing.expression(kept[0])),) if kept else ()


def _interfaces(writing: Writing, node: Node) -> tuple[Expression, ...]:
    heritage = next((one for one in node.named_children if one.type == "class_heritage"), None)
    clauses = heritage.named_children if heritage is not None else ()
    clause = next((one for one in clauses if one.type == "implements_clause"), None)
    found = [annotation(writing, one) for one in (written(clause) if clause is not None else ())]
    return tuple([one for one in found if one is not None])


def _members(
    writing: Writing,
    body: Node | None,
    index: int,
    fields: list[Field],
    methods: list[int],
    blocks: list[Node],
) -> None:
    decorators: list[Expression] = []  # TypeScript's grammar puts them in front of the member
    for one in body.named_children if body is not None else ():
        if one.type == "decorator":
            decorators.append(functions.decorator(writing, one))
        elif one.type == "method_definition":
            methods.append(_method(writing, one, index, tuple(decorators)))
            decorators = []
        elif one.type in FIELDS:
            fields.append(_field(writing, one, index, tuple(decorators)))
            decorators = []
        elif one.type == "class_static_block":
            blocks.append(one)
        elif one.type != "comment":
            decorators = []  # of a signature without a body


def _method(writing: Writing, node: Node, index: int, decorators: tuple[Expression, ...]) -> int:
    named = key_name(writing, node.child_by_field_name("name"))
    signs = {one.type for one in node.children}
    kind: functions.FunctionKind = ""
    if "get" in signs:
        kind = "get"
    elif "set" in signs:
        kind = "set"
    elif "static" in signs:
        kind = "static"
    elif named == "constructor":
        kind = "constructor"
    own = functions.decorators_of(writing, node)
    return functions.define(
        writing, node, named, kind=kind, owner=index, decorators=decorators + own
    )


def _field(writing: Writing, node: Node, index: int, decorators: tuple[Expression, ...]) -> Field:
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    text = key_name(writing, named)
    given = node.child_by_field_name("value")
    found: Expression | None = None
    if given is not None:
        outside, writing.owner = writing.owner, index
        if given.type in functions.EXPRESSIONS:
            found = functions.function(writing, given, text)
        else:
            found = writing.expression(given)
        writing.owner = outside
    return Field(
        text,
        found,
        line_of(named if named is not None else node),
        annotation(writing, node.child_by_field_name("type")),
        decorators + functions.decorators_of(writing, node),
        any(one.type == "static" for one in node.children),
    )
