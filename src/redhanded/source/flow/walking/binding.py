"""Giving values to variables, parts and parameters."""

from __future__ import annotations

from collections.abc import Mapping

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Function, Parameter
from redhanded.source.flow.values import (
    Input,
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import expressions, injection, members, memory
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope, either


def bind(run: Run, target: Expression | None, value: Value, scope: Scope) -> None:
    """Declares the variables of a target in a scope."""
    if target is None:
        return
    if isinstance(target, form.Name):
        run.record.journal.write(scope.variables, target.name, value)
    elif isinstance(target, form.Mapping | form.Sequence):
        for inner, part in taken_apart(run, target, value, scope):
            bind(run, inner, part, scope)
    elif isinstance(target, form.Assigning):
        bind(run, target.target, defaulted(run, value, target.value, scope), scope)
    elif isinstance(target, form.Spread):
        bind(run, target.value, value, scope)
    else:
        assign(run, target, value, "", scope)


def taken_apart(
    run: Run, target: form.Mapping | form.Sequence, value: Value, scope: Scope
) -> list[tuple[Expression, Value]]:
    """The targets inside a destructuring and what each gets."""
    found: list[tuple[Expression, Value]] = []
    if isinstance(target, form.Sequence):
        for place, inner in enumerate(target.items):
            if isinstance(inner, form.Spread):
                found.append((inner.value, value))
            else:
                found.append((inner, members.item(run, value, Known(place))))
        return found
    taken: list[str] = []
    for pair in target.pairs:
        if pair.key is None:
            found.append((pair.value, _rest(value, taken)))
            continue
        key = expressions.evaluate(run, pair.key, scope)
        if isinstance(key, Known):
            taken.append(str(key.value))
            part = members.part(run, value, str(key.value))
            found.append((pair.value, Known(None) if part is None else part))
        else:
            found.append((pair.value, members.element(run, value)))
    return found


def _rest(value: Value, taken: list[str]) -> Value:
    if isinstance(value, Record):
        parts = {name: part for name, part in dict(value.parts).items() if name not in taken}
        return Record(parts, is_complete=value.is_complete)
    return value


def defaulted(run: Run, value: Value, default: Expression, scope: Scope) -> Value:
    """A value, or its default where it is missing, or both where that is not known."""
    if value == Known(None):
        return expressions.evaluate(run, default, scope)
    if isinstance(value, Input | Result | Unknown):
        return either([value, expressions.evaluate(run, default, scope)])
    return value


def assign(run: Run, target: Expression, value: Value, operator: str, scope: Scope) -> Value:
    """An assignment to what exists already; the value that is there then."""
    if isinstance(target, form.Name):
        return _assign_name(run, target.name, value, operator, scope)
    if isinstance(target, form.Attribute | form.Item):
        return _assign_part(run, target, value, operator, scope)
    if isinstance(target, form.Mapping | form.Sequence):
        for inner, part in taken_apart(run, target, value, scope):
            if isinstance(inner, form.Assigning):
                part = defaulted(run, part, inner.value, scope)
                inner = inner.target
            assign(run, inner, part, "", scope)
    elif isinstance(target, form.Assigning):
        assign(run, target.target, defaulted(run, value, target.value, scope), "", scope)
    else:
        expressions.evaluate(run, target, scope)
    return value


def combined(operator: str, before: Value, value: Value) -> Value:
    """What ``target operator= value`` gives."""
    if operator in ("or", "and", "??"):
        return either([before, value])
    return expressions.computed(operator, (before, value)) if operator else value


def _assign_name(run: Run, name: str, value: Value, operator: str, scope: Scope) -> Value:
    holder = scope.holder(name)
    if holder is None:
        holder = scope
        if not scope.path.endswith((".py", ".pyi")):
            while holder.parent is not None:
                holder = holder.parent
    before = holder.variables.get(name, Unknown(name))
    if holder.parent is None and not run.is_loading:
        return memory.write_variable(run, holder, name, value, operator, scope)
    value = combined(operator, before, value)
    run.record.journal.write(holder.variables, name, value)
    return value


def _assign_part(
    run: Run, target: form.Attribute | form.Item, value: Value, operator: str, scope: Scope
) -> Value:
    base = memory.write_part(run, target, value, operator, scope)
    if base is None:
        base = expressions.evaluate(run, target.base, scope)
    if isinstance(target, form.Attribute):
        name: str | None = target.name
    else:
        key = expressions.evaluate(run, target.key, scope)
        name = str(key.value) if isinstance(key, Known) else _own_name(target.key, value)
    if operator and name is not None:
        before = members.part(run, base, name)
        value = combined(operator, Unknown(name) if before is None else before, value)
    set_part(run, base, name, value)
    return value


def _own_name(key: Expression, value: Value) -> str | None:
    """``models[model.name] = model``: the name of a class, or of what was defined by one."""
    if not isinstance(key, form.Attribute) or key.name != "name":
        return None
    if isinstance(value, Kind):
        return value.name
    made = value.steps[-1] if isinstance(value, Library) and value.steps else None
    if isinstance(made, Made) and made.arguments and isinstance(made.arguments[0], Known):
        return str(made.arguments[0].value)
    return None


def set_part(run: Run, base: Value, name: str | None, value: Value) -> None:
    """``base.name = value``; without a name, some element is set."""
    journal = run.record.journal
    cell: dict[str, Value] | None = None
    if isinstance(base, Record) and isinstance(base.parts, dict):
        cell = base.parts
        if name is None:
            name = members.EACH
            value = either([cell[name], value]) if name in cell else value
    elif isinstance(base, Kind):
        cell = run.program.class_parts.setdefault((base.path, base.index), {})
    elif isinstance(base, Result):
        cell = run.record.changed.setdefault(Result(base.event, base.parts), {})
    elif isinstance(base, Mapping):
        return
    if cell is not None and name is not None:
        journal.write(cell, name, value)


def parameters(
    run: Run,
    function: Function,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    scope: Scope,
    *,
    is_entry: bool = False,
) -> None:
    """Binds the parameters of a function that is called."""
    waiting = list(arguments)
    left = dict(keywords)
    for one in function.parameters:
        if one.variadic == "*":
            parts: dict[str, Value] = {str(at): value for at, value in enumerate(waiting)}
            bind(run, one.target, Record(parts, is_complete=not is_entry), scope)
            waiting = []
        elif one.variadic == "**":
            bind(run, one.target, Record(left, is_complete=not is_entry), scope)
            left = {}
        else:
            name = one.target.name if isinstance(one.target, form.Name) else ""
            if waiting:
                value: Value | None = waiting.pop(0)
            else:
                value = left.pop(name, None)
            value = _given(run, one, value, name, scope, is_entry)
            bind(run, one.target, value, scope)
            if one.is_field and isinstance(scope.receiver, Record):
                set_part(run, scope.receiver, name, value)


def _given(
    run: Run, one: Parameter, value: Value | None, name: str, scope: Scope, is_entry: bool
) -> Value:
    """What a parameter holds, by what is passed, its default, and its annotation."""
    is_known = value is not None and not isinstance(value, Unknown | Input)
    if is_known and value is not None and (one.default is None or value != Known(None)):
        return value
    if value is None and one.default is not None:
        value = expressions.evaluate(run, one.default, scope)
        if isinstance(value, Known) and is_entry:
            value = either([Input("argument", (name,)), value])
        return value
    if one.annotation is not None or one.decorators:
        found = injection.parameter(run.program, one, scope)
        is_from_outside = isinstance(value, Input) and value.source != "argument"
        if found is not None and not is_from_outside:
            return found
    if value is not None:
        if one.default is not None:
            return defaulted(run, value, one.default, scope)
        return value
    return Input("argument", (name,)) if is_entry or run.is_loading else Known(None)
