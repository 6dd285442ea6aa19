"""Questions to a node of an ECMAScript tree."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from redhanded.source.values import Text

FUNCTIONS = frozenset(
    [
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    ]
)

_TRANSPARENT = frozenset(
    [
        "parenthesized_expression",
        "await_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
        "expression_statement",
    ]
)


def text_of(node: Node) -> str:
    """The source text."""
    return (node.text or b"").decode("utf-8", "replace")


def line_of(node: Node) -> int:
    """Counted from 1."""
    return node.start_point.row + 1


def flat(node: Node) -> str:
    """The source text on one line."""
    return " ".join(text_of(node).split())


def unwrapped(node: Node) -> Node:
    """Without parentheses, ``await`` and type annotations around it."""
    while node.type in _TRANSPARENT:
        inner = [one for one in node.named_children if one.type != "comment"]
        if not inner:
            return node
        node = inner[-1] if node.type == "type_assertion" else inner[0]
    return node


def literal(node: Node) -> Text | None:
    """A string or number written out."""
    if node.type == "string":
        return Text(value=_unquoted(node))
    if node.type == "number":
        return Text(value=text_of(node))
    if node.type == "template_string" and not _has_substitution(node):
        return Text(value=text_of(node)[1:-1])
    return None


def _unquoted(node: Node) -> str:
    text = text_of(node)[1:-1]
    if "\\" not in text:
        return text
    return text.replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")


def _has_substitution(node: Node) -> bool:
    return any(one.type == "template_substitution" for one in node.named_children)


def arguments_of(call: Node) -> list[Node]:
    """The arguments written in a call or ``new``, up to the first one that is spread."""
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "arguments":
        return []
    found = []
    for one in listed.named_children:
        if one.type == "spread_element":
            break
        if one.type != "comment":
            found.append(one)
    return found


def callee_of(call: Node) -> Node | None:
    """What is called, or made by ``new``."""
    field = "constructor" if call.type == "new_expression" else "function"
    node = call.child_by_field_name(field)
    return unwrapped(node) if node is not None else None


def call_line(call: Node) -> int:
    """The line that a stack trace shows for a call: where the last name of its callee stands."""
    callee = callee_of(call)
    if callee is not None and callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        if name is not None:
            return line_of(name)
    return line_of(call)


def key_of(node: Node) -> str | None:
    """The name of a property key, if it is written out."""
    if node.type in ("string", "number"):
        found = literal(node)
        return found.value if found else None
    if node.type == "computed_property_name":
        inner = node.named_children[0] if node.named_children else None
        found = literal(inner) if inner is not None else None
        return found.value if found else None
    return text_of(node)


def properties_of(node: Node) -> Iterator[tuple[str | None, Node]]:
    """Properties of an object literal: name (None for a spread or a computed one) and its node.

    The node is the value; for a method the method itself, for a spread what is spread.
    """
    for one in node.named_children:
        if one.type == "pair":
            key, value = one.child_by_field_name("key"), one.child_by_field_name("value")
            if key is not None and value is not None:
                yield key_of(key), value
        elif one.type == "shorthand_property_identifier":
            yield text_of(one), one
        elif one.type == "method_definition":
            name = one.child_by_field_name("name")
            yield (key_of(name) if name is not None else None), one
        elif one.type == "spread_element" and one.named_children:
            yield None, one


def is_static(member: Node) -> bool:
    """Whether a member of a class belongs to the class itself."""
    return any(one.type == "static" for one in member.children)
