"""The values of expressions; calls in them happen on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redhanded.source.flow import form
from redhanded.source.flow.events import Guard
from redhanded.source.flow.form import Expression
from redhanded.source.flow.values import (
    Computed,
    Kind,
    Known,
    Library,
    Procedure,
    Record,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import (
    asynchronous,
    binding,
    calls,
    folders,
    injection,
    literals,
    members,
    memory,
)
from redhanded.source.flow.walking.recorder import TooFar, is_handle
from redhanded.source.flow.walking.run import NESTED_MAX, Run
from redhanded.source.flow.walking.scope import Scope, either
from redhanded.source.flow.walking.words import GLOBALS

TEXT_MAX = 200
POWER_MAX = 64


def evaluate(run: Run, expression: Expression, scope: Scope) -> Value:
    """The value of an expression, as far as it can be told."""
    run.steps -= 1
    if run.steps < 0:
        raise TooFar
    if type(expression) is form.Name:
        return lookup(run, expression.name, scope)
    if type(expression) is form.Constant:
        return Known(expression.value)
    run.nested += 1
    try:
        if run.nested > NESTED_MAX:
            run.limit(f"{scope.path}:{run.line}: nested too deep to be followed")
            return Unknown()
        return _EVALUATE[type(expression)](run, expression, scope)
    finally:
        run.nested -= 1


def test(run: Run, expression: Expression, scope: Scope) -> Value:
    """The value of a condition: what it compares is kept."""
    if type(expression) is form.Operation:
        operator, operands = expression.operator, expression.operands
        if operator in ("and", "or") and len(operands) >= 2:
            return _joined_test(run, expression, scope)
        if operator == "not" and operands:
            return opposite(test(run, operands[0], scope))
    value = evaluate(run, expression, scope)
    if _is_open(run, value):
        return Known(True)
    return asynchronous.settled(run, value, "test", scope)


def _is_open(run: Run, value: Value) -> bool:
    """Whether a value is the handle of a transaction that is open: ``trx ?? pool``."""
    return isinstance(value, Library) and any(
        is_handle(value, one) for each in run.record.state.transactions for one in each.handles
    )


def _joined_test(run: Run, expression: form.Operation, scope: Scope) -> Value:
    base = run.record.guards
    tests: list[Value] = []
    is_and = expression.operator == "and"
    try:
        for operand in expression.operands:
            value = test(run, operand, scope)
            known = truth(value)
            if known is None:
                tests.append(value)
                guard = Guard(test=value, holds=is_and, location=run.place(run.line, scope))
                run.record.add_guard(guard)
            elif known != is_and:
                return Known(known)
    finally:
        run.record.guards = base
    if not tests:
        return Known(is_and)
    return tests[0] if len(tests) == 1 else Computed(expression.operator, tuple(tests))


def opposite(value: Value) -> Value:
    known = truth(value)
    if known is not None:
        return Known(not known)
    if isinstance(value, Computed) and value.operator == "not":
        return value.operands[0]
    return Computed("not", (value,))


def truth(value: Value) -> bool | None:
    """Whether a value counts as true, where that is certain."""
    if isinstance(value, Known):
        return bool(value.value)
    if isinstance(value, Procedure | Kind):
        return True
    if isinstance(value, Record) and isinstance(value.of, Kind):
        return True
    if isinstance(value, Record) and isinstance(value.parts, dict) and value.of is None:
        return True if value.parts and members.EACH not in value.parts else None
    return None


def lookup(run: Run, name: str, scope: Scope) -> Value:
    """What a variable holds."""
    holder = scope.holder(name)
    if holder is not None:
        value = holder.variables[name]
        if holder.parent is None and not run.is_loading:
            return memory.read_variable(run, holder, name, value, scope)
        if holder.parent is None:
            value = memory.beside_paths(run, holder, name, value)
        return members.here(run, value)
    if name == "this" or name == "self":
        this = scope.this
        if this is not None:
            return this
    if name == "arguments" and run.frames and not scope.path.endswith((".py", ".pyi")):
        given = {str(place): one for place, one in enumerate(run.frame.arguments)}
        return Record(given, is_complete=bool(given))
    found = run.program.named(name, scope.path)
    if found is not None:
        return members.here(run, found)
    special = folders.variable(name, scope)
    if special is not None:
        return special
    if name in GLOBALS or scope.path not in run.program.loading:
        return _language(name)
    return Unknown(name)


def _language(name: str) -> Value:
    if name == "__name__":
        return Known("__main__")
    if name in ("NaN", "Infinity"):
        return Unknown(name)
    return Library("global", (name,))


def _text(run: Run, one: form.Text, scope: Scope) -> Value:
    parts = tuple(evaluate(run, part, scope) for part in one.parts)
    if all(isinstance(part, Known) for part in parts):
        return Known("".join(str(part.value) for part in parts if isinstance(part, Known)))
    return Computed("text", parts)


def _attribute(run: Run, one: form.Attribute, scope: Scope) -> Value:
    state = memory.subject(run, one, scope)
    if state is not None:
        return memory.read(run, state, one, scope)
    if one.base == folders.IMPORT_META and (own := folders.meta(one.name, scope)) is not None:
        return own
    base = evaluate(run, one.base, scope)
    if run.program.opened is not None:
        base = run.program.opened.handed.base_of(one.base, base, scope.path, one.name)
    found = members.part(run, base, one.name)
    if run.program.opened is not None and found == Known(None):
        # An attribute that begins as nothing and is set when somebody starts the package.
        found = run.program.opened.handed.named(one.name, scope.path) or found
    if isinstance(base, Record) and isinstance(one.base, form.Name) and not run.is_loading:
        found = memory.read_part(run, one, found, scope)
    return Known(None) if found is None else found


def _item(run: Run, one: form.Item, scope: Scope) -> Value:
    state = memory.subject(run, one.base, scope)
    if state is not None:
        return memory.read_member(run, state, one, scope)
    base = evaluate(run, one.base, scope)
    return members.item(run, base, evaluate(run, one.key, scope))


def _lambda(run: Run, one: form.Lambda, scope: Scope) -> Value:
    return Procedure(scope.path, one.function, closure=scope)


def _operation(run: Run, one: form.Operation, scope: Scope) -> Value:
    operator = one.operator
    if operator in ("and", "or", "??"):
        return _chosen(run, one, scope)
    if operator == "not":
        return opposite(test(run, one.operands[0], scope)) if one.operands else Unknown()
    if operator == "delete":
        return memory.delete(run, one, scope)
    if operator == "in":
        found = memory.tested(run, one, scope)
        if found is not None:
            return found
    if operator == "type":
        declared = injection.annotated(run.program, one.operands[0], scope)
        return declared if declared is not None else Unknown("type")
    operands = tuple(evaluate(run, operand, scope) for operand in one.operands)
    if operator == "[:]" and isinstance(operands[0], Library) and "()" in operands[0].names:
        return operands[0]  # a part of a query is a query
    if operator == "void":
        return Known(None)
    if operator == "typeof" and operands and isinstance(operands[0], Procedure | Kind):
        return Known("function")
    return computed(operator, operands)


def computed(operator: str, operands: tuple[Value, ...]) -> Value:
    """An operator on values; worked out where all are literals."""
    if len(operands) == 2:
        one, other = operands
        if isinstance(one, Known) and isinstance(other, Known):
            work = _WORK.get(operator)
            if work is not None:
                try:
                    return Known(work(one.value, other.value))
                except (TypeError, ValueError, ArithmeticError):
                    pass
        elif operator in ("==", "!=") and Known(None) in operands:
            mine = other if one == Known(None) else one
            if isinstance(mine, Procedure | Kind):
                return Known(operator == "!=")
    return Computed(operator, operands)


def _add(one: Any, other: Any) -> Any:
    if isinstance(one, str) or isinstance(other, str):
        return f"{one}{other}"[:TEXT_MAX]
    return one + other


_WORK: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda one, other: type(one) is type(other) and one == other,
    "!=": lambda one, other: type(one) is not type(other) or one != other,
    "+": _add,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other if not isinstance(one, str) else None,
    "/": lambda one, other: one / other,
    "**": lambda one, other: one**other if 0 <= other <= POWER_MAX else None,
}


def _chosen(run: Run, one: form.Operation, scope: Scope) -> Value:
    """``a or b`` as a value: one of the two."""
    base = run.record.guards
    found: list[Value] = []
    try:
        for place, operand in enumerate(one.operands):
            value = evaluate(run, operand, scope)
            last = place == len(one.operands) - 1
            known = True if _is_open(run, value) else truth(value)
            if one.operator == "??" and isinstance(value, Known):
                known = value.value is not None
            if not last and known is not None:
                if known == (one.operator != "and"):
                    found.append(value)
                    break
                continue
            found.append(value)
            if not last:
                holds = one.operator == "and"
                place_of = run.place(run.line, scope)
                run.record.add_guard(Guard(test=value, holds=holds, location=place_of))
    finally:
        run.record.guards = base
    if one.operator == "and":
        found.reverse()
    return either(found)


def _choice(run: Run, one: form.Choice, scope: Scope) -> Value:
    condition = test(run, one.test, scope)
    known = truth(condition)
    if known is not None:
        return evaluate(run, one.then if known else one.other, scope)
    base = run.record.guards
    found = []
    for holds, branch in ((True, one.then), (False, one.other)):
        guard = Guard(test=condition, holds=holds, location=run.place(run.line, scope))
        run.record.add_guard(guard)
        found.append(evaluate(run, branch, scope))
        run.record.guards = base
    return either(found)


def _await(run: Run, one: form.Await, scope: Scope) -> Value:
    return asynchronous.awaited(run, evaluate(run, one.value, scope), scope)


def _assigning(run: Run, one: form.Assigning, scope: Scope) -> Value:
    value = evaluate(run, one.value, scope)
    return binding.assign(run, one.target, value, one.operator, scope)


def _spread_alone(run: Run, one: form.Spread, scope: Scope) -> Value:
    return members.element(run, evaluate(run, one.value, scope))


def _other(run: Run, one: form.Other, scope: Scope) -> Value:
    for part in one.parts:
        evaluate(run, part, scope)
    return Unknown(one.text)


_EVALUATE: dict[type, Callable[[Run, Any, Scope], Value]] = {
    form.Text: _text,
    form.Attribute: _attribute,
    form.Item: _item,
    form.Call: lambda run, one, scope: calls.call(run, one, scope),
    form.Mapping: lambda run, one, scope: literals.mapping(run, one, scope),
    form.Sequence: lambda run, one, scope: literals.sequence(run, one, scope),
    form.Lambda: _lambda,
    form.Operation: _operation,
    form.Choice: _choice,
    form.Await: _await,
    form.Assigning: _assigning,
    form.Spread: _spread_alone,
    form.Comprehension: lambda run, one, scope: literals.comprehension(run, one, scope),
    form.Other: _other,
}
