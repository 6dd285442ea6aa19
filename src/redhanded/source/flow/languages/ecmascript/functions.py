"""Functions and their parameters."""

from __future__ import annotations

from typing import Literal

from tree_sitter import Node

from redhanded.source.flow.form import Expression, Lambda, Name, Return, Spread, Statement
from redhanded.source.flow.languages.ecmascript import compiled
from redhanded.source.flow.languages.ecmascript.targets import target
from redhanded.source.flow.languages.ecmascript.types import annotation
from redhanded.source.flow.languages.ecmascript.writing import (
    Writing,
    end_line_of,
    line_of,
    written,
)
from redhanded.source.flow.module import Function, Parameter

EXPRESSIONS = ("function_expression", "generator_function", "arrow_function")
FIELD_SIGNS = frozenset(("accessibility_modifier", "readonly", "override_modifier"))

FunctionKind = Literal["", "static", "class", "get", "set", "constructor"]


def function(writing: Writing, node: Node, named: str) -> Lambda:
    """A function as a value; ``named`` is what it is called if it has no name of its own."""
    own = node.child_by_field_name("name")
    if own is not None and own.type == "identifier":
        named = writing.text(own)
    kind: FunctionKind = ""
    if node.type == "method_definition":
        kind = _accessor(node)
    return Lambda(define(writing, node, named, kind=kind))


def define(
    writing: Writing,
    node: Node,
    named: str,
    *,
    kind: FunctionKind = "",
    owner: int = -1,
    decorators: tuple[Expression, ...] = (),
) -> int:
    """Reads a function and gives its index."""
    index = len(writing.functions)
    writing.functions.append(None)
    outside = (writing.function, writing.owner, writing.breaks, writing.labels)
    writing.function, writing.breaks, writing.labels = index, [], []
    if node.type == "arrow_function" and owner < 0:
        owner = writing.owner  # a field of a class: ``this`` is the instance
    writing.owner = -1
    out, hoisted = writing.out, writing.hoisted
    writing.out, writing.hoisted = [], []
    try:
        listed = parameters(writing, node)
        before = tuple(writing.out)  # classes that stand in a default
        body = before + _body(writing, node.child_by_field_name("body"))
    finally:
        writing.out, writing.hoisted = out, hoisted
        writing.function, writing.owner, writing.breaks, writing.labels = outside
    signs = {one.type for one in node.children if not one.is_named}
    writing.functions[index] = Function(
        named,
        listed,
        body,
        line_of(node),
        end_line_of(node),
        decorators=decorators,
        is_async="async" in signs or compiled.is_async(writing, body),
        is_generator="*" in signs or node.type.startswith("generator_"),
        parent=writing.function,
        owner=owner,
        kind=kind,
        returns=annotation(writing, node.child_by_field_name("return_type")),
        keeps_this=node.type == "arrow_function",
    )
    return index


def _body(writing: Writing, node: Node | None) -> tuple[Statement, ...]:
    if node is None:
        return ()
    if node.type == "statement_block":
        return writing.block(node.named_children)
    value = writing.expression(node)
    return (*writing.out, Return(value, line_of(node)))


def parameters(writing: Writing, node: Node) -> tuple[Parameter, ...]:
    """What a function takes; TypeScript's ``this`` is none of it."""
    single = node.child_by_field_name("parameter")
    if single is not None:
        return (Parameter(target(writing, single)),)
    listed = node.child_by_field_name("parameters")
    found = []
    for one in written(listed) if listed is not None else ():
        pattern = one
        if one.type in ("required_parameter", "optional_parameter"):
            pattern = one.child_by_field_name("pattern") or one
        if pattern.type == "this":
            continue
        found.append(_parameter(writing, one, pattern))
    return tuple(found)


def _parameter(writing: Writing, node: Node, pattern: Node) -> Parameter:
    default = None
    if pattern.type == "assignment_pattern":
        default = pattern.child_by_field_name("right")
        pattern = pattern.child_by_field_name("left") or pattern
    elif node is not pattern:
        default = node.child_by_field_name("value")
    aim = target(writing, pattern)
    is_rest = isinstance(aim, Spread)
    return Parameter(
        aim.value if isinstance(aim, Spread) else aim,
        writing.expression(default) if default is not None else None,
        annotation(writing, node.child_by_field_name("type")),
        "*" if is_rest else "",
        decorators_of(writing, node),
        any(one.type in FIELD_SIGNS for one in node.children),
    )


def decorators_of(writing: Writing, node: Node) -> tuple[Expression, ...]:
    """The decorators that stand in a node."""
    return tuple(
        [decorator(writing, one) for one in node.named_children if one.type == "decorator"]
    )


def decorator(writing: Writing, node: Node) -> Expression:
    """What stands after the ``@``."""
    children = written(node)
    return writing.expression(children[0]) if children else Name("")


def _accessor(node: Node) -> FunctionKind:
    for one in node.children:
        if one.type == "get":
            return "get"
        if one.type == "set":
            return "set"
    return ""
