"""JavaScript: what runs a transaction, a call that is given a function or a function that begins
and commits by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from redhanded.hunt.repair import locked_rows
from redhanded.hunt.repair.region import FUNCTIONS
from redhanded.source import edit
from redhanded.source.edit import Source

_RUNS = re.compile(r"(?!start|create|end)[\w$]*transaction[\w$]*|tx|begin", re.IGNORECASE)
_BEGINS = re.compile(r"\W*(?:BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
_ASKS = locked_rows.QUERIES | {"raw", "none", "unsafe"}
_ENDS = re.compile(r"\bCOMMIT\b|\.commit(?:Transaction)?\(")
_ROLLS_BACK = re.compile(r"\bROLLBACK\b|\.rollback(?:Transaction)?\(")
_LOOPS = ("for_statement", "for_in_statement", "while_statement", "do_statement")
_CONDITIONS = ("if_statement", "ternary_expression", "binary_expression", "switch_statement")


def runs_one(source: Source, call: Node) -> bool:
    """Whether a call runs the function that it is given in a transaction, as its name says."""
    of, called = edit.callee(source, call)
    return (called == "execute" and "transaction(" in of) or _RUNS.fullmatch(called) is not None


def given(call: Node) -> Node | None:
    """The function that a call is given."""
    return next((each for each in edit.arguments(call) if each.type in FUNCTIONS), None)


def call_around(source: Source, line: int) -> Node | None:
    """The outermost call that runs what stands at a line in a transaction."""
    calls = (each for each in edit.walk(source.tree) if each.type == "call_expression")
    return next(
        (each for each in calls if runs_one(source, each) and edit.covers(given(each), line)),
        None,
    )


def function_around(source: Source, line: int) -> Node | None:
    """The innermost function around a line that begins a transaction itself."""
    found = None
    for each in edit.walk(source.tree):
        if each.type in FUNCTIONS and edit.covers(each, line) and beginnings(source, each):
            found = each
    return found


def beginnings(source: Source, function: Node) -> list[Node]:
    """The calls in a function's own body that begin a transaction."""
    return [each for each in _own_calls(function) if _begins(source, each)]


def endings(source: Source, function: Node) -> list[Node]:
    """Those that commit one."""
    return [each for each in _own_calls(function) if _ENDS.search(source.of(each))]


def rollback(source: Source, function: Node) -> Node | None:
    """The innermost call in a function's own body that takes one back."""
    found = None
    for each in _own_calls(function):
        if _ROLLS_BACK.search(source.of(each)):
            found = each
    return found


def is_once(function: Node, begins: Node) -> bool:
    """Whether a beginning is reached each time that a function runs, and once."""
    around = edit.enclosing(begins, (*_LOOPS, *_CONDITIONS, *FUNCTIONS))
    return around is not None and around.id == function.id


def own(function: Node) -> Iterator[Node]:
    """What belongs to a function itself and not to one inside of it, in the order of the text."""
    pending = list(reversed(function.children))
    while pending:
        node = pending.pop()
        yield node
        if node.type not in FUNCTIONS:
            pending += reversed(node.children)


def _own_calls(function: Node) -> Iterator[Node]:
    return (each for each in own(function) if each.type == "call_expression")


def _begins(source: Source, call: Node) -> bool:
    """By SQL, or by the method of a library that is given no function."""
    called = edit.callee(source, call)[1]
    first = next(iter(edit.arguments(call)), None)
    if called in _ASKS and first is not None and first.type in ("string", "template_string"):
        return _BEGINS.match(source.of(first)) is not None
    return called == "startTransaction" or (called == "transaction" and given(call) is None)
