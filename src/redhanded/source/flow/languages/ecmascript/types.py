"""Type annotations, as far as they are a name or list properties: ``X``, ``a.X``, ``X<Y>``,
``X[]``, ``typeof x``, ``{ a: X }``, ``A & B``; and the names that a file gives to types."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from redhanded.source.flow.form import (
    Attribute,
    Constant,
    Expression,
    Item,
    Mapping,
    Name,
    Operation,
    Pair,
    Sequence,
)
from redhanded.source.flow.languages.ecmascript.writing import Writing, line_of, written
from redhanded.source.flow.module import Type

NOTHING = frozenset(("null", "undefined", "void", "never"))
PLAIN = frozenset(
    ("string", "number", "boolean", "any", "unknown", "object", "symbol", "bigint", "Date")
)
PROPERTIES_MAX = 60
"""Of one type; what has more is generated."""


def annotation(writing: Writing, node: Node | None, depth: int = 0) -> Expression | None:
    """The expression of a type; None for one that has no name. ``X | null`` is X."""
    if node is None or depth > 20:
        return None
    handler = TYPES.get(node.type)
    return handler(writing, node, depth + 1) if handler else None


def arguments(writing: Writing, node: Node | None, depth: int = 0) -> tuple[Expression, ...]:
    """The types between angle brackets; one that has no name is ``unknown``."""
    found = []
    for one in written(node) if node is not None else ():
        found.append(annotation(writing, one, depth) or Name("unknown"))
    return tuple(found)


def _inner(writing: Writing, node: Node, depth: int) -> Expression | None:
    children = written(node)
    return annotation(writing, children[0], depth) if children else None


def _name(writing: Writing, node: Node, _depth: int) -> Expression | None:
    text = writing.text(node)
    return None if text in NOTHING else Name(text)


def _nested(writing: Writing, node: Node, _depth: int) -> Expression | None:
    return dotted(writing.text(node))


def dotted(text: str) -> Expression:
    """``a.b.c`` as attributes."""
    first, *rest = [one.strip() for one in text.split(".")]
    found: Expression = Name(first)
    for one in rest:
        found = Attribute(found, one)
    return found


def _generic(writing: Writing, node: Node, depth: int) -> Expression | None:
    base = annotation(writing, node.child_by_field_name("name"), depth)
    given = arguments(writing, node.child_by_field_name("type_arguments"), depth)
    if base is None or not given:
        return base
    return Item(base, given[0] if len(given) == 1 else Sequence(given))


def _array(writing: Writing, node: Node, depth: int) -> Expression | None:
    inner = _inner(writing, node, depth)
    return Item(Name("Array"), inner) if inner is not None else None


def _union(writing: Writing, node: Node, depth: int) -> Expression | None:
    members: list[Node] = []
    left: Node | None = node
    while left is not None and left.type == "union_type" and len(members) < 8:
        children = written(left)
        members += [one for one in children if one.type != "union_type"]
        left = next((one for one in children if one.type == "union_type"), None)
    kept = [one for one in members if writing.flat(one) not in NOTHING]
    return annotation(writing, kept[0], depth) if len(kept) == 1 else None


def _query(writing: Writing, node: Node, _depth: int) -> Expression | None:
    children = written(node)
    return Operation("typeof", (dotted(writing.text(children[0])),)) if children else None


def _intersection(writing: Writing, node: Node, depth: int) -> Expression | None:
    parts = [annotation(writing, one, depth) for one in written(node)]
    kept = tuple([one for one in parts if one is not None])
    return Operation("&", kept) if len(kept) > 1 else next(iter(kept), None)


def _object(writing: Writing, node: Node, depth: int) -> Expression | None:
    """The properties; None where all of them are plain."""
    pairs = []
    for one in written(node)[:PROPERTIES_MAX]:
        named = one.child_by_field_name("name")
        if one.type != "property_signature" or named is None:
            continue
        found = annotation(writing, one.child_by_field_name("type"), depth)
        if found is None or (isinstance(found, Name) and found.name in PLAIN):
            found = Constant(None)
        pairs.append(Pair(Constant(writing.text(named).strip("'\"")), found))
    if all(isinstance(one.value, Constant) for one in pairs):
        return None
    return Mapping(tuple(pairs))


def interface(writing: Writing, node: Node) -> None:
    """``interface X extends Y { … }``; one that has only plain properties says nothing."""
    named, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if named is None or body is None or writing.function:
        return
    parts: list[Expression] = []
    for clause in written(node):
        if clause.type == "extends_type_clause":
            parts += [one for each in written(clause) if (one := annotation(writing, each))]
    own = _object(writing, body, 0)
    has_methods = any(one.type == "method_signature" for one in body.named_children)
    if own is None and has_methods:
        own = Mapping(())
    if own is not None:
        parts.append(own)
    if parts:
        value = parts[0] if len(parts) == 1 else Operation("&", tuple(parts))
        writing.types.append(Type(writing.text(named), value, line_of(node)))


def alias(writing: Writing, node: Node) -> None:
    """``type X = …``."""
    named = node.child_by_field_name("name")
    value = annotation(writing, node.child_by_field_name("value"))
    if named is None or value is None or writing.function:
        return
    if not isinstance(value, Name) or value.name not in PLAIN:
        writing.types.append(Type(writing.text(named), value, line_of(node)))


TYPES: dict[str, Callable[[Writing, Node, int], Expression | None]] = {
    "type_annotation": _inner,
    "parenthesized_type": _inner,
    "readonly_type": _inner,
    "optional_type": _inner,
    "type_identifier": _name,
    "identifier": _name,
    "predefined_type": _name,
    "nested_type_identifier": _nested,
    "generic_type": _generic,
    "array_type": _array,
    "union_type": _union,
    "type_query": _query,
    "intersection_type": _intersection,
    "object_type": _object,
}
