"""Python's functions and classes in the one form."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from redhanded.source.flow.form import Argument, Return, Statement
from redhanded.source.flow.languages.python_expressions import annotation, expression, parameters
from redhanded.source.flow.languages.python_scope import DEPTH_MAX, Scope
from redhanded.source.flow.module import Class, Field, Function

Block: TypeAlias = Callable[[Iterable[ast.stmt], Scope], tuple[Statement, ...]]
Kind: TypeAlias = Literal["", "static", "class", "get", "set", "constructor"]


def function_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, block: Block, owner: int = -1
) -> int:
    """The index of a function; ``owner``: the class it is a method of."""
    writing = scope.writing
    number = len(writing.functions)
    writing.functions.append(None)
    decorators = tuple(expression(one, scope) for one in node.decorator_list)
    taken = parameters(node.args, scope)
    returns = None if node.returns is None else annotation(node.returns, scope)
    inner = Scope(writing=writing, function=number)
    depth, writing.depth = writing.depth, max(0, writing.depth - DEPTH_MAX // 2)
    try:
        body = block(node.body, inner)
    finally:
        writing.depth = depth
    writing.functions[number] = Function(
        name=node.name,
        parameters=taken,
        body=body,
        line=node.lineno,
        end_line=node.end_lineno or node.lineno,
        decorators=decorators,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_generator=_yields(body),
        parent=scope.function,
        owner=owner,
        kind=_kind(node) if owner >= 0 else "",
        returns=returns,
    )
    return number


def _yields(body: tuple[Statement, ...]) -> bool:
    waiting: list[object] = [body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Return):
            if one.is_yield:
                return True
        elif isinstance(one, tuple):
            waiting.extend(one)
        else:
            for name in ("then", "other", "body", "handlers", "otherwise", "final"):
                inner = getattr(one, name, None)
                if isinstance(inner, tuple):
                    waiting.append(inner)
    return False


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Kind:
    if node.name == "__init__":
        return "constructor"
    for one in node.decorator_list:
        name = one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")
        if name == "staticmethod":
            return "static"
        if name == "classmethod":
            return "class"
        if name in ("property", "cached_property"):
            return "get"
        if name == "setter":
            return "set"
    return ""


def class_of(node: ast.ClassDef, scope: Scope, block: Block) -> tuple[int, list[Statement]]:
    """The index of a class, and what else its body does."""
    writing = scope.writing
    number = len(writing.classes)
    writing.classes.append(None)
    bases = [
        Argument(expression(one.value, scope), None, True)
        if isinstance(one, ast.Starred)
        else Argument(expression(one, scope))
        for one in node.bases
    ]
    for one in node.keywords:
        name = one.arg if one.arg is not None else "**"
        bases.append(Argument(expression(one.value, scope), name, one.arg is None))
    decorators = tuple(expression(one, scope) for one in node.decorator_list)
    body = _Body(scope=scope, number=number, block=block)
    body.read(node.body)
    writing.classes[number] = Class(
        name=node.name,
        bases=tuple(bases),
        fields=tuple(body.fields),
        methods=tuple(body.methods),
        classes=tuple(body.classes),
        line=node.lineno,
        end_line=node.end_lineno or node.lineno,
        decorators=decorators,
        parent=scope.function,
    )
    return number, body.others


class _Body:
    """What stands in the body of a class, conditions looked through."""

    def __init__(self, *, scope: Scope, number: int, block: Block) -> None:
        self.scope, self.number, self.block = scope, number, block
        self.fields: list[Field] = []
        self.methods: list[int] = []
        self.classes: list[int] = []
        self.others: list[Statement] = []

    def read(self, nodes: Iterable[ast.stmt]) -> None:
        waiting = list(nodes)[::-1]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.methods.append(function_of(node, self.scope, self.block, self.number))
            elif isinstance(node, ast.ClassDef):
                self._class(node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._field(target, node.value, None, node)
            elif isinstance(node, ast.AnnAssign):
                self._field(node.target, node.value, node.annotation, node)
            elif isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.AsyncWith):
                inner = [*node.body, *getattr(node, "orelse", ())]
                for handler in getattr(node, "handlers", ()):
                    inner += handler.body
                inner += getattr(node, "finalbody", ())
                waiting.extend(reversed(inner))
            else:
                self.others.extend(self.block((node,), self.scope))

    def _class(self, node: ast.ClassDef) -> None:
        writing = self.scope.writing
        if writing.depth >= DEPTH_MAX:
            return
        writing.depth += 1
        try:
            index, others = class_of(node, self.scope, self.block)
        finally:
            writing.depth -= 1
        self.classes.append(index)
        self.others.extend(others)

    def _field(
        self,
        target: ast.expr,
        value: ast.expr | None,
        annotated: ast.expr | None,
        node: ast.stmt,
    ) -> None:
        if isinstance(target, ast.Name):
            self.fields.append(
                Field(
                    name=target.id,
                    value=None if value is None else expression(value, self.scope),
                    line=node.lineno,
                    annotation=None if annotated is None else annotation(annotated, self.scope),
                )
            )
        elif isinstance(target, ast.Tuple | ast.List):
            pairs: list[tuple[ast.expr, ast.expr | None]] = [(one, None) for one in target.elts]
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                pairs = list(zip(target.elts, value.elts, strict=True))
            for inner, given in pairs:
                self._field(inner, given, None, node)
        else:
            self.others.extend(self.block((node,), self.scope))
