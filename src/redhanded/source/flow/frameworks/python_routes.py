"""What web frameworks of Python have in common: decorated functions and what they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Call, Form, Statement
from redhanded.source.flow.framework import CallSite, Surroundings
from redhanded.source.flow.frameworks.reading import elements, text
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import Library, Procedure, Value

METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
PARAMETER = re.compile(r"\{(\w+)[^}]*\}|<(?:[\w.]+:)?(\w+)>|\(\?P<(\w+)>")


def decorated(
    around: Surroundings, *packages: str
) -> Iterator[tuple[Procedure, Function, tuple[Library, ...]]]:
    """Python functions with decorators of these packages, outermost first."""
    for module in around.modules():
        if module.language != "python":
            continue
        for index, function in enumerate(module.functions):
            if not function.decorators:
                continue
            here = Procedure(module.path, index)
            values = tuple(
                one
                for one in around.decorators(here)
                if isinstance(one, Library) and one.package in packages
            )
            if values:
                yield here, function, values


def calls_in_factories(around: Surroundings, names: frozenset[str]) -> Iterator[CallSite]:
    """Calls of these methods in functions: ``create_app`` is often called by a server only."""
    for module in around.modules():
        if module.language != "python" or not module.may_call(names):
            continue
        for index, function in enumerate(module.functions):
            if index == 0:
                continue
            for call in calls_of(function.body):
                if getattr(call.function, "name", "") not in names:
                    continue
                callee = around.evaluate(call.function, module.path, index)
                if not isinstance(callee, Library):
                    continue
                given = [
                    (one.name, around.evaluate(one.value, module.path, index))
                    for one in call.arguments
                    if not one.spread
                ]
                yield CallSite(
                    callee=callee,
                    arguments=tuple(value for name, value in given if name is None),
                    keywords={name: value for name, value in given if name is not None},
                    location=Location(
                        path=module.path, line=call.line, function=function.name or None
                    ),
                )


def calls_of(body: tuple[Statement, ...]) -> Iterator[Call]:
    """The calls in a function's body."""
    waiting: list[object] = [body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            yield one
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, Form):
            waiting.extend(getattr(one, name) for name in reversed(one.__struct_fields__))


def place_of(here: Procedure, around: Surroundings) -> Location:
    function = around.function_of(here)
    return Location(path=here.path, line=function.line, function=function.name or None)


def route(method: str, path: str, here: Procedure, library: str, around: Surroundings) -> Entry:
    """The entry of a function that serves requests."""
    return Entry(
        kind="route",
        name=f"{method.upper()} {path}",
        location=place_of(here, around),
        library=library,
    )


def parameters_of(path: str) -> tuple[str, ...]:
    """Names in ``/items/{id}``, ``/items/<int:id>``, ``^items/(?P<id>…)``."""
    return tuple(one or other or last for one, other, last in PARAMETER.findall(path))


def methods_in(value: Value | None, default: str) -> tuple[str, ...]:
    """Of ``methods=["GET", "POST"]``."""
    found = tuple(one.upper() for one in map(text, elements(value)) if one is not None)
    return found or (default,)
