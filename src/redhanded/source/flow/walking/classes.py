"""Classes of the program: bases, members, instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redhanded.source.flow.form import Attribute, Expression, Item, Name
from redhanded.source.flow.module import Class, Field, Function
from redhanded.source.flow.values import (
    Kind,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import calls, expressions, injection, loading
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

BASES_MAX = 20
MAKING_MAX = 2
"""Instances of one class that are made while one is being made."""


def kind(program: Program, path: str, index: int) -> Kind:
    return Kind(path, index, program.class_form(path, index).name)


def scope_of(program: Program, one: Kind) -> Scope:
    """What the body of a class sees."""
    found = program.class_scopes.get((one.path, one.index))
    if found is not None:
        return found
    return program.inside(one.path, max(program.class_of(one).parent, 0))


def linearised(program: Program, one: Kind) -> tuple[Value, ...]:
    """The class and its bases, in the order in which members are looked up."""
    key = (one.path, one.index)
    found = program.linearised.get(key)
    if found is None:
        program.linearised[key] = (one,)
        order: list[Value] = [one]
        scope = scope_of(program, one)
        for argument in program.class_of(one).bases:
            if argument.name is None:
                order.extend(_base(program, _named(program, argument.value, scope)))
        last_places = {base: place for place, base in enumerate(order) if isinstance(base, Kind)}
        found = tuple(
            base
            for place, base in enumerate(order)
            if not isinstance(base, Kind) or last_places[base] == place
        )[:BASES_MAX]
        program.linearised[key] = found
    return found


def _named(program: Program, base: Expression, scope: Scope) -> Value:
    """What is inherited from: of ``Repository[User]`` the class without what it is told."""
    if isinstance(base, Item):
        bare = loading.evaluated(program, base.base, scope)
        if isinstance(bare, Kind):
            return bare
    return loading.evaluated(program, base, scope)


def _base(program: Program, value: Value) -> tuple[Value, ...]:
    if isinstance(value, Kind):
        return linearised(program, value)
    if isinstance(value, Procedure):
        return ()
    return (value,)


def decorators(program: Program, of: Procedure | Kind) -> tuple[Value, ...]:
    """The values of the decorators of a function or class, outermost first."""
    if isinstance(of, Kind):
        key = (of.path, -1 - of.index)
        form: Function | Class = program.class_of(of)
        scope_at = max(form.parent, 0)
    else:
        key = (of.path, of.function)
        form = program.function_of(of)
        scope_at = max(form.parent, 0)
    if not form.decorators:
        return ()
    found = program.decorated.get(key)
    if found is None:
        program.decorated[key] = ()
        scope = program.inside(of.path, scope_at)
        found = tuple(loading.evaluated(program, one, scope) for one in form.decorators)
        if of.path in program.loading and any(isinstance(one, Unknown) for one in found):
            del program.decorated[key]  # files that import each other: asked too early
        else:
            program.decorated[key] = found
    return found


def inherited(base: Library, name: str, through: Value) -> Library:
    """A member that a library's class gives to a class or to an instance."""
    if isinstance(through, Kind):
        return Library(base.package, (*base.steps, name), through=through)
    return Library(base.package, (*base.steps, Made(), name), through=through)


def member(run: Run, of: Kind, name: str, receiver: Value) -> Value | None:
    """What a class or instance has under a name: its own, or its bases'."""
    found = own_member(run, of, name, receiver)
    if found is not None:
        return found
    for base in linearised(run.program, of)[1:]:
        if isinstance(base, Library):
            return inherited(base, name, receiver)
        if not isinstance(base, Kind):
            return Unknown(f"{of.name}.{name}")
    return None


def own_member(run: Run, of: Kind, name: str, receiver: Value) -> Value | None:
    """What the classes of the program say of a name."""
    for one in linearised(run.program, of):
        if isinstance(one, Kind):
            found = _of_one(run, one, name, receiver)
            if found is not None:
                return found
    return None


