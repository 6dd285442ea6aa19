"""Objects, lists, and what builds them from others."""

from __future__ import annotations

from redhanded.source.flow import form
from redhanded.source.flow.events import Guard
from redhanded.source.flow.values import (
    Computed,
    Input,
    Known,
    Library,
    Record,
    Result,
    Value,
)
from redhanded.source.flow.walking import asynchronous, binding, expressions, members
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

UNREAD = "?"
"""The part of a `Record` that holds what was put in as a whole."""


def mapping(run: Run, one: form.Mapping, scope: Scope) -> Value:
    parts: dict[str, Value] = {}
    is_complete = True
    for pair in one.pairs:
        value = expressions.evaluate(run, pair.value, scope)
        if pair.key is None:
            is_complete &= spread(value, parts)
            continue
        key = expressions.evaluate(run, pair.key, scope)
        if isinstance(key, Known):
            parts[str(key.value)] = value
        elif isinstance(key, Library) and key.steps:
            named = pair.key.name if isinstance(pair.key, form.Attribute) else ""
            is_described = key.names[-1] == "()"  # ``{Row.stock: 1}``, with ``stock = Column(…)``
            parts[named if named and is_described else ".".join(key.names)] = value
        else:
            spread(Computed("{}", (value,)), parts)
            is_complete = False
    return Record(parts, is_complete=is_complete)


def spread(value: Value, parts: dict[str, Value]) -> bool:
    """Adds the parts of a value; whether they are all. What is not known by its parts is kept as
    a whole under ``?``."""
    if isinstance(value, Record):
        parts.update(dict(value.parts))
        return value.is_complete
    if isinstance(value, Result | Input | Computed):
        before = parts.get(UNREAD)
        parts[UNREAD] = value if before is None else Computed("{}", (before, value))
    return isinstance(value, Known)


def sequence(run: Run, one: form.Sequence, scope: Scope) -> Value:
    parts: dict[str, Value] = {}
    is_complete = True
    for item in one.items:
        if type(item) is form.Spread:
            value = expressions.evaluate(run, item.value, scope)
            if isinstance(value, Record) and value.is_complete and members.EACH not in value.parts:
                for inner in list(value.parts.values()):
                    parts[str(len(parts))] = inner
            else:
                is_complete = False
                parts[members.EACH] = members.element(run, value)
        else:
            parts[str(len(parts))] = expressions.evaluate(run, item, scope)
    return Record(parts, is_complete=is_complete)


def comprehension(run: Run, one: form.Comprehension, scope: Scope) -> Value:
    over = asynchronous.settled(run, expressions.evaluate(run, one.over, scope), "iterate", scope)
    inner = Scope(scope.path, scope.function, scope)
    record = run.record
    base, in_loop = record.guards, record.in_loop
    record.in_loop = True
    try:
        binding.bind(run, one.target, members.element(run, over), inner)
        for condition in one.conditions:
            value = expressions.test(run, condition, inner)
            if expressions.truth(value) is None:
                place = run.place(run.line, scope)
                record.add_guard(Guard(test=value, holds=True, location=place))
        element = expressions.evaluate(run, _valued(run, one.element, inner), inner)
    finally:
        record.guards, record.in_loop = base, in_loop
    return Record({members.EACH: element}, is_complete=False)


def _valued(run: Run, element: form.Expression, scope: Scope) -> form.Expression:
    """Of ``{key: value for …}`` the value: which key has which is not known."""
    if isinstance(element, form.Spread) and isinstance(element.value, form.Mapping):
        for pair in element.value.pairs:
            if pair.key is not None:
                expressions.evaluate(run, pair.key, scope)
                return pair.value
    return element
