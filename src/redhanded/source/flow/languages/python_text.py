"""Python's two older ways to fill in a text, as the templates that they are."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable

from redhanded.source.flow.form import Argument, Constant, Expression, Text


def formatted_by_call(node: ast.Call, arguments: list[Argument]) -> Text | None:
    """``"stock:{}".format(sku)`` as the template that it is."""
    callee = node.func
    if not (isinstance(callee, ast.Attribute) and callee.attr == "format"):
        return None
    if not (isinstance(callee.value, ast.Constant) and isinstance(callee.value.value, str)):
        return None
    if any(one.spread for one in arguments):
        return None
    positional = [one.value for one in arguments if one.name is None]
    named = {one.name: one.value for one in arguments if one.name is not None}
    parts: list[Expression] = []
    number = 0
    try:
        for written, key, _, _ in string.Formatter().parse(callee.value.value):
            if written:
                parts.append(Constant(written))
            if key is None:
                continue
            if key == "":
                key, number = str(number), number + 1
            parts.append(positional[int(key)] if key.isdigit() else named[key])
    except (ValueError, IndexError, KeyError):
        return None
    return Text(tuple(parts))


PERCENT = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-+ #0-9.]*(?P<kind>[sdifrgxXeuac%])")


def formatted_by_percent(node: ast.BinOp, lower: Callable[[ast.expr], Expression]) -> Text | None:
    """``"stock:%s" % sku`` as the template that it is."""
    if not (isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)):
        return None
    written = node.left.value
    marks = [one for one in PERCENT.finditer(written) if one["kind"] != "%"]
    named: dict[str, ast.expr] = {}
    given: list[ast.expr] = []
    if isinstance(node.right, ast.Tuple):
        given = node.right.elts
    elif isinstance(node.right, ast.Dict):
        for key, value in zip(node.right.keys, node.right.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                return None
            named[key.value] = value
    else:
        given = [node.right]
    if any(one["name"] is not None for one in marks):
        if any(one["name"] not in named for one in marks):
            return None
        given = [named[one["name"]] for one in marks]
    if len(given) != len(marks) or any(isinstance(one, ast.Starred) for one in given):
        return None
    parts: list[Expression] = []
    end = 0
    for mark, value in zip(marks, given, strict=True):
        if mark.start() > end:
            parts.append(Constant(written[end : mark.start()].replace("%%", "%")))
        parts.append(lower(value))
        end = mark.end()
    if end < len(written):
        parts.append(Constant(written[end:].replace("%%", "%")))
    return Text(tuple(parts))
