"""Python's ``match`` as the chain of conditions that it is.

Reference: https://docs.python.org/3/reference/compound_stmts.html#the-match-statement.
"""

from __future__ import annotations

import ast

from redhanded.source.flow.form import (
    Argument,
    Attribute,
    Call,
    Constant,
    Expression,
    If,
    Item,
    Let,
    Name,
    Operation,
    Other,
    Statement,
)
from redhanded.source.flow.languages.python_definitions import Block
from redhanded.source.flow.languages.python_expressions import expression
from redhanded.source.flow.languages.python_scope import DEPTH_MAX, Scope


def match(node: ast.Match, scope: Scope, block: Block) -> list[Statement]:
    """An `If` in an `If` for each case, the subject read once."""
    subject = expression(node.subject, scope)
    found: list[Statement] = []
    if not isinstance(subject, Name | Attribute):
        name = Name(f"<matched at {node.lineno}>")
        found.append(Let(name, subject, node.lineno))
        subject = name
    other: tuple[Statement, ...] = ()
    for case in reversed(node.cases):
        line = case.pattern.lineno
        bound: list[tuple[str, Expression]] = []
        test = _test(case.pattern, subject, scope, bound)
        lets = tuple(Let(Name(name), value, line) for name, value in bound)
        body = block(case.body, scope)
        if case.guard is None:
            one = (*lets, *body)
            other = one if test is None else (If(test, one, other, line),)
            continue
        # A guard reads the names that its pattern binds, so these come before the test.
        guard = expression(case.guard, scope)
        test = guard if test is None else Operation("and", (test, guard))
        other = (*lets, If(test, body, other, line))
    return [*found, *other]


def _test(
    pattern: ast.pattern,
    subject: Expression,
    scope: Scope,
    bound: list[tuple[str, Expression]],
) -> Expression | None:
    """When a pattern fits, None for always; what it binds is appended to ``bound``."""
    if isinstance(pattern, ast.MatchValue):
        return Operation("==", (subject, expression(pattern.value, scope)))
    if isinstance(pattern, ast.MatchSingleton):
        return Operation("==", (subject, Constant(pattern.value)))
    if isinstance(pattern, ast.MatchAs):
        inner = None
        if pattern.pattern is not None:
            inner = _test(pattern.pattern, subject, scope, bound)
        if pattern.name is not None:
            bound.append((pattern.name, subject))
        return inner
    if isinstance(pattern, ast.MatchOr):
        tests = [_test(one, subject, scope, bound) for one in pattern.patterns]
        if any(one is None for one in tests):
            return None
        return Operation("or", tuple(one for one in tests if one is not None))
    return _parts(pattern, subject, scope, bound)


def _parts(
    pattern: ast.pattern,
    subject: Expression,
    scope: Scope,
    bound: list[tuple[str, Expression]],
) -> Expression:
    tests: list[Expression] = []
    parts: list[tuple[ast.pattern, Expression]] = []
    if isinstance(pattern, ast.MatchMapping):
        for key, one in zip(pattern.keys, pattern.patterns, strict=True):
            name = expression(key, scope)
            tests.append(Operation("in", (name, subject)))
            if isinstance(name, Constant) and isinstance(name.value, str):
                parts.append((one, Attribute(subject, name.value)))
            else:
                parts.append((one, Item(subject, name)))
        if pattern.rest is not None:
            bound.append((pattern.rest, subject))
    elif isinstance(pattern, ast.MatchClass):
        given = (Argument(subject), Argument(expression(pattern.cls, scope)))
        tests.append(
            Call(
                Name("isinstance"),
                given,
                pattern.lineno,
                pattern.col_offset + 1,
                pattern.end_lineno,
            )
        )
        for number, one in enumerate(pattern.patterns):
            parts.append((one, Item(subject, Constant(number))))
        for attribute, one in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            parts.append((one, Attribute(subject, attribute)))
    elif isinstance(pattern, ast.MatchSequence):
        tests.append(Other(scope.writing.text(pattern), (subject,)))
        for number, one in enumerate(pattern.patterns):
            if isinstance(one, ast.MatchStar):
                if one.name is not None:
                    bound.append((one.name, Other(scope.writing.text(one), (subject,))))
                break
            parts.append((one, Item(subject, Constant(number))))
    if scope.writing.depth < DEPTH_MAX:
        scope.writing.depth += 1
        for one, value in parts:
            test = _test(one, value, scope, bound)
            if test is not None:
                tests.append(test)
        scope.writing.depth -= 1
    return tests[0] if len(tests) == 1 else Operation("and", tuple(tests))
