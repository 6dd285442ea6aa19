"""A Python file while it is lowered, and what is kept of what is nested too deep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.source.flow.form import (
    Argument,
    Attribute,
    Call,
    Expression,
    Name,
    Other,
    Statement,
)
from redhanded.source.flow.module import Class, Function, Import

DEPTH_MAX = 60
TEXT_MAX = 200


@dataclass(slots=True, kw_only=True)
class Writing:
    """A file while it is lowered."""

    lines: list[bytes]
    functions: list[Function | None] = field(default_factory=list)
    classes: list[Class | None] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    depth: int = 0
    """How deep the expression or statement at hand is nested."""

    def text(self, node: ast.AST) -> str:
        """How a node is written, cut at ``TEXT_MAX``."""
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
        if not first or first > len(self.lines):
            return ""
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
        if first == last:
            found = self.lines[first - 1][start:end]
        else:
            found = self.lines[first - 1][start:]
            for line in self.lines[first : min(last, first + 6)]:
                found += b" " + line.strip()
        return found.decode("utf-8", "replace")[:TEXT_MAX]


@dataclass(slots=True, kw_only=True)
class Scope:
    """The function, or the top of the file, that is being lowered."""

    writing: Writing
    function: int = 0
    owner: int = -1
    """The class whose body this is directly in."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Names declared ``global`` or ``nonlocal``, and which."""
    before: list[Statement] = field(default_factory=list)
    """What has to happen before the statement at hand: a ``yield`` inside of it."""


def flat_calls(node: ast.AST, scope: Scope) -> tuple[Expression, ...]:
    """All calls in a node that is nested too deep, side by side, without their arguments."""
    found = []
    for one in _walk(node):
        if isinstance(one, ast.Call):
            callee = one.func
            written: Expression = Other(scope.writing.text(callee))
            if isinstance(callee, ast.Name):
                written = Name(callee.id)
            elif isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name):
                written = Attribute(Name(callee.value.id), callee.attr)
            found.append(placed(one, written, ()))
    return tuple(found)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Like ``ast.walk``, in the order of the text."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(list(ast.iter_child_nodes(one))))


def placed(node: ast.Call, function: Expression, arguments: tuple[Argument, ...]) -> Call:
    """A call at the place that a stack trace shows."""
    callee = node.func
    line, column = callee.lineno, callee.col_offset + 1
    if isinstance(callee, ast.Attribute):
        line = callee.end_lineno or line
        column = (callee.end_col_offset or 0) - len(callee.attr.encode()) + 1
    return Call(function, arguments, line, column, node.end_lineno or line)