def method_of(run: Run, of: Kind, name: str, receiver: Value) -> Value | None:
    """A method or property that the classes of the program give to what an event gave; columns
    are parts of it."""
    for one in linearised(run.program, of):
        if isinstance(one, Kind):
            place = run.program.methods_of(one).get(name)
            if place is not None:
                return _method(run, one, place, receiver)
    return None


def _of_one(run: Run, one: Kind, name: str, receiver: Value) -> Value | None:
    program = run.program
    shared = program.class_parts.get((one.path, one.index))
    if shared is not None and name in shared:
        return shared[name]
    index = program.methods_of(one)
    place = index.get(name)
    if place is not None:
        return _method(run, one, place, receiver)
    form = program.class_of(one)
    for nested in form.classes:
        if program.class_form(one.path, nested).name == name:
            return kind(program, one.path, nested)
    for each in form.fields:
        if each.name == name and (each.value is not None or each.annotation is not None):
            found = _field(run, one, each, receiver)
            if found is not None or isinstance(each.annotation, Name | Attribute | Item):
                return found
    if isinstance(receiver, Record):
        return injection.assigned(run, one, name, receiver)
    return None


def _field(run: Run, one: Kind, form: Field, receiver: Value) -> Value | None:
    """A field as the class says it; what instances hold is in their parts."""
    program = run.program
    scope = scope_of(program, one)
    is_instance = isinstance(receiver, Record)
    if form.value is not None:
        value = loading.evaluated(program, form.value, scope)
        if is_instance and isinstance(value, Library) and _is_entity(program, one):
            return Unknown(form.name)  # a column: what the row holds is not what describes it
        program.class_parts.setdefault((one.path, one.index), {})[form.name] = value
        return value
    if is_instance:
        return injection.typed(program, form.annotation, scope, form.decorators)
    return None


def declared(run: Run, of: Kind, name: str, receiver: Value) -> Value | None:
    """What the annotation of a field says that instances hold; None: nothing."""
    for one in linearised(run.program, of):
        if not isinstance(one, Kind):
            continue
        scope = scope_of(run.program, one)
        for each in run.program.class_of(one).fields:
            if each.name == name and each.annotation is not None and not each.is_static:
                return injection.typed(run.program, each.annotation, scope, each.decorators)
    return None


ENTITIES = frozenset(
    (
        *("Model", "DeclarativeBase", "declarative_base", "DeclarativeMeta", "SQLModel"),
        *("BaseModel", "AbstractUser", "AbstractBaseUser", "MappedAsDataclass", "Document"),
        *("BaseEntity", "Entity", "Schema", "ModelSerializer", "Serializer"),
    )
)
"""Classes of libraries whose fields say how instances are stored; a view's fields are its own."""


def _is_entity(program: Program, one: Kind) -> bool:
    return any(
        isinstance(base, Library) and not ENTITIES.isdisjoint(base.names)
        for base in linearised(program, one)
    )


def _method(run: Run, one: Kind, place: int, receiver: Value) -> Value:
    program = run.program
    function = program.function_form(one.path, place)
    closure = program.class_scopes.get((one.path, one.index))
    is_class = isinstance(receiver, Kind)
    bound: Value | None = receiver
    is_python = one.path.endswith((".py", ".pyi"))
    if is_python and (function.kind == "static" or (is_class and function.kind != "class")):
        bound = None
    elif is_python and function.kind == "class" and isinstance(receiver, Record):
        bound = receiver.of if isinstance(receiver.of, Kind) else one
    found = Procedure(one.path, place, bound, closure)
    if function.kind == "get" and not is_class:
        return calls.enter(run, found, (), {}, function.line)
    return found


def construct(
    run: Run, of: Kind, arguments: tuple[Value, ...], keywords: dict[str, Value], line: int
) -> Value:
    """``new X(…)`` of a class of the program."""
    key = (of.path, of.index)
    if run.making.count(key) >= MAKING_MAX:
        return Record({}, of=of, is_complete=False)
    run.making.append(key)
    try:
        return _constructed(run, of, arguments, keywords, line)
    finally:
        run.making.pop()


