"""Python's expressions in the one form.

Reference: https://docs.python.org/3/library/ast.html. Python's own tree is as deep as the text is
nested; beyond ``DEPTH_MAX`` only the calls are kept, side by side, so that no input can use up the
stack of this program or of what reads the form.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from redhanded.source.flow.form import (
    Argument,
    Assigning,
    Attribute,
    Await,
    Choice,
    Comprehension,
    Constant,
    Expression,
    Item,
    Lambda,
    Mapping,
    Name,
    Operation,
    Other,
    Pair,
    Return,
    Sequence,
    Spread,
    Text,
)
from redhanded.source.flow.languages.python_scope import DEPTH_MAX, Scope, flat_calls, placed
from redhanded.source.flow.languages.python_text import (
    formatted_by_call,
    formatted_by_percent,
)
from redhanded.source.flow.module import Function, Parameter

OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "neg",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.In: "in",
}


def expression(node: ast.expr, scope: Scope) -> Expression:
    """An expression in the one form."""
    lower = _TABLE.get(type(node))
    writing = scope.writing
    if lower is None:
        return Other(writing.text(node), _inside(node, scope))
    if writing.depth >= DEPTH_MAX:
        return _flattened(node, scope)
    writing.depth += 1
    try:
        return lower(node, scope)
    finally:
        writing.depth -= 1


def annotation(node: ast.expr, scope: Scope) -> Expression:
    """An annotation; names written as text (forward references) are read as names."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            inner = ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Constant(node.value)
        for one in ast.walk(inner):
            ast.copy_location(one, node)
        return annotation(inner, scope) if not isinstance(inner, ast.Constant) else Constant(None)
    if isinstance(node, ast.Subscript) and scope.writing.depth < DEPTH_MAX:
        base = expression(node.value, scope)
        if getattr(base, "name", "") == "Literal":
            return expression(node, scope)
        key = node.slice
        if isinstance(key, ast.Tuple):
            return Item(base, Sequence(tuple(annotation(one, scope) for one in key.elts)))
        return Item(base, annotation(key, scope))
    is_union = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
    if isinstance(node, ast.BinOp) and is_union and scope.writing.depth < DEPTH_MAX:
        return Operation("|", (annotation(node.left, scope), annotation(node.right, scope)))
    return expression(node, scope)


def _inside(node: ast.AST, scope: Scope) -> tuple[Expression, ...]:
    if scope.writing.depth >= DEPTH_MAX:
        return ()
    return tuple(
        expression(one, scope) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)
    )


def _flattened(node: ast.expr, scope: Scope) -> Expression:
    if isinstance(node, ast.Constant | ast.Name):
        return _TABLE[type(node)](node, scope)
    return Other(scope.writing.text(node), flat_calls(node, scope))


def _name(node: ast.Name, scope: Scope) -> Expression:
    return Name(node.id)


def _constant(node: ast.Constant, scope: Scope) -> Expression:
    value = node.value
    if isinstance(value, bytes):
        return Constant(value.decode("latin-1"))
    if value is None or isinstance(value, str | bool | float):
        return Constant(
            value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        )
    if isinstance(value, int):
        return (
            Constant(value) if -(2**63) <= value < 2**63 else Constant(float(min(value, 10**300)))
        )
    return Other(scope.writing.text(node))


def _text(node: ast.JoinedStr, scope: Scope) -> Expression:
    parts: list[Expression] = []
    for one in node.values:
        if isinstance(one, ast.FormattedValue):
            parts.append(expression(one.value, scope))
            if isinstance(one.format_spec, ast.JoinedStr):
                calls = flat_calls(one.format_spec, scope)
                parts.extend(Other("", (call,)) for call in calls)
        else:
            parts.append(expression(one, scope))
    return Text(tuple(parts))


def _attribute(node: ast.Attribute, scope: Scope) -> Expression:
    return Attribute(expression(node.value, scope), node.attr)


def _subscript(node: ast.Subscript, scope: Scope) -> Expression:
    base, key = expression(node.value, scope), node.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return Attribute(base, key.value)
    if isinstance(key, ast.Slice) and key.step is None:
        first = Constant(0) if key.lower is None else expression(key.lower, scope)
        last = () if key.upper is None else (expression(key.upper, scope),)
        return Operation("[:]", (base, first, *last))
    return Item(base, expression(key, scope))


def _call(node: ast.Call, scope: Scope) -> Expression:
    arguments = []
    for one in node.args:
        if isinstance(one, ast.Starred):
            arguments.append(Argument(expression(one.value, scope), None, True))
        else:
            arguments.append(Argument(expression(one, scope)))
    for keyword in node.keywords:
        value = expression(keyword.value, scope)
        if keyword.arg is None:
            arguments.append(Argument(value, "**", True))
        else:
            arguments.append(Argument(value, keyword.arg))
    formatted = formatted_by_call(node, arguments)
    if formatted is not None:
        return formatted
    return placed(node, expression(node.func, scope), tuple(arguments))


def _binary(node: ast.BinOp, scope: Scope) -> Expression:
    operator = OPERATORS[type(node.op)]
    if operator == "%":
        formatted = formatted_by_percent(node, lambda one: expression(one, scope))
        if formatted is not None:
            return formatted
    operands: list[ast.expr] = [node.right]
    left = node.left
    while isinstance(left, ast.BinOp) and type(left.op) is type(node.op):
        operands.append(left.right)
        left = left.left
    if len(operands) > DEPTH_MAX // 4:
        operands.append(left)
        return Operation(operator, tuple(expression(one, scope) for one in reversed(operands)))
    return Operation(operator, (expression(node.left, scope), expression(node.right, scope)))


