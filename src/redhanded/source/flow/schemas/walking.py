"""The parts of a form: for whoever looks for something anywhere in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression, Statement
from redhanded.source.flow.module import Module


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that stand directly in one."""
    found = _PARTS.get(type(expression))
    return () if found is None else found(expression)


def _pairs(one: form.Mapping) -> tuple[Expression, ...]:
    keys = [pair.key for pair in one.pairs if pair.key is not None]
    return (*keys, *[pair.value for pair in one.pairs])


_PARTS: dict[type, Callable[[Any], tuple[Expression, ...]]] = {
    form.Text: lambda one: one.parts,
    form.Other: lambda one: one.parts,
    form.Attribute: lambda one: (one.base,),
    form.Item: lambda one: (one.base, one.key),
    form.Call: lambda one: (one.function, *[each.value for each in one.arguments]),
    form.Mapping: _pairs,
    form.Sequence: lambda one: one.items,
    form.Operation: lambda one: one.operands,
    form.Choice: lambda one: (one.test, one.then, one.other),
    form.Await: lambda one: (one.value,),
    form.Spread: lambda one: (one.value,),
    form.Assigning: lambda one: (one.target, one.value),
    form.Comprehension: lambda one: (one.over, one.element, *one.conditions),
}


def flat(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, also those in blocks; not those of functions and classes."""
    for one in body:
        yield one
        match one:
            case form.If():
                yield from flat(one.then)
                yield from flat(one.other)
            case form.Loop() | form.With():
                yield from flat(one.body)
            case form.Try():
                yield from flat(one.body)
                for handler in one.handlers:
                    yield from flat(handler.body)
                yield from flat(one.otherwise)
                yield from flat(one.final)
            case _:
                pass


def said_in(one: Statement) -> tuple[Expression, ...]:
    """The expressions that stand directly in a statement, its blocks left out."""
    match one:
        case form.Do() | form.Let():
            return (one.value,)
        case form.Return() | form.Raise():
            return (one.value,) if one.value is not None else ()
        case form.If():
            return (one.test,)
        case form.Loop():
            return (one.over,)
        case form.With():
            return tuple(item.value for item in one.items)
        case _:
            return ()


def inside(expression: Expression) -> Iterator[Expression]:
    """An expression and all that stand in it, however deep, in the order of the text."""
    left = [expression]
    while left:
        one = left.pop()
        yield one
        left += reversed(parts_of(one))


def calls(expression: Expression) -> Iterator[form.Call]:
    """The calls in an expression, outermost first; not those in functions it makes."""
    return (one for one in inside(expression) if isinstance(one, form.Call))


def calls_of(module: Module) -> Iterator[tuple[form.Call, int]]:
    """Every call of a file, with the function it stands in."""
    for place, function in enumerate(module.functions):
        for statement in flat(function.body):
            for one in said_in(statement):
                yield from ((call, place) for call in calls(one))
    for found in module.classes:
        for field in found.fields:
            if field.value is not None:
                yield from ((call, found.parent) for call in calls(field.value))


def texts_in(module: Module) -> Iterator[str]:
    """The texts that a file has written out, also those in templates."""
    for function in module.functions:
        for statement in flat(function.body):
            for one in said_in(statement):
                yield from _texts(one)
    for found in module.classes:
        for field in found.fields:
            if field.value is not None:
                yield from _texts(field.value)


def _texts(expression: Expression) -> Iterator[str]:
    for one in inside(expression):
        if isinstance(one, form.Constant) and isinstance(one.value, str):
            yield one.value
