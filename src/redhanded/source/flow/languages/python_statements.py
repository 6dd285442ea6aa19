"""Python's statements in the one form."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from redhanded.source.flow.form import (
    Argument,
    Attribute,
    Call,
    Define,
    DefineClass,
    Do,
    Expression,
    Handler,
    If,
    Item,
    Jump,
    Lambda,
    Let,
    Loop,
    Managed,
    Name,
    Operation,
    Other,
    Raise,
    Return,
    Spread,
    Statement,
    Try,
    With,
)
from redhanded.source.flow.languages.python_definitions import class_of, function_of
from redhanded.source.flow.languages.python_expressions import (
    OPERATORS,
    annotation,
    expression,
    named_lambda,
)
from redhanded.source.flow.languages.python_match import match
from redhanded.source.flow.languages.python_scope import DEPTH_MAX, Scope, flat_calls
from redhanded.source.flow.module import Import


def block(nodes: Iterable[ast.stmt], scope: Scope) -> tuple[Statement, ...]:
    """Statements in their order."""
    found: list[Statement] = []
    for node in nodes:
        found.extend(statement(node, scope))
    return tuple(found)


def statement(node: ast.stmt, scope: Scope) -> list[Statement]:
    """What a statement becomes; several where it does several things."""
    writing = scope.writing
    lower = _TABLE.get(type(node))
    if lower is None:
        if isinstance(node, ast.Pass):
            return []
        return [Do(Other(writing.text(node), flat_calls(node, scope)), node.lineno)]
    if writing.depth >= DEPTH_MAX:
        calls = flat_calls(node, scope)
        return [Do(Other(writing.text(node), calls), node.lineno)]
    outside, scope.before = scope.before, []
    writing.depth += 1
    try:
        found = lower(node, scope)
        return [*scope.before, *found]
    finally:
        writing.depth -= 1
        scope.before = outside


def _do(node: ast.Expr, scope: Scope) -> list[Statement]:
    value = node.value
    if isinstance(value, ast.Constant):
        return []
    if isinstance(value, ast.Yield | ast.YieldFrom):
        given = None if value.value is None else expression(value.value, scope)
        if isinstance(value, ast.YieldFrom) and given is not None:
            given = Spread(given)
        return [Return(given, node.lineno, True)]
    return [Do(expression(value, scope), node.lineno)]


def _assign(node: ast.Assign, scope: Scope) -> list[Statement]:
    value = _value(node.value, node.targets[0], scope)
    first = expression(node.targets[0], scope)
    found: list[Statement] = [_let(first, value, node.lineno, scope)]
    if len(node.targets) > 1 and not isinstance(first, Name | Attribute | Item):
        first = Name(f"<value at {node.lineno}>")
        found = [Let(first, value, node.lineno), *_lets(node.targets[:1], first, node, scope)]
    return [*found, *_lets(node.targets[1:], first, node, scope)]


def _lets(
    targets: list[ast.expr], value: Expression, node: ast.Assign, scope: Scope
) -> list[Statement]:
    return [_let(expression(one, scope), value, node.lineno, scope) for one in targets]


def _value(node: ast.expr, target: ast.expr, scope: Scope) -> Expression:
    if isinstance(node, ast.Lambda) and isinstance(target, ast.Name | ast.Attribute):
        name = target.id if isinstance(target, ast.Name) else target.attr
        return Lambda(named_lambda(node, scope, name))
    return expression(node, scope)


def _let(target: Expression, value: Expression, line: int, scope: Scope, operator: str = "") -> Let:
    kind = scope.elsewhere.get(target.name, "") if isinstance(target, Name) else ""
    return Let(target, value, line, operator, kind)


def _annotated(node: ast.AnnAssign, scope: Scope) -> list[Statement]:
    if node.value is None:
        return []
    return [
        Let(
            target=expression(node.target, scope),
            value=_value(node.value, node.target, scope),
            line=node.lineno,
            annotation=annotation(node.annotation, scope),
        )
    ]


def _augmented(node: ast.AugAssign, scope: Scope) -> list[Statement]:
    target, value = expression(node.target, scope), expression(node.value, scope)
    return [_let(target, value, node.lineno, scope, OPERATORS[type(node.op)])]


def _delete(node: ast.Delete, scope: Scope) -> list[Statement]:
    return [Do(Operation("delete", (expression(one, scope),)), node.lineno) for one in node.targets]


def _if(node: ast.If, scope: Scope) -> list[Statement]:
    return [
        If(
            test=expression(node.test, scope),
            then=block(node.body, scope),
            other=block(node.orelse, scope),
            line=node.lineno,
        )
    ]


def _for(node: ast.For | ast.AsyncFor, scope: Scope) -> list[Statement]:
    loop = Loop(
        kind="each",
        target=expression(node.target, scope),
        over=expression(node.iter, scope),
        body=block(node.body, scope),
        line=node.lineno,
        is_async=isinstance(node, ast.AsyncFor),
    )
    return [loop, *block(node.orelse, scope)]


def _while(node: ast.While, scope: Scope) -> list[Statement]:
    test = expression(node.test, scope)
    loop = Loop("while", None, test, block(node.body, scope), node.lineno)
    return [loop, *block(node.orelse, scope)]


def _try(node: ast.Try, scope: Scope) -> list[Statement]:
    """Also ``try`` with ``except*``: the same handlers, for each of the errors of a group."""
    return [
        Try(
            body=block(node.body, scope),
            handlers=tuple(_handler(one, scope) for one in node.handlers),
            otherwise=block(node.orelse, scope),
            final=block(node.finalbody, scope),
            line=node.lineno,
        )
    ]


def _handler(node: ast.ExceptHandler, scope: Scope) -> Handler:
    types: tuple[Expression, ...] = ()
    if isinstance(node.type, ast.Tuple):
        types = tuple(expression(one, scope) for one in node.type.elts)
    elif node.type is not None:
        types = (expression(node.type, scope),)
    target = None if node.name is None else Name(node.name)
    return Handler(types, target, block(node.body, scope), node.lineno)


def _with(node: ast.With | ast.AsyncWith, scope: Scope) -> list[Statement]:
    items = tuple(
        Managed(
            expression(one.context_expr, scope),
            None if one.optional_vars is None else expression(one.optional_vars, scope),
        )
        for one in node.items
    )
    is_async = isinstance(node, ast.AsyncWith)
    return [With(items, block(node.body, scope), node.lineno, is_async)]


def _return(node: ast.Return, scope: Scope) -> list[Statement]:
    return [Return(None if node.value is None else expression(node.value, scope), node.lineno)]


def _raise(node: ast.Raise, scope: Scope) -> list[Statement]:
    return [Raise(None if node.exc is None else expression(node.exc, scope), node.lineno)]


def _assert(node: ast.Assert, scope: Scope) -> list[Statement]:
    given = () if node.msg is None else (Argument(expression(node.msg, scope)),)
    error = Call(
        Name("AssertionError"),
        given,
        node.lineno,
        node.col_offset + 1,
        node.end_lineno or node.lineno,
    )
    test = Operation("not", (expression(node.test, scope),))
    return [If(test, (Raise(error, node.lineno),), (), node.lineno)]


def _jump(node: ast.Break | ast.Continue, scope: Scope) -> list[Statement]:
    return [Jump("break" if isinstance(node, ast.Break) else "continue", node.lineno)]


def _elsewhere(node: ast.Global | ast.Nonlocal, scope: Scope) -> list[Statement]:
    kind = "global" if isinstance(node, ast.Global) else "nonlocal"
    scope.elsewhere.update(dict.fromkeys(node.names, kind))
    return []


def _import(node: ast.Import, scope: Scope) -> list[Statement]:
    found = scope.writing.imports
    for one in node.names:
        if one.asname is not None:
            found.append(Import(one.name, "*", one.asname, node.lineno, scope.function))
            continue
        first = one.name.split(".")[0]
        found.append(Import(first, "*", first, node.lineno, scope.function))
        if first != one.name:
            found.append(Import(one.name, "*", "", node.lineno, scope.function))
    return []


def _import_from(node: ast.ImportFrom, scope: Scope) -> list[Statement]:
    specifier = "." * node.level + (node.module or "")
    for one in node.names:
        scope.writing.imports.append(
            Import(specifier, one.name, one.asname or one.name, node.lineno, scope.function)
        )
    return []


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> list[Statement]:
    return [Define(function_of(node, scope, block), node.lineno)]


def _class(node: ast.ClassDef, scope: Scope) -> list[Statement]:
    index, others = class_of(node, scope, block)
    return [*others, DefineClass(index, node.lineno)]


def _match(node: ast.Match, scope: Scope) -> list[Statement]:
    return match(node, scope, block)


def _type(node: ast.stmt, scope: Scope) -> list[Statement]:
    """``type X = …`` (Python 3.12)."""
    target, value = getattr(node, "name", None), getattr(node, "value", None)
    if not (isinstance(target, ast.Name) and isinstance(value, ast.expr)):
        return []
    return [Let(Name(target.id), annotation(value, scope), node.lineno)]


_TABLE: dict[type[ast.stmt], Callable[..., list[Statement]]] = {
    ast.Expr: _do,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Break: _jump,
    ast.Continue: _jump,
    ast.Global: _elsewhere,
    ast.Nonlocal: _elsewhere,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Match: _match,
}
if hasattr(ast, "TypeAlias"):
    _TABLE[ast.TypeAlias] = _type
