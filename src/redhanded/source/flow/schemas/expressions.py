"""What each kind of expression holds."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.schemas.evaluation import CALLS_MAX, Evaluation, Scope, Step
from redhanded.source.flow.schemas.lists import elements, made_list, of_list, of_text
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.walking import parts_of
from redhanded.source.flow.values import (
    Computed,
    Either,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)

EITHER_MAX = 8
_COLLECTIONS = frozenset(("set", "list", "tuple", "frozenset", "sorted", "dict"))


def read(evaluation: Evaluation, expression: Expression, scope: Scope, depth: int) -> Value:
    """The value; everything that stands in it is evaluated, because calls in it happen."""

    def inner(one: Expression) -> Value:
        return evaluation.value(one, scope, depth)

    match expression:
        case form.Constant():
            return Known(expression.value)
        case form.Name():
            return evaluation.name(expression.name, scope, depth)
        case form.Attribute():
            return _attribute(evaluation, expression, inner)
        case form.Item():
            return _item(evaluation, inner(expression.base), inner(expression.key))
        case form.Text():
            return _joined([inner(one) for one in expression.parts])
        case form.Mapping():
            return _mapping(expression, inner)
        case form.Sequence():
            return _sequence(expression, inner)
        case form.Lambda():
            return Procedure(scope.module.path, expression.function, closure=scope)
        case form.Call():
            return _call(evaluation, expression, scope, depth)
        case form.Await() | form.Spread():
            return inner(expression.value)
        case form.Assigning():
            value = inner(expression.value)
            evaluation.bind(expression.target, value, scope)
            return value
        case form.Operation():
            return _operation(expression.operator, [inner(one) for one in expression.operands])
        case form.Choice():
            test, then, other = (inner(one) for one in parts_of(expression))
            if isinstance(test, Known):
                return then if test.value else other
            return then if then == other else Either((then, other))
        case form.Comprehension():
            return _comprehension(evaluation, expression, scope, depth)
        case _:
            for one in parts_of(expression):
                inner(one)
            return Unknown(expression.text if isinstance(expression, form.Other) else "")


def _attribute(
    evaluation: Evaluation, expression: form.Attribute, inner: Callable[[Expression], Value]
) -> Value:
    return evaluation.member(inner(expression.base), expression.name)


def _item(evaluation: Evaluation, base: Value, key: Value) -> Value:
    if isinstance(key, Known):
        return evaluation.member(base, str(key.value))
    if isinstance(base, Record) and 0 < len(base.parts) <= EITHER_MAX:
        return Either(tuple(base.parts.values()))  # the settings of some environment
    return Unknown()


def _mapping(expression: form.Mapping, inner: Callable[[Expression], Value]) -> Value:
    parts: dict[str, Value] = {}
    is_complete = True
    for pair in expression.pairs:
        value = inner(pair.value)
        if pair.key is None:
            if isinstance(value, Record):
                parts |= value.parts
            is_complete &= isinstance(value, Record) and value.is_complete
            continue
        key = inner(pair.key)
        if isinstance(key, Known):
            parts[str(key.value)] = value
        else:
            is_complete = False
    return Record(parts, is_complete=is_complete)


def _sequence(expression: form.Sequence, inner: Callable[[Expression], Value]) -> Value:
    items: list[Value] = []
    is_complete = True
    for one in expression.items:
        value = inner(one)
        if not isinstance(one, form.Spread):
            items.append(value)
        elif isinstance(value, Record):
            items += value.parts.values()
        else:
            is_complete = False
    return Record(made_list(items).parts, is_complete=is_complete)


def _comprehension(
    evaluation: Evaluation, expression: form.Comprehension, scope: Scope, depth: int
) -> Value:
    over = evaluation.value(expression.over, scope, depth)
    if not isinstance(over, Record):
        return Unknown()
    found: list[Value] = []
    element = expression.element
    is_mapping = isinstance(element, form.Spread)
    if isinstance(element, form.Spread):
        element = element.value
    is_list = all(key.isdigit() for key in over.parts)
    for key, one in over.parts.items():
        within = Scope(module=scope.module, function=scope.function, outer=scope)
        evaluation.bind(expression.target, one if is_list else Known(key), within)
        found.append(evaluation.value(element, within, depth))
    if is_mapping:
        # ``{key: value for …}``: one mapping.
        pairs = [pair for one in found if isinstance(one, Record) for pair in one.parts.items()]
        return Record(dict(pairs), is_complete=len(pairs) == len(found))
    return made_list(found)


def _joined(parts: list[Value]) -> Value:
    if all(isinstance(one, Known) for one in parts):
        return Known("".join(_written(one) for one in parts))
    return Computed("text", tuple(parts))


def _written(value: Value) -> str:
    if not isinstance(value, Known) or value.value is None:
        return ""
    return str(value.value).lower() if isinstance(value.value, bool) else str(value.value)


def _operation(operator: str, operands: list[Value]) -> Value:
    if operator == "+" and operands and all(isinstance(one, Record) for one in operands):
        return made_list([part for one in operands for part in elements(one)])
    if operator == "+" and any(
        isinstance(one, Known) and isinstance(one.value, str) for one in operands
    ):
        return _joined(operands)
    if operator in ("or", "??") and operands:
        first = operands[0]
        if isinstance(first, Known):
            return first if first.value else operands[-1]
        if isinstance(first, Unknown) and len(operands) == 2:
            return operands[1]
    if operator in ("==", "!=") and all(isinstance(one, Known) for one in operands):
        return Known((operands[0] == operands[1]) == (operator == "=="))
    if operator == "not" and len(operands) == 1 and isinstance(operands[0], Known):
        return Known(not operands[0].value)
    if operator == "%" and operands and isinstance(operands[0], Known):
        return Computed("text", tuple(operands))
    return Computed(operator, tuple(operands))


def _call(evaluation: Evaluation, call: form.Call, scope: Scope, depth: int) -> Value:
    """Chains (``a.b().c()…``) are long where a builder is used; they are taken from their start."""
    links = [call]
    function = call.function
    while isinstance(function, form.Attribute) and isinstance(function.base, form.Call):
        links.append(function.base)
        function = function.base.function
    base: Value = Unknown()
    if isinstance(function, form.Attribute):
        base = evaluation.value(function.base, scope, depth)
    for link in reversed(links):
        base = _link(evaluation, link, base, (scope, depth))
    return base


def _link(evaluation: Evaluation, call: form.Call, base: Value, where: tuple[Scope, int]) -> Value:
    scope, depth = where
    if isinstance(call.function, form.Attribute):
        callee = evaluation.member(base, call.function.name)
    else:
        callee = evaluation.value(call.function, scope, depth)
    arguments, keywords = _given(evaluation, call, scope, depth)
    if isinstance(callee, Procedure):
        return run(evaluation, callee, tuple(arguments), keywords, depth)
    if isinstance(callee, Library):
        at = Location(path=scope.module.path, line=call.line)
        return _library(evaluation, callee, Made(tuple(arguments), keywords, at), depth)
    if isinstance(callee, Kind):
        return Record(keywords, of=callee, is_complete=False)

    if isinstance(call.function, form.Name) and isinstance(callee, Unknown):
        built_in = _built_in(call.function.name, arguments, keywords)
        if built_in is not None:
            return built_in

    def called(function: Value, given: tuple[Value, ...]) -> Value:
        if isinstance(function, Procedure):
            return run(evaluation, function, given, {}, depth)
        return Unknown()

    if isinstance(call.function, form.Attribute):
        if isinstance(base, Record):
            return of_list(base, call.function.name, arguments, called)
        if isinstance(base, Known) and isinstance(base.value, str):
            return of_text(base.value, call.function.name, arguments)
        if isinstance(base, Unknown | Computed) and call.function.name in ("trim", "strip"):
            return base
    if evaluation.seen is not None:
        for one in arguments:
            called(one, ())
    return Unknown()


def _built_in(name: str, arguments: list[Value], keywords: dict[str, Value]) -> Value | None:
    """``set([…])``, ``dict(a=1)`` and the like, and ``str(x)``."""
    first = arguments[0] if arguments else Record(keywords)
    if name in ("set", "list", "tuple", "frozenset", "sorted", "dict") and isinstance(
        first, Record
    ):
        return first
    if name in ("str", "String") and isinstance(first, Known):
        return Known(_written(first))
    return None


def _given(
    evaluation: Evaluation, call: form.Call, scope: Scope, depth: int
) -> tuple[list[Value], dict[str, Value]]:
    arguments: list[Value] = []
    keywords: dict[str, Value] = {}
    for one in call.arguments:
        given = evaluation.value(one.value, scope, depth)
        if one.name is not None:
            keywords[one.name] = given
        elif one.spread and isinstance(given, Record):
            arguments += [part for key, part in given.parts.items() if key.isdigit()]
            keywords |= {key: part for key, part in given.parts.items() if not key.isdigit()}
        else:
            arguments.append(given)
    return arguments, keywords


def _library(evaluation: Evaluation, callee: Library, made: Made, depth: int) -> Value:
    if evaluation.seen is not None and made.location is not None:
        evaluation.calls += 1
        step = Step(
            callee=callee,
            arguments=made.arguments,
            keywords=made.keywords,
            location=made.location,
        )
        given = evaluation.seen(step) if evaluation.calls < CALLS_MAX else None
        if given is not None:
            return given
        for one in made.arguments:
            if isinstance(one, Procedure):
                run(evaluation, one, (), {}, depth)
    return Library(callee.package, (*callee.steps, made), callee.through)
