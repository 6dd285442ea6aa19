"""What an edit of a Python program asks of its tree: arguments, statements, functions, classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.source import edit
from redhanded.source.edit import Source

FUNCTIONS = frozenset({"function_definition", "lambda"})
LOOPS = frozenset({"for_statement", "while_statement"})
_NESTED = frozenset({*FUNCTIONS, "class_definition"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a call."""

    name: str | None
    """None where it is given by position, and for ``*values`` and ``**values``."""
    value: str
    """Source text of the value; of what is spread."""
    node: Node
    spread: bool = False
    """``**values``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """``[name =] [await] expression`` on a line of its own, or after ``return``."""

    node: Node
    variable: str | None
    """The one name that it binds."""
    returned: bool


def arguments(source: Source, call: Node) -> list[Argument]:
    """The arguments of ``call`` in their order."""
    found = []
    for node in edit.arguments(call):
        if node.type == "keyword_argument":
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            named = source.of(name) if name is not None else None
            text = source.of(value) if value is not None else ""
            found.append(Argument(name=named, value=text, node=node))
        elif node.type == "dictionary_splat":
            inner = source.of(node.named_children[0])
            found.append(Argument(name=None, value=inner, node=node, spread=True))
        else:
            found.append(Argument(name=None, value=source.of(node), node=node))
    return found


def awaited(node: Node) -> Node:
    """``node`` with the ``await`` around it, if there is one."""
    parent = node.parent
    return parent if parent is not None and parent.type == "await" else node


def statement(source: Source, call: Node) -> Statement | None:
    """The statement that holds nothing but ``call``; None where it is part of something else."""
    whole = awaited(call)
    parent = whole.parent
    if parent is None:
        return None
    if parent.type == "return_statement":
        return Statement(node=parent, variable=None, returned=True)
    if parent.type == "expression_statement" and parent.named_child_count == 1:
        return Statement(node=parent, variable=None, returned=False)
    bound = parent.child_by_field_name("left")
    holder = parent.parent
    if (
        parent.type != "assignment"
        or bound is None
        or bound.type != "identifier"
        or parent.child_by_field_name("type") is not None
        or holder is None
        or holder.type != "expression_statement"
    ):
        return None
    return Statement(node=holder, variable=source.of(bound), returned=False)


def function(node: Node) -> Node | None:
    """The nearest ``def`` around ``node``; None on a module's level and in a lambda."""
    found = edit.enclosing(node, FUNCTIONS)
    return found if found is not None and found.type == "function_definition" else None


def own(function: Node, *types: str) -> Iterator[Node]:
    """Nodes of ``types`` that belong to ``function`` itself and not to one inside of it."""
    pending = list(reversed(function.children))
    while pending:
        node = pending.pop()
        if node.type in types:
            yield node
        if node.type not in _NESTED:
            pending += reversed(node.children)


def after(node: Node) -> list[Node]:
    """What runs after the statement ``node`` in its function, comments left out.

    Blocks around it count: the rest of a ``with`` and what follows that.
    """
    found: list[Node] = []
    current = node
    while current.parent is not None and current.type not in _NESTED:
        found += [
            each
            for each in current.parent.named_children
            if each.start_byte >= current.end_byte
            and each.type != "comment"
            and current.parent.type in {"block", "module"}
        ]
        current = current.parent
    return found


def names(source: Source, node: Node) -> set[str]:
    """Every name that ``node`` uses or binds: no attributes, no names of keyword arguments."""
    found = set()
    for each in edit.walk(node):
        if each.type != "identifier" or each.parent is None:
            continue
        parent = each.parent
        beside = {"attribute": "attribute", "keyword_argument": "name"}.get(parent.type)
        held = parent.child_by_field_name(beside) if beside is not None else None
        if held is None or held.id != each.id:
            found.add(source.of(each))
    return found


def bound(source: Source, node: Node) -> set[str]:
    """Names that ``node`` binds: by assignment, ``for``, ``with``, ``import``, ``def``, ``:=``."""
    found: set[str] = set()
    for each in edit.walk(node):
        target = None
        if each.type in {"assignment", "augmented_assignment", "for_statement"}:
            target = each.child_by_field_name("left")
        elif each.type in {"named_expression", "function_definition", "class_definition"}:
            target = each.child_by_field_name("name")
        elif each.type in {"as_pattern_target", "aliased_import"}:
            target = each
        elif each.type in {"import_statement", "import_from_statement"}:
            found |= {source.of(name).split(".")[0] for name in each.children_by_field_name("name")}
        if target is not None:
            found |= names(source, target)
    return found


def parameters(source: Source, function: Node) -> set[str]:
    """Names of the parameters."""
    given = function.child_by_field_name("parameters")
    return names(source, given) if given is not None else set()


def first_statement(function: Node) -> Node | None:
    """The first statement after the docstring."""
    body = function.child_by_field_name("body")
    listed = [each for each in body.named_children if each.type != "comment"] if body else []
    if listed and listed[0].type == "expression_statement":
        only = listed[0].named_children
        if len(only) == 1 and only[0].type == "string":
            listed = listed[1:]
    return listed[0] if listed else None


def class_named(source: Source, name: str) -> Node | None:
    """The class of that name in a file."""
    for node in edit.walk(source.tree):
        if node.type == "class_definition":
            called = node.child_by_field_name("name")
            if called is not None and source.of(called) == name:
                return node
    return None


def assigned(source: Source, definition: Node) -> dict[str, Node]:
    """Name to what it is set to, in a class's own body."""
    body = definition.child_by_field_name("body")
    found = {}
    for each in body.named_children if body is not None else ():
        inner = each.named_children[0] if each.type == "expression_statement" else None
        if inner is not None and inner.type == "assignment":
            left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
            if left is not None and right is not None and left.type == "identifier":
                found[source.of(left)] = right
    return found
