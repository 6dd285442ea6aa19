"""What is assigned to: names, members, destructuring with defaults."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.flow.form import (
    Assigning,
    Constant,
    Expression,
    Mapping,
    Name,
    Pair,
    Sequence,
    Spread,
)
from redhanded.source.flow.languages.ecmascript.literals import unescaped
from redhanded.source.flow.languages.ecmascript.writing import (
    DEPTH_MAX,
    Handler,
    Writing,
    written,
)


def target(writing: Writing, node: Node | None) -> Expression:
    """The target that a node writes; a part with a default is an `Assigning`."""
    if node is None:
        return Constant(None)
    writing.depth += 1
    try:
        if writing.depth > DEPTH_MAX:
            writing.damaged(node)
            return Constant(None)
        return _target(writing, node)
    finally:
        writing.depth -= 1


def _target(writing: Writing, node: Node) -> Expression:
    kind = node.type
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        return Name(writing.text(node))
    if kind in ("object_pattern", "object"):
        return Mapping(tuple([_pair(writing, one) for one in written(node)]))
    if kind in ("array_pattern", "array"):
        return Sequence(tuple(elements(writing, node, target)))
    if kind in ("assignment_pattern", "object_assignment_pattern", "assignment_expression"):
        left = target(writing, node.child_by_field_name("left"))
        return Assigning(left, writing.expression(node.child_by_field_name("right")))
    if kind in ("rest_pattern", "spread_element"):
        return Spread(target(writing, _only(node)))
    if kind in ("non_null_expression", "parenthesized_expression", "as_expression"):
        return target(writing, _only(node))
    return writing.expression(node)


def _pair(writing: Writing, node: Node) -> Pair:
    if node.type in ("pair_pattern", "pair"):
        value = target(writing, node.child_by_field_name("value"))
        return Pair(key(writing, node.child_by_field_name("key")), value)
    if node.type in ("rest_pattern", "spread_element"):
        return Pair(None, target(writing, _only(node)))
    named = node
    if node.type == "object_assignment_pattern":
        named = node.child_by_field_name("left") or node
    if node.type == "assignment_expression":
        named = node.child_by_field_name("left") or node
    if named.type == "shorthand_property_identifier":
        return Pair(Constant(writing.text(named)), Name(writing.text(named)))
    return Pair(Constant(writing.text(named)), target(writing, node))


def key(writing: Writing, node: Node | None) -> Expression:
    """The key of a property: a `Constant` where it is written out."""
    if node is None:
        return Constant("")
    if node.type == "string":
        return Constant(unescaped(writing.text(node)[1:-1]))
    if node.type == "computed_property_name":
        return writing.expression(_only(node))
    return Constant(writing.text(node))


def key_name(writing: Writing, node: Node | None) -> str:
    """A key as one name; a computed one as it is written, with its brackets."""
    found = key(writing, node)
    if isinstance(found, Constant):
        return str(found.value)
    return writing.flat(node) if node is not None else ""


def elements(writing: Writing, node: Node, lower: Handler) -> list[Expression]:
    """The elements of an array; a hole is ``undefined``."""
    found: list[Expression] = []
    expected = True
    for one in node.children:
        if one.type == ",":
            if expected:
                found.append(Constant(None))
            expected = True
        elif one.is_named and one.type not in ("comment", "ERROR"):
            found.append(lower(writing, one))
            expected = False
    return found


def _only(node: Node) -> Node | None:
    children = written(node)
    return children[0] if children else None
