"""What a decorator asks of a Python program: the function, its place, the names that it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from redhanded.hunt.repair.python.imports import top
from redhanded.hunt.repair.python.repeatable import binds
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

_ROUTE = re.compile(r"\.(?:get|post|put|patch|delete|api_route)\(")


def function_at(source: Source, line: int) -> Node | None:
    """The innermost function around a line."""
    inside = None
    for each in edit.walk(source.tree):
        if each.type == "function_definition":
            inside = each if edit.covers(each, line) else inside
    return inside


def decorators(function: Node) -> list[Node]:
    """What decorates a function already, outermost first."""
    holder = function.parent
    if holder is None or holder.type != "decorated_definition":
        return []
    return [each for each in holder.named_children if each.type == "decorator"]


def is_route(source: Source, function: Node) -> bool:
    """Whether FastAPI calls it, which gives each parameter by its name."""
    routes = any(_ROUTE.search(source.of(each)) for each in decorators(function))
    return routes and "fastapi" in source.data.decode("utf-8", "replace")


def is_taken(source: Source, wanted: Sequence[tuple[str, str]], lines: Sequence[int]) -> bool:
    """Whether a name that is to be imported means something else in the file; or ``cursor`` in a
    function that begins at one of ``lines``."""
    for module, name in wanted:
        word = name or module
        places = [
            each
            for each in edit.walk(source.tree)
            if each.type in ("import_statement", "import_from_statement")
            and word in edit_python.bound(source, each)
            and not source.of(each).startswith((f"from {module} ", f"import {module}"))
        ]
        others = (
            each
            for each in edit.walk(source.tree)
            if each.type not in ("import_statement", "import_from_statement", "module")
            and word in binds(source, each)
        )
        if places or next(others, None) is not None:
            return True
    functions = [each for line in lines if (each := function_at(source, line)) is not None]
    return any("cursor" in edit_python.names(source, each) for each in functions)


def joined(edits: list[Edit]) -> list[Edit]:
    """Insertions at one place as one, in the order in which they were given."""
    places: dict[tuple[int, int], str] = {}
    for each in edits:
        key = (each.start, each.end)
        places[key] = places.get(key, "") + each.text
    return [Edit(start=start, end=end, text=text) for (start, end), text in places.items()]


def indent_unit(source: Source, function: Node) -> str:
    """By which a function's body stands further in."""
    first = edit_python.first_statement(function)
    if first is None:
        return source.indent_unit
    outer = source.indent(function.start_byte)
    return source.indent(first.start_byte).removeprefix(outer) or source.indent_unit


def before_the_first(source: Source) -> int | None:
    """Where the first function or class of the file begins, with what decorates and describes it;
    None where something is imported after it."""
    kinds = ("function_definition", "class_definition", "decorated_definition")
    inside = source.tree.named_children
    place = next((number for number, each in enumerate(inside) if each.type in kinds), None)
    last = top(source)
    if place is None or (last and last[-1].start_byte > inside[place].start_byte):
        return None
    while place > 0 and _is_right_above(inside[place - 1], inside[place]):
        place -= 1
    return inside[place].start_byte


def _is_right_above(comment: Node, node: Node) -> bool:
    return comment.type == "comment" and comment.end_point.row + 1 == node.start_point.row