def _constructed(
    run: Run, of: Kind, arguments: tuple[Value, ...], keywords: dict[str, Value], line: int
) -> Value:
    bases = linearised(run.program, of)
    is_ours = all(isinstance(one, Kind) for one in bases)
    parts: dict[str, Value] = {}
    made = Record(parts, of=of, is_complete=is_ours)
    initialise(run, of, made)
    constructor = constructor_of(run, of, made)
    if constructor is not None:
        calls.enter(run, constructor, arguments, keywords, line)
        return made
    names = [
        each.name
        for one in reversed(bases)
        if isinstance(one, Kind)
        for each in run.program.class_of(one).fields
        if each.annotation is not None and not each.is_static
    ]
    for name, value in zip(names, arguments, strict=False):
        if of.path.endswith(".py"):
            run.record.journal.write(parts, name, value)
    given = arguments[0] if arguments else None
    if not of.path.endswith(".py") and isinstance(given, Record):
        keywords = {**given.parts, **keywords}
    for name, value in keywords.items():
        if name != "<>":
            run.record.journal.write(parts, name, value)
    return made


def constructor_of(run: Run, of: Kind, made: Value) -> Procedure | None:
    """The constructor of a class or of its nearest base."""
    name = "__init__" if of.path.endswith((".py", ".pyi")) else "constructor"
    for one in linearised(run.program, of):
        if isinstance(one, Kind):
            place = run.program.methods_of(one).get(name)
            if place is not None:
                scope = run.program.class_scopes.get((one.path, one.index))
                return Procedure(one.path, place, made, scope)
    return None


def initialise(run: Run, of: Kind, made: Record) -> None:
    """The fields that each instance has for its own, in ECMAScript."""
    if of.path.endswith((".py", ".pyi")) or not isinstance(made.parts, dict):
        return
    for one in reversed(linearised(run.program, of)):
        if not isinstance(one, Kind):
            continue
        scope = Scope(one.path, scope_of(run.program, one).function, scope_of(run.program, one))
        scope.receiver = made
        for each in run.program.class_of(one).fields:
            if each.is_static:
                continue
            value: Value | None = None
            if each.value is not None:
                value = expressions.evaluate(run, each.value, scope)
            elif each.annotation is not None or each.decorators:
                value = injection.typed(run.program, each.annotation, scope, each.decorators)
            if value is not None:
                run.record.journal.write(made.parts, each.name, value)


def above(run: Run, of: Kind, name: str, this: Value) -> Value | None:
    """What the bases of a class have under a name; ``constructor`` and ``__init__`` included."""
    instance = this if isinstance(this, Record) else None
    order = (
        linearised(run.program, instance.of)
        if instance and isinstance(instance.of, Kind)
        else linearised(run.program, of)
    )
    place = order.index(of) if of in order else 0
    for one in order[place + 1 :]:
        if isinstance(one, Library):
            return None if name in ("constructor", "__init__") else inherited(one, name, this)
        if isinstance(one, Kind):
            index = run.program.methods_of(one).get(name)
            if index is not None:
                return _method(run, one, index, this)
    return None


def of_result(run: Run, value: Result, name: str) -> Library | None:
    """A method that a library gives to what an event gave."""
    if isinstance(value.of, Library):
        return inherited(value.of, name, value)
    if isinstance(value.of, Kind):
        for base in linearised(run.program, value.of)[1:]:
            if isinstance(base, Library):
                return inherited(base, name, value)
    return None


def decorate_at_load(run: Run, procedure: Value, scope: Scope) -> None:
    """Decorators of the program that register the function somewhere."""
    if isinstance(procedure, Procedure):
        for one in decorators(run.program, procedure):
            if isinstance(one, Procedure):
                calls.enter(run, one, (procedure,), {}, run.line)
