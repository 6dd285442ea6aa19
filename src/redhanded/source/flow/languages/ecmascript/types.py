"""Type annotations, as far as they are a name: ``X``, ``a.X``, ``X<Y>``, ``X[]``."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from redhanded.source.flow.form import Attribute, Expression, Item, Name, Sequence
from redhanded.source.flow.languages.ecmascript.writing import Writing, written

NOTHING = frozenset(("null", "undefined", "void", "never"))


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
}
