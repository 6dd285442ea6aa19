"""Functions of the program, run for their calls and for what they return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redhanded.source.flow import form
from redhanded.source.flow.form import Statement
from redhanded.source.flow.schemas.evaluation import DEPTH_MAX, Evaluation, Scope
from redhanded.source.flow.schemas.lists import made_list
from redhanded.source.flow.values import Known, Procedure, Record, Unknown, Value

ENTERED_MAX = 6


def run(
    evaluation: Evaluation,
    procedure: Procedure,
    arguments: tuple[Value, ...],
    keywords: Mapping[str, Value] | None = None,
    depth: int = 0,
) -> Value:
    """Runs a function; gives what it returns, where there is one return."""
    key = (procedure.path, procedure.function)
    entered = evaluation.entered
    if key in entered or len(entered) >= ENTERED_MAX or depth > DEPTH_MAX:
        return Unknown()
    module = evaluation.program.modules[procedure.path]
    function = module.functions[procedure.function]
    outer = procedure.closure if isinstance(procedure.closure, Scope) else None
    scope = Scope(module=module, function=procedure.function, outer=outer)
    _bind_parameters(evaluation, procedure, scope, (list(arguments), dict(keywords or {}), depth))
    entered.append(key)
    try:
        returned = _body(evaluation, function.body, scope, depth + 1)
    finally:
        entered.pop()
    return returned[0] if len(returned) == 1 else Unknown()


def _bind_parameters(
    evaluation: Evaluation,
    procedure: Procedure,
    scope: Scope,
    given: tuple[list[Value], dict[str, Value], int],
) -> None:
    arguments, keywords, depth = given
    function = scope.module.functions[procedure.function]
    parameters = list(function.parameters)
    if function.owner >= 0 and scope.module.language == "python" and function.kind != "static":
        first = parameters.pop(0) if parameters else None
        if first is not None:
            evaluation.bind(first.target, procedure.receiver or Unknown(), scope)
    elif procedure.receiver is not None:
        scope.names["this"] = procedure.receiver
    for parameter in parameters:
        named = parameter.target.name if isinstance(parameter.target, form.Name) else ""
        value: Value = Unknown(named)
        if parameter.variadic == "*":
            value, arguments = made_list(arguments), []
        elif parameter.variadic == "**":
            value = Record(keywords)
        elif named in keywords:
            value = keywords[named]
        elif arguments:
            value = arguments.pop(0)
        elif parameter.default is not None:
            value = evaluation.value(parameter.default, scope, depth)
        evaluation.bind(parameter.target, value, scope)


def _body(
    evaluation: Evaluation, body: Iterable[Statement], scope: Scope, depth: int
) -> list[Value]:
    returned: list[Value] = []
    for one in body:
        returned += _statement(evaluation, one, scope, depth)
    return returned


def _statement(evaluation: Evaluation, one: Statement, scope: Scope, depth: int) -> list[Value]:
    match one:
        case form.Do():
            evaluation.value(one.value, scope, depth)
        case form.Let():
            value = evaluation.value(one.value, scope, depth)
            evaluation.bind(one.target, value if not one.operator else Unknown(), scope)
        case form.Return() if one.value is not None:
            return [evaluation.value(one.value, scope, depth)]
        case form.If():
            return _branches(evaluation, one, scope, depth)
        case form.Loop():
            return _loop(evaluation, one, scope, depth)
        case form.Try():
            return _body(evaluation, (*one.body, *one.otherwise, *one.final), scope, depth)
        case form.With():
            for item in one.items:
                entered = evaluation.value(item.value, scope, depth)
                if item.target is not None:
                    evaluation.bind(item.target, entered, scope)
            return _body(evaluation, one.body, scope, depth)
        case form.Define():
            name = scope.module.functions[one.function].name
            scope.names[name] = Procedure(scope.module.path, one.function, closure=scope)
        case _:
            pass
    return []


def _branches(evaluation: Evaluation, one: form.If, scope: Scope, depth: int) -> list[Value]:
    """Both branches, one after the other; the one that is taken where the test is known."""
    test = evaluation.value(one.test, scope, depth)
    if isinstance(test, Known):
        return _body(evaluation, one.then if test.value else one.other, scope, depth)
    evaluation.conditions += 1
    try:
        return _body(evaluation, (*one.then, *one.other), scope, depth)
    finally:
        evaluation.conditions -= 1


def _loop(evaluation: Evaluation, loop: form.Loop, scope: Scope, depth: int) -> list[Value]:
    over = evaluation.value(loop.over, scope, depth)
    if loop.target is None:
        return _body(evaluation, loop.body, scope, depth)
    if not isinstance(over, Record):
        evaluation.bind(loop.target, Unknown(), scope)
        return _body(evaluation, loop.body, scope, depth)
    returned: list[Value] = []
    is_list = all(one.isdigit() for one in over.parts)
    for key, one in over.parts.items():
        evaluation.bind(loop.target, one if is_list else Known(key), scope)
        returned += _body(evaluation, loop.body, scope, depth)
    return returned