def _boolean(node: ast.BoolOp, scope: Scope) -> Expression:
    return Operation(OPERATORS[type(node.op)], tuple(expression(one, scope) for one in node.values))


def _unary(node: ast.UnaryOp, scope: Scope) -> Expression:
    value = expression(node.operand, scope)
    if isinstance(node.op, ast.UAdd):
        return value
    number = value.value if isinstance(value, Constant) else None
    if isinstance(node.op, ast.USub) and type(number) in (int, float):
        return Constant(-number)  # type: ignore[operator]
    return Operation(OPERATORS[type(node.op)], (value,))


def _compare(node: ast.Compare, scope: Scope) -> Expression:
    values = [expression(one, scope) for one in (node.left, *node.comparators)]
    tests = [
        _comparison(operator, values[number], values[number + 1])
        for number, operator in enumerate(node.ops)
    ]
    return tests[0] if len(tests) == 1 else Operation("and", tuple(tests))


def _comparison(operator: ast.cmpop, left: Expression, right: Expression) -> Expression:
    with_none = Constant(None) in (left, right)
    if isinstance(operator, ast.Is) and with_none:
        return Operation("==", (left, right))
    if isinstance(operator, ast.IsNot):
        if with_none:
            return Operation("!=", (left, right))
        return Operation("not", (Operation("is", (left, right)),))
    if isinstance(operator, ast.NotIn):
        return Operation("not", (Operation("in", (left, right)),))
    return Operation(OPERATORS[type(operator)], (left, right))


def _choice(node: ast.IfExp, scope: Scope) -> Expression:
    return Choice(
        expression(node.test, scope), expression(node.body, scope), expression(node.orelse, scope)
    )


def _dict(node: ast.Dict, scope: Scope) -> Expression:
    pairs = zip(node.keys, node.values, strict=True)
    return Mapping(
        tuple(
            Pair(expression(key, scope) if key is not None else None, expression(value, scope))
            for key, value in pairs
        )
    )


def _sequence(node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Expression:
    return Sequence(tuple(expression(one, scope) for one in node.elts))


def _starred(node: ast.Starred, scope: Scope) -> Expression:
    return Spread(expression(node.value, scope))


def _await(node: ast.Await, scope: Scope) -> Expression:
    return Await(expression(node.value, scope))


def _walrus(node: ast.NamedExpr, scope: Scope) -> Expression:
    return Assigning(expression(node.target, scope), expression(node.value, scope))


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
) -> Expression:
    if isinstance(node, ast.DictComp):
        pair = Pair(expression(node.key, scope), expression(node.value, scope))
        element: Expression = Spread(Mapping((pair,)))
    else:
        element = expression(node.elt, scope)
    for one in reversed(node.generators):
        conditions = tuple(expression(test, scope) for test in one.ifs)
        element = Comprehension(
            element, expression(one.target, scope), expression(one.iter, scope), conditions
        )
    return element


def _yield(node: ast.Yield | ast.YieldFrom, scope: Scope) -> Expression:
    value = None if node.value is None else expression(node.value, scope)
    if isinstance(node, ast.YieldFrom) and value is not None:
        value = Spread(value)
    scope.before.append(Return(value, node.lineno, True))
    return Other(scope.writing.text(node))


def _slice(node: ast.Slice, scope: Scope) -> Expression:
    return Other(scope.writing.text(node), _inside(node, scope))


def _lambda(node: ast.Lambda, scope: Scope) -> Expression:
    return Lambda(named_lambda(node, scope, ""))


def named_lambda(node: ast.Lambda, scope: Scope, name: str) -> int:
    """The index of a function that is written as an expression."""
    writing = scope.writing
    number = len(writing.functions)
    writing.functions.append(None)
    taken = parameters(node.args, scope)
    inner = Scope(writing=writing, function=number)
    value = expression(node.body, inner)
    writing.functions[number] = Function(
        name=name,
        parameters=taken,
        body=(*inner.before, Return(value, node.body.lineno)),
        line=node.lineno,
        end_line=node.end_lineno or node.lineno,
        is_generator=bool(inner.before),
        parent=scope.function,
    )
    return number


def parameters(node: ast.arguments, scope: Scope) -> tuple[Parameter, ...]:
    """Of a function, in their order."""
    found = []
    plain = [*node.posonlyargs, *node.args]
    without = len(plain) - len(node.defaults)
    for number, one in enumerate(plain):
        default = node.defaults[number - without] if number >= without else None
        found.append(_parameter(one, default, scope))
    if node.vararg is not None:
        found.append(_parameter(node.vararg, None, scope, "*"))
    for one, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        found.append(_parameter(one, default, scope))
    if node.kwarg is not None:
        found.append(_parameter(node.kwarg, None, scope, "**"))
    return tuple(found)


def _parameter(
    node: ast.arg, default: ast.expr | None, scope: Scope, variadic: str = ""
) -> Parameter:
    return Parameter(
        target=Name(node.arg),
        default=None if default is None else expression(default, scope),
        annotation=None if node.annotation is None else annotation(node.annotation, scope),
        variadic=variadic,  # type: ignore[arg-type]
    )


_TABLE: dict[type[ast.expr], Callable[..., Expression]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.JoinedStr: _text,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Dict: _dict,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Starred: _starred,
    ast.Await: _await,
    ast.NamedExpr: _walrus,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Slice: _slice,
    ast.Lambda: _lambda,
}
