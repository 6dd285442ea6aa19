"""What a program puts on an application's ``state`` when it starts, and finds there later.

``app.state.pool = await create_pool(…)`` stands in a function that the framework calls (a lifespan,
a handler of its start), so no path goes through it. References: starlette.io/applications (state),
sanic.dev (ctx).
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression, Statement
from redhanded.source.flow.module import Module
from redhanded.source.flow.schemas.walking import flat
from redhanded.source.flow.values import Library, Value
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import either

HOLDERS = frozenset({"state", "ctx"})
"""Attributes of an application or a request that hold whatever a program puts there."""
_MAX = 4

Place = tuple[str, int, Expression]


def carried(run: Run, name: str) -> Value | None:
    """What is put under a name anywhere in the program, as far as it is of a library."""
    program = run.program
    if program.carried is None:
        program.carried = {}
        for module in program.modules():
            for called, place in _put(module):
                program.carried.setdefault(called, []).append(place)
    found: list[Value] = []
    for path, function, expression in program.carried.pop(name, ())[:_MAX]:
        value = program.evaluate(expression, path, function)
        if isinstance(value, Library):
            found.append(value)
    if not found:
        return program.carried_values.get(name)
    program.carried_values[name] = either(found)
    return program.carried_values[name]


def _put(module: Module) -> Iterator[tuple[str, Place]]:
    if module.language != "python":
        return
    for index, function in enumerate(module.functions):
        for one in flat(function.body):
            if not isinstance(one, form.Let) or not isinstance(one.target, form.Attribute):
                continue
            if getattr(one.target.base, "name", "") in HOLDERS:
                value = _bound(function.body, one.value)
                yield one.target.name, (module.path, index, value)


def _bound(body: tuple[Statement, ...], value: Expression) -> Expression:
    """What a name stands for that is bound once in a function: by ``with`` or an assignment."""
    if not isinstance(value, form.Name):
        return value
    found: list[Expression] = []
    for one in flat(body):
        if isinstance(one, form.With):
            found += [each.value for each in one.items if _is_called(each.target, value.name)]
        elif isinstance(one, form.Let) and _is_called(one.target, value.name):
            found.append(one.value)
    return found[0] if len(found) == 1 else value


def _is_called(target: Expression | None, name: str) -> bool:
    return isinstance(target, form.Name) and target.name == name
