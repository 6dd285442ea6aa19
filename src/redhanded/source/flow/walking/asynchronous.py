"""Promises and coroutines: who waits for what, and what runs together."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Guard
from redhanded.source.flow.framework import Moment
from redhanded.source.flow.values import (
    Computed,
    Known,
    Library,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import expressions, happening, settling
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope, either
from redhanded.source.flow.walking.site import Site

CHAINED = frozenset(("then", "catch", "finally"))
UNWAITED = frozenset(("forEach",))
MAPPED = frozenset(("map", "forEach", "filter", "flatMap"))


def settled(run: Run, value: Value, moment: Moment, scope: Scope) -> Value:
    return settling.settled(run, value, moment, scope)


def awaited(run: Run, value: Value, scope: Scope) -> Value:
    """What ``await value`` gives."""
    return settling.settled(run, value, "await", scope)


def dropped(run: Run, one: form.Do, scope: Scope) -> None:
    """A statement that is an expression: whose promise nobody can wait for any more."""
    record = run.record
    expression = one.value
    first = record.next_number
    if isinstance(expression, form.Operation) and expression.operator == "void":
        for operand in expression.operands:
            awaited(run, expressions.evaluate(run, operand, scope), scope)
        _detach(run, first)
        return
    resolved = sum(map(len, run.promised))
    value = expressions.evaluate(run, expression, scope)
    if isinstance(expression, form.Await):
        return
    run.line = one.line
    place = run.place(one.line, scope)
    if isinstance(value, Library) and not scope.path.endswith((".py", ".pyi")):
        _grow(run, expression, value, scope)
        value = awaited(run, value, scope)
    if _is_caught(expression):
        _detach(run, first)
        return
    call = _called(expression)
    if call is None:
        return
    if isinstance(call.function, form.Attribute) and call.function.name in CHAINED:
        if sum(map(len, run.promised)) == resolved:
            _drop_chain(run, call, first, scope)
        return
    if isinstance(value, Result) and value.event >= first:
        draft = record.draft(value.event)
        if draft is not None and draft.is_async and not draft.is_detached:
            draft.awaited = False
            draft.dropped_at = run.place(call.line, scope)
    if id(call) in run.async_calls:
        place = run.place(call.line, scope)
        for number in range(first, record.next_number):
            draft = record.draft(number)
            if draft is not None and not draft.is_detached and draft.dropped_at is None:
                draft.awaited = False
                draft.dropped_at = place


def _drop_chain(run: Run, call: form.Call, first: int, scope: Scope) -> None:
    """``f().then(g);``: nobody waits for any of it, and nobody asked what becomes of failures;
    where it answers, or calls what it was given (``resolve``, ``done``), that tells somebody that
    it is done."""
    drafts = [run.record.draft(number) for number in range(first, run.record.next_number)]
    known = [one for one in drafts if one is not None]
    if any(_tells(one.parts) for one in known):
        return
    place = run.place(call.line, scope)
    for one in known:
        if one.is_async and not one.is_detached and one.dropped_at is None:
            one.awaited = False
            one.dropped_at = place


def _tells(parts: dict[str, object]) -> bool:
    effect = parts["effect"]
    answers = isinstance(effect, Effect) and effect.kind == "respond"
    return answers or not parts["is_resolved"]


GROWING = {"typeorm": "createQueryBuilder"}
"""Packages whose builders are changed by the calls on them, and the call that makes one."""


def _grow(run: Run, expression: form.Expression, value: Library, scope: Scope) -> None:
    """``query.andWhere(…);`` leaves more in the variable than was there."""
    inner = expression
    while isinstance(inner, form.Call) and isinstance(inner.function, form.Attribute):
        inner = inner.function.base
    maker = GROWING.get(value.package)
    if maker is None or not isinstance(inner, form.Name):
        return
    holder = scope.holder(inner.name)
    before = holder.variables[inner.name] if holder is not None else None
    if holder is None or not isinstance(before, Library) or maker not in before.names:
        return
    if value.steps[: len(before.steps)] == before.steps:
        run.record.journal.write(holder.variables, inner.name, value)


def _called(expression: form.Expression) -> form.Call | None:
    if isinstance(expression, form.Call):
        return expression
    if isinstance(expression, form.Operation) and expression.operands:
        return _called(expression.operands[-1])
    if isinstance(expression, form.Choice):
        return _called(expression.then) or _called(expression.other)
    return None


def _is_caught(expression: form.Expression) -> bool:
    """``f().catch(…)`` or ``f().then(…, …)``: nobody waits, and somebody thought of failures."""
    while isinstance(expression, form.Call) and isinstance(expression.function, form.Attribute):
        name = expression.function.name
        if name == "catch" or (name == "then" and len(expression.arguments) > 1):
            return True
        expression = expression.function.base
        if name not in CHAINED:
            return False
    return False


def _detach(run: Run, first: int) -> None:
    for number in range(first, run.record.next_number):
        draft = run.record.draft(number)
        if draft is not None:
            draft.is_detached = True


def detached(run: Run, act: Callable[[], Value]) -> Value:
    """Runs something that is started and not waited for."""
    first = run.record.next_number
    value = act()
    _detach(run, first)
    return value


def chained(run: Run, base: Value, name: str, site: Site) -> Value:
    """``promise.then(f, g)``, ``.catch(g)``, ``.finally(f)``: the callbacks run in place."""
    value = awaited(run, base, site.scope)
    arguments, _ = site.given()
    line = site.form.line
    if name == "then":
        given = value
        if arguments and arguments[0] != Known(None):
            given = happening.call_value(run, arguments[0], (value,), {})
            given = awaited(run, given, site.scope)
        if len(arguments) > 1:
            return either([given, _after_failure(run, arguments[1], value, site)])
        return given
    if name == "catch" and arguments:
        return either([value, _after_failure(run, arguments[0], value, site)])
    if name == "finally" and arguments:
        happening.call_value(run, arguments[0], (), {})
    run.line = line
    return value


def _after_failure(run: Run, function: Value, value: Value, site: Site) -> Value:
    record = run.record
    base, mark = record.guards, len(record.exits)
    results = (value,) if isinstance(value, Result) else ()
    test = Computed("raised", (Known("*"), *results))
    record.add_guard(Guard(test=test, holds=True, location=site.location))
    given, changes = record.journal.branch(
        lambda: happening.call_value(run, function, (Unknown("error"),), {})
    )
    record.journal.merge([{}, changes])
    record.guards = base
    del record.exits[mark:]
    return given


def together(run: Run, site: Site) -> Value:
    """``Promise.all([…])``, ``gather(…)``: what is given runs at the same time."""
    record = run.record
    first = record.next_number
    branches: dict[str, Value] = {}
    items: list[form.Expression] = []
    for argument in site.form.arguments:
        if isinstance(argument.value, form.Sequence) and not argument.spread:
            items.extend(argument.value.items)
        elif argument.name is None:
            items.append(argument.value)
    whole: Value | None = None
    earlier: list[int] = []
    for place, item in enumerate(items):
        start = record.next_number
        inner = item.value if isinstance(item, form.Spread) else item
        value = awaited(run, expressions.evaluate(run, inner, site.scope), site.scope)
        for number in range(start, record.next_number):
            draft = record.draft(number)
            if draft is not None and draft.together_with is None:
                draft.together_with, draft.branch = first, place
        earlier.extend(_earlier(value, first))
        is_list = isinstance(value, Record) and value.of is None
        if isinstance(item, form.Spread) or (len(items) == 1 and is_list):
            whole = _settled_each(run, value, site.scope)
        else:
            branches[str(place)] = value
    for place, number in enumerate(dict.fromkeys(earlier)):
        draft = record.draft(number)
        if draft is not None:
            draft.together_with, draft.branch = min(earlier), place
    return whole if whole is not None else Record(branches)


def _settled_each(run: Run, value: Value, scope: Scope) -> Value:
    if isinstance(value, Record):
        parts = {name: awaited(run, one, scope) for name, one in dict(value.parts).items()}
        return Record(parts, is_complete=value.is_complete)
    return value


def _earlier(value: Value, first: int) -> list[int]:
    """Events whose promises were kept in variables."""
    if isinstance(value, Result):
        return [value.event] if value.event < first and not value.parts else []
    if isinstance(value, Record) and value.of is None:
        return [
            number for one in list(value.parts.values())[:20] for number in _earlier(one, first)
        ]
    return []


def is_async(run: Run, procedure: Procedure) -> bool:
    return run.program.function_of(procedure).is_async
