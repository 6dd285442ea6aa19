"""What is known of a value by its annotation, and instances that a framework makes.

NestJS and others make one instance of a class and hand it to each constructor that asks for it by
type or token (https://docs.nestjs.com/providers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.framework import Callback
from redhanded.source.flow.module import Function, Parameter
from redhanded.source.flow.values import (
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import calls, classes, loading, shapes
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope, either
from redhanded.source.flow.walking.words import CARRIERS, PLAIN_TYPES, WRAPPER_TYPES

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

EMPTY: frozenset[str] = frozenset()


def typed(
    program: Program,
    annotation: Expression | None,
    scope: Scope,
    decorators: tuple[Expression, ...] = (),
) -> Value | None:
    """An instance of what an annotation names, as far as that says anything."""
    given = tuple(loading.evaluated(program, one, scope) for one in decorators)
    made = next((_made(one) for one in given if isinstance(one, Library) and _made(one)), None)
    if made is not None:
        for token in made.arguments[:1]:
            provided = provider(program, token)
            if provided is not None:
                return provided
    found = None
    if annotation is not None:
        annotation, scope = written_out(program, annotation, scope)
        found = _typed(program, annotation, scope, made)
    if found is None and made is not None:
        return next((one for one in given if isinstance(one, Library)), None)
    return found


def written_out(
    program: Program, annotation: Expression, scope: Scope, depth: int = 4
) -> tuple[Expression, Scope]:
    """What a name of a type stands for: ``Db = Annotated[Session, Depends(get_session)]``."""
    if not isinstance(annotation, form.Name) or not scope.path.endswith(".py") or depth == 0:
        return annotation, scope
    found = program.aliases_of(scope.path).get(annotation.name)
    if found is not None:
        return written_out(program, found, program.scope_of(scope.path), depth - 1)
    one = program.import_of(annotation.name, scope.path)
    target = program.find(one.specifier, scope.path) if one is not None else None
    if one is None or target is None or target not in program.modules_by_path():
        return annotation, scope
    if one.name not in program.aliases_of(target):
        return annotation, scope
    return written_out(program, form.Name(one.name), program.scope_of(target), depth - 1)


def _made(value: Value) -> Made | None:
    if isinstance(value, Library) and value.steps:
        last = value.steps[-1]
        return last if isinstance(last, Made) and last.arguments else None
    return None


def annotated(program: Program, annotation: Expression, scope: Scope) -> Value | None:
    """What an annotation alone says."""
    return _typed(program, annotation, scope, None)


def _typed(
    program: Program, annotation: Expression, scope: Scope, made: Made | None
) -> Value | None:
    if isinstance(annotation, form.Mapping):
        return shapes.listed(program, annotation, scope)
    if isinstance(annotation, form.Operation) and annotation.operator == "&":
        return shapes.joined(program, annotation.operands, scope)
    if isinstance(annotation, form.Operation) and annotation.operator == "|":
        parts = [_typed(program, one, scope, made) for one in annotation.operands]
        return next((one for one in parts if one is not None), None)
    if isinstance(annotation, form.Operation) and annotation.operator == "typeof":
        found = loading.evaluated(program, annotation.operands[0], scope)
        return found if isinstance(found, Library | Record | Procedure) else None
    generic: tuple[Expression, ...] = ()
    if isinstance(annotation, form.Item):
        key = annotation.key
        generic = key.items if isinstance(key, form.Sequence) else (key,)
        annotation = annotation.base
    if isinstance(annotation, form.Name | form.Attribute):
        if annotation.name in WRAPPER_TYPES and generic:
            return _typed(program, generic[0], scope, made)
        if annotation.name in shapes.RETURNED and generic:
            return shapes.returned(program, generic[0], scope)
        if annotation.name in shapes.NARROWED and generic:
            narrowed = _typed(program, generic[0], scope, made)
            return narrowed if isinstance(narrowed, Record) and narrowed.of is None else None
        if annotation.name in PLAIN_TYPES:
            return None
        if isinstance(annotation, form.Name):
            is_declared, held = shapes.named(program, annotation.name, scope)
            if is_declared:
                return held
        value = loading.evaluated(program, annotation, scope)
        return _instance(program, value, generic, scope, made)
    return None


def _instance(
    program: Program,
    value: Value,
    generic: tuple[Expression, ...],
    scope: Scope,
    made: Made | None,
) -> Value | None:
    if isinstance(value, Kind):
        provided = provider(program, value)
        return provided if provided is not None else instance(program, value)
    if isinstance(value, Library) and value.package != "global":
        if made is None and generic:
            made = Made(tuple(loading.evaluated(program, one, scope) for one in generic[:4]))
        return Library(value.package, (*value.steps, made or Made()), through=value.through)
    return None


def instance(program: Program, of: Kind) -> Record:
    """The one instance of a class that is handed out."""
    key = (of.path, of.index)
    found = program.instances.get(key)
    if found is not None:
        return found
    parts: dict[str, Value] = {}
    made = program.instances[key] = Record(parts, of=of, is_complete=False)
    if _serves_all(program, of):
        program.singletons[id(made)] = made
    with loading.aside(program, Scope(of.path, 0), is_once=True) as run:
        classes.initialise(run, of, made)
        constructor = classes.constructor_of(run, of, made)
        if constructor is not None:
            calls.enter(run, constructor, (), {}, program.class_of(of).line)
    return made


SHARED: Mapping[str, frozenset[str]] = {
    "@nestjs/common": frozenset({"Injectable"}),
    "@nestjs/cqrs": frozenset({"CommandHandler", "QueryHandler", "EventsHandler"}),
    "typedi": frozenset({"Service"}),
    "tsyringe": frozenset({"singleton"}),
}
"""Decorators of classes of which one instance serves all requests, unless they name a scope."""


def _serves_all(program: Program, of: Kind) -> bool:
    for one in classes.decorators(program, of):
        if not isinstance(one, Library) or SHARED.get(one.package, EMPTY).isdisjoint(one.names):
            continue
        made = one.steps[-1]
        options = made.arguments[:1] if isinstance(made, Made) else ()
        return not any(isinstance(each, Record) and "scope" in each.parts for each in options)
    return False


def as_said(program: Program, value: Value, annotation: Expression | None, scope: Scope) -> Value:
    """A value, or what its annotation names of a library where nothing else is known of it:
    ``-> ArqRedis``, ``client: AsyncClient = context["http"]``."""
    is_carried = isinstance(value, Library) and value.package in CARRIERS
    if annotation is None or not (is_carried or isinstance(value, Unknown | Input)):
        return value
    said = typed(program, annotation, scope)
    return said if isinstance(said, Library) else value


def parameter(program: Program, one: Parameter, scope: Scope) -> Value | None:
    """What a parameter holds by its annotation and decorators."""
    return typed(program, one.annotation, scope, one.decorators)


def bound(program: Program, procedure: Procedure) -> Procedure:
    """A method with an instance that a framework would make."""
    function = program.function_of(procedure)
    opened = program.opened
    if opened is not None and procedure.receiver is None:
        receiver = opened.receiver_of(procedure)
        if receiver is not None:
            return Procedure(procedure.path, procedure.function, receiver, procedure.closure)
    if procedure.receiver is not None or function.owner < 0 or function.kind == "static":
        return procedure
    kind = classes.kind(program, procedure.path, function.owner)
    receiver = kind if function.kind == "class" else instance(program, kind)
    is_kept = opened is None and not procedure.path.endswith((".py", ".pyi"))
    if isinstance(receiver, Record) and is_kept:
        program.singletons[id(receiver)] = receiver  # Python's frameworks make one per request
    return Procedure(procedure.path, procedure.function, receiver, procedure.closure)


def assigned(run: Run, of: Kind, name: str, receiver: Record) -> Value | None:
    """What some method assigns to an attribute that the instance at hand was not seen to get."""
    places = run.program.attributes_of(of).get(name)
    if not places:
        return None
    key = (of.path, of.index, name)
    if key in run.program.assigning:
        return Unknown(name)
    run.program.assigning.add(key)
    try:
        found = []
        for place, expression in places[:4]:
            scope = Scope(of.path, place, run.program.inside(of.path, place), receiver)
            found.append(loading.evaluated(run.program, expression, scope))
        some = [one for one in found if one != Known(None)]
        return either(some) if some else Unknown(name)
    finally:
        run.program.assigning.discard(key)


def provider(program: Program, token: Value) -> Value | None:
    """What ``{ provide: token, use…: … }`` gives for a token, somewhere in the program."""
    for expression, path in program.providers():
        scope = program.scope_of(path)
        parts = {
            pair.key.value: pair.value
            for pair in expression.pairs
            if isinstance(pair.key, form.Constant) and isinstance(pair.key.value, str)
        }
        given = loading.evaluated(program, parts["provide"], scope)
        if given != token or isinstance(given, Unknown):
            continue
        return _provided(program, parts, scope)
    return None


def _provided(program: Program, parts: dict[str, Expression], scope: Scope) -> Value | None:
    if "useValue" in parts:
        return loading.evaluated(program, parts["useValue"], scope)
    for key in ("useClass", "useExisting"):
        if key in parts:
            found = loading.evaluated(program, parts[key], scope)
            return instance(program, found) if isinstance(found, Kind) else found
    if "useFactory" in parts:
        made = form.Call(parts["useFactory"], (), 0, 0, 0)
        return loading.evaluated(program, made, scope)
    return None


Waiting = list[tuple[str, Callback]]


def waiting(
    run: Run,
    procedure: Procedure,
    function: Function,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
) -> Waiting:
    """Parameters that a library fills by calling a function: FastAPI's ``Depends``."""
    if not procedure.path.endswith(".py"):
        return []
    found: Waiting = []
    offset = 1 if function.owner >= 0 and procedure.receiver is not None else 0
    for one in function.parameters[len(arguments) + offset :]:
        name = one.target.name if isinstance(one.target, form.Name) else ""
        if name in keywords or one.variadic:
            continue
        around = run.program.inside(procedure.path, max(function.parent, 0))
        for expression, scope in _asking(run.program, one, around):
            value = loading.evaluated(run.program, expression, scope)
            callback = _injecting(run, value)
            if callback is not None:
                found.append((name, callback))
                break
    return found


