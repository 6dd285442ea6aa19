"""``switch`` as a chain of conditions."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from redhanded.source.flow.form import (
    Attribute,
    Constant,
    Do,
    Expression,
    If,
    Jump,
    Let,
    Name,
    Operation,
    Other,
    Raise,
    Return,
    Statement,
)
from redhanded.source.flow.languages.ecmascript.writing import Writing, line_of

CHAIN_MAX = 24
"""Cases that are nested one in the other; more are halved under a test of each half."""
FALL_MAX = 200
"""Statements that a case takes over from those it falls through to."""

LEAVING = "break"


def leaving(line: int) -> Statement:
    """A ``break`` out of a switch: not one of the loop around it."""
    return Do(Other(LEAVING), line)


@dataclass(slots=True)
class Case:
    tests: list[Expression]
    """What the value is compared with; none: default."""
    is_default: bool
    body: tuple[Statement, ...]
    line: int


def switch(writing: Writing, node: Node) -> None:
    subject = writing.expression(node.child_by_field_name("value"))
    line = line_of(node)
    if not isinstance(subject, Name | Constant) and not _plain(subject):
        named = Name(f"switch@{line}")  # so that what it calls is called once
        writing.out.append(Let(named, subject, line, kind="const"))
        subject = named
    cases = _cases(writing, node.child_by_field_name("body"), subject)
    default = next((one for one in cases if one.is_default), None)
    other = settled(default.body) if default is not None else ()
    chain = [one for one in cases if one.tests and not one.is_default]
    writing.out += _chain(chain, other)


def _plain(value: Expression) -> bool:
    while isinstance(value, Attribute):
        value = value.base
    return isinstance(value, Name)


def _cases(writing: Writing, body: Node | None, subject: Expression) -> list[Case]:
    found: list[Case] = []
    writing.breaks.append("switch")
    for node in body.named_children if body is not None else ():
        if node.type not in ("switch_case", "switch_default"):
            continue
        tests: list[Expression] = []
        if node.type == "switch_case":
            value = writing.expression(node.child_by_field_name("value"))
            whole = isinstance(subject, Constant) and subject.value is True
            tests.append(value if whole else Operation("==", (subject, value)))
        inner = writing.block(node.children_by_field_name("body"))
        case = Case(tests, node.type == "switch_default", inner, line_of(node))
        if found and not found[-1].body:
            # ``case 1: case 2: …``: one case with two tests
            before = found.pop()
            case.tests = before.tests + case.tests
            case.is_default = before.is_default or case.is_default
        found.append(case)
    writing.breaks.pop()
    for index in range(len(found) - 2, -1, -1):
        following = found[index + 1].body
        if not _ends(found[index].body) and len(following) <= FALL_MAX:
            found[index].body += following
    return found


def _ends(body: tuple[Statement, ...]) -> bool:
    """Whether the end of some statements is never reached."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, If):
        return _ends(last.then) and _ends(last.other)
    if isinstance(last, Return):
        return not last.is_yield
    return isinstance(last, Raise | Jump) or _leaves(last)


def _leaves(statement: Statement) -> bool:
    return (
        isinstance(statement, Do)
        and isinstance(statement.value, Other)
        and statement.value.text == LEAVING
    )


def settled(body: tuple[Statement, ...], depth: int = 0) -> tuple[Statement, ...]:
    """The statements of a case without its breaks: what follows ``if (x) break`` stands under
    ``else``."""
    if depth > CHAIN_MAX:
        return body
    for index, one in enumerate(body):
        if _leaves(one):
            return body[:index]
        if isinstance(one, If) and (_leaves_last(one.then) or _leaves_last(one.other)):
            rest = body[index + 1 :]
            then = one.then if _leaves_last(one.then) else one.then + rest
            other = one.other if _leaves_last(one.other) else one.other + rest
            return (
                *body[:index],
                If(one.test, settled(then, depth + 1), settled(other, depth + 1), one.line),
            )
    return body


def _leaves_last(body: tuple[Statement, ...]) -> bool:
    return bool(body) and _leaves(body[-1])


def _chain(cases: list[Case], other: tuple[Statement, ...]) -> tuple[Statement, ...]:
    if len(cases) > CHAIN_MAX:
        half = len(cases) // 2
        tests = tuple([test for one in cases[:half] for test in one.tests])
        first = _chain(cases[:half], ())
        either = Operation("or", tests)
        return (If(either, first, _chain(cases[half:], other), cases[0].line),)
    found = other
    for one in reversed(cases):
        test: Expression = (
            one.tests[0] if len(one.tests) == 1 else Operation("or", tuple(one.tests))
        )
        found = (If(test, settled(one.body), found, one.line),)
    return found