def _asking(program: Program, one: Parameter, scope: Scope) -> list[tuple[Expression, Scope]]:
    found: list[tuple[Expression, Scope]] = []
    if isinstance(one.default, form.Call):
        found.append((one.default, scope))
    if one.annotation is not None:
        annotation, around = written_out(program, one.annotation, scope)
        if isinstance(annotation, form.Item) and isinstance(annotation.key, form.Sequence):
            more = annotation.key.items[1:]
            found.extend((each, around) for each in more if isinstance(each, form.Call))
    return found


def _injecting(run: Run, value: Value) -> Callback | None:
    if not isinstance(value, Library):
        return None
    for framework in run.program.frameworks_of(value.package):
        meaning = framework.settle(value, "inject", run.program)
        if meaning is not None:
            for callback in meaning.callbacks:
                if callback.gives:
                    return callback
    return None


def supply(
    run: Run, waiting: Waiting, go_on: Callable[[dict[str, Value]], Value], line: int
) -> Value:
    """Calls what gives the parameters, then the function, then what comes after a ``yield``."""
    given: dict[str, Value] = {}
    result: list[Value] = []

    def following(place: int) -> None:
        if place == len(waiting):
            result.append(go_on(given))
            return
        name, callback = waiting[place]
        function = callback.function
        key = (function.path, function.function) if isinstance(function, Procedure) else None
        if key in run.injected:
            given[name] = run.injected[key]
            following(place + 1)
            return

        def resume(value: Value) -> Value:
            given[name] = value
            if key is not None:
                run.injected[key] = value
            if not result:
                following(place + 1)
            return value

        if isinstance(function, Procedure):
            is_generator = run.program.function_of(function).is_generator
            value = calls.enter(
                run,
                function,
                callback.arguments,
                dict(callback.keywords),
                line,
                on_yield=resume if is_generator else None,
            )
            if not is_generator:
                resume(value)
        elif isinstance(function, Kind):
            resume(classes.construct(run, function, callback.arguments, {}, line))
        else:
            resume(Unknown(name))

    following(0)
    return result[0] if result else go_on(given)
