"""Calls: which function is meant, and what happens in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from redhanded.source.flow import form
from redhanded.source.flow.events import Guard
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import (
    asynchronous,
    binding,
    classes,
    decorating,
    expressions,
    injection,
    library,
    members,
    memory,
    natural,
    statements,
)
from redhanded.source.flow.walking.run import DEPTH_MAX, Frame, Run
from redhanded.source.flow.walking.scope import Scope, either
from redhanded.source.flow.walking.site import Site

if TYPE_CHECKING:
    from redhanded.source.flow.walking.opened import Opened

RECURSION_MAX = 2
RAISED = frozenset(("raise", "stop"))
"""Exits after which a caller does not go on, nor what would run after it."""


def call(run: Run, one: form.Call, scope: Scope) -> Value:
    """The value of a call, after what happens in it."""
    function = one.function
    site = Site(run, one, scope)
    if isinstance(function, form.Attribute):
        if _is_super(function.base):
            return _of_super(run, function.name, site)
        state = memory.subject(run, function.base, scope)
        base = (
            expressions.evaluate(run, function.base, scope)
            if state is None
            else memory.holding(run, state, function.base, scope)
        )
        opened = run.program.opened
        if opened is not None:
            base = opened.handed.base_of(function.base, base, scope.path, function.name)
        return method(run, base, function.name, site, state)
    if _is_super(function):
        return _of_super(run, "constructor", site)
    value = expressions.evaluate(run, function, scope)
    if run.program.opened is not None and isinstance(function, form.Name):
        value = run.program.opened.handed.base_of(function, value, scope.path)
    return invoke(run, value, site)


def _is_super(one: form.Expression) -> bool:
    if isinstance(one, form.Call):
        one = one.function
    return isinstance(one, form.Name) and one.name == "super"


def _of_super(run: Run, name: str, site: Site) -> Value:
    """``super(…)``, ``super.x(…)``, ``super().x(…)``."""
    scope = site.scope
    this = scope.this
    if isinstance(site.form.function, form.Name) and scope.path.endswith(".py"):
        return this if this is not None else Unknown("super")
    index = scope.function
    module = run.program.module(scope.path)
    owner = -1
    while module is not None and index >= 0:
        owner = module.functions[index].owner
        if owner >= 0:
            break
        index = module.functions[index].parent
    if owner < 0 or this is None:
        return library.unresolved(run, site, *site.given())
    above = classes.kind(run.program, scope.path, owner)
    found = classes.above(run, above, name, this)
    if found is None:
        site.given()
        return Known(None)
    return invoke(run, found, site)


def method(
    run: Run, base: Value, name: str, site: Site, state: memory.State | None = None
) -> Value:
    """``base.name(…)``."""
    if isinstance(base, Either) and name not in asynchronous.CHAINED:
        return _each(run, base, lambda one: method(run, one, name, site, state), site)
    own = _own(run, base, name)
    if own is not None:
        return invoke(run, own, site)
    if isinstance(base, Procedure):
        taken = members.part(run, base, name)
        if isinstance(taken, Library):
            return library.call(run, taken, site, base=base)
    if name in asynchronous.CHAINED:
        return asynchronous.chained(run, base, name, site)
    if isinstance(base, Procedure) and name in ("call", "apply", "bind"):
        return _applied(run, base, name, site)
    if state is not None and memory.is_collection(base):
        return memory.call(run, state, base, name, site)
    if isinstance(base, Library):
        if name in ("call", "apply") and library.is_method(run, base):
            return library.applied(run, base, name, site)
        value = Library(base.package, (*base.steps[: members.STEPS_MAX], name), base.through)
        return library.call(run, value, site, base=base)
    if isinstance(base, Record) and isinstance(base.of, Library):
        return library.call(run, classes.inherited(base.of, name, base), site, base=base)
    of = base.of if isinstance(base, Record) else base
    if isinstance(of, Kind):
        found = classes.member(run, of, name, base)
        if isinstance(found, Library):
            return library.call(run, found, site, base=base)
    if isinstance(base, Result) and base.of is not None:
        found = classes.of_result(run, base, name)
        if found is not None:
            return library.call(run, found, site, base=base)
    opened = run.program.opened
    if opened is not None and isinstance(site.form.function, form.Attribute):
        meant = opened.method(run, site.form.function.base, base, name)
        if isinstance(meant, Procedure):
            return invoke(run, meant, site)
    return natural.method(run, base, name, site)


def _own(run: Run, base: Value, name: str) -> Value | None:
    """A function of the program that a value has under a name."""
    found: Value | None = None
    if isinstance(base, Record):
        found = base.parts.get(name)
        if found is None and isinstance(base.of, Kind):
            found = classes.own_member(run, base.of, name, base)
    elif isinstance(base, Kind):
        found = classes.own_member(run, base, name, base)
    elif isinstance(base, Result) and isinstance(base.of, Kind):
        found = classes.method_of(run, base.of, name, base)
    if isinstance(found, Procedure) and found.receiver is None and isinstance(base, Record):
        closure = found.closure
        if base.of is None and isinstance(closure, Scope) and closure.this is None:
            return Procedure(found.path, found.function, base, closure)
    if isinstance(found, Procedure | Kind | Library | Either):
        return found
    return None


def _each(run: Run, base: Either, act: Callable[[Value], Value], site: Site) -> Value:
    """A call on one of several: on each that can be called at all."""
    able = [one for one in base.values if not isinstance(one, Known | Unknown | Computed)]
    firm = [one for one in able if not isinstance(one, Result | Input)]
    chosen = (firm or able or list(base.values[:1]))[:4]
    return either([act(one) for one in chosen])


def _applied(run: Run, base: Procedure, name: str, site: Site) -> Value:
    arguments, keywords = site.given()
    this = arguments[0] if arguments and arguments[0] != Known(None) else None
    function = run.program.function_of(base)
    bound = base
    if this is not None and function.owner < 0:
        bound = Procedure(base.path, base.function, this, base.closure)
    if name == "bind":
        return bound
    rest = arguments[1:]
    if name == "apply" and rest and isinstance(rest[0], Record):
        rest = tuple(rest[0].parts.values())
    return enter(run, bound, rest, keywords, site.form.line)


def invoke(run: Run, value: Value, site: Site) -> Value:
    """Calls a value."""
    if isinstance(value, Procedure):
        opened = run.program.opened
        if site.form.new and opened is not None:
            made = _made_by(run, opened, value, site)
            if made is not None:
                return made
        if run.program.function_of(value).is_async:
            run.async_calls.add(id(site.form))
        return enter(run, value, *site.given(), site.form.line)
    if isinstance(value, Library):
        return library.call(run, value, site)
    if isinstance(value, Kind):
        return create(run, value, site)
    if isinstance(value, Either):
        return _each(run, value, lambda one: invoke(run, one, site), site)
    if isinstance(value, Record) and isinstance(value.of, Kind):
        found = classes.own_member(run, value.of, "__call__", value)
        if isinstance(found, Procedure):
            return enter(run, found, *site.given(), site.form.line)
    return library.unresolved(run, site, *site.given())


def _made_by(run: Run, opened: Opened, value: Procedure, site: Site) -> Value | None:
    """``new X()`` where X is a function with a prototype."""
    name = opened.prototypes.made_by(value.path, value.function)
    key = (value.path, -1 - value.function)
    if name is None or key in run.making:
        return None
    made = opened.prototypes.new(value.path, name)
    run.making.append(key)
    try:
        opened.prototypes.construct(run, value.path, name, made, *site.given())
    finally:
        run.making.pop()
    return made


def create(run: Run, of: Kind, site: Site) -> Value:
    """A new instance of a class of the program; libraries may have a say in it."""
    arguments, keywords = site.given()
    for base in classes.linearised(run.program, of)[1:]:
        if isinstance(base, Library):
            callee = Library(base.package, base.steps, through=of)
            meaning = library.meaning_of(run, callee, arguments, keywords, site, is_new=True)
            if meaning is not None and (meaning.effects or meaning.result or meaning.callbacks):
                return library.perform(run, meaning, callee, arguments, keywords, site)
    made = classes.construct(run, of, arguments, keywords, site.form.line)
    memory.made(run, made)
    return made


def enter(
    run: Run,
    procedure: Procedure,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    line: int,
    *,
    is_entry: bool = False,
    on_yield: Callable[[Value], Value] | None = None,
    bare: bool = False,
) -> Value:
    """Runs a function of the program; what it returns."""
    program = run.program
    function = program.function_of(procedure)
    key = (procedure.path, procedure.function)
    if function.decorators and not bare and key not in run.bare:
        return decorating.enter(run, procedure, arguments, keywords, line, is_entry=is_entry)
    if _is_too_deep(run, procedure, function):
        return Unknown(function.name)
    waiting = injection.waiting(run, procedure, function, arguments, keywords)
    if waiting:

        def go_on(more: dict[str, Value]) -> Value:
            given = {**keywords, **more}
            ways = {"is_entry": is_entry, "bare": True}
            return enter(run, procedure, arguments, given, line, on_yield=on_yield, **ways)

        return injection.supply(run, waiting, go_on, line)
    if not run.is_loading:
        run.entered.add(key)
    run.files.add(procedure.path)
    scope = _scope(run, procedure, function)
    if _takes_self(procedure, function) and procedure.receiver is not None:
        arguments = (procedure.receiver, *arguments)
    record = run.record
    base, stack, mark = record.guards, record.stack, len(record.exits)
    if not is_entry and run.frames:
        record.stack = (*stack, run.place(line, run.frame.scope))
    frame = Frame(procedure.path, function, scope, arguments)
    frame.on_yield = on_yield
    if is_entry and run.is_before_others:
        run.is_before_others = False
        last = function.parameters[-1].target if len(function.parameters) > 1 else None
        frame.following = last.name if isinstance(last, form.Name) else ""
    run.frames.append(frame)
    try:
        binding.parameters(run, function, arguments, keywords, scope, is_entry=is_entry)
        statements.hoist(run, function.body, scope)
        falls = statements.block(run, function.body, scope)
    finally:
        run.frames.pop()
        record.stack = stack
    run.line = line
    record.guards = record.without(base, mark, RAISED)
    record.exits[mark:] = [one for one in record.exits[mark:] if one.kind in RAISED]
    given = given_by(frame, falls, base)
    if function.returns is None or function.is_generator:
        return given
    return injection.as_said(program, given, function.returns, scope)


def _is_too_deep(run: Run, procedure: Procedure, function: Function) -> bool:
    deep = len(run.frames) > DEPTH_MAX
    if not deep and run.active(procedure.path, function) < RECURSION_MAX:
        return False
    why = "is called too deep" if deep else "calls itself"
    run.limit(f"{procedure.path}:{function.line}: {function.name} {why}; not followed further")
    return True


def _scope(run: Run, procedure: Procedure, function: Function) -> Scope:
    parent = procedure.closure
    if not isinstance(parent, Scope):
        parent = run.program.inside(procedure.path, max(function.parent, 0))
    return Scope(procedure.path, procedure.function, parent, procedure.receiver)


def _takes_self(procedure: Procedure, function: Function) -> bool:
    is_python = procedure.path.endswith((".py", ".pyi"))
    return is_python and function.owner >= 0 and procedure.receiver is not None


def given_by(frame: Frame, falls: bool, base: tuple[object, ...]) -> Value:
    """What a function gives: of several returns, one."""
    function = frame.function
    values = [value for _, value in frame.given]
    if function.is_generator:
        return Record({members.EACH: either(values)} if values else {}, is_complete=False)
    if falls:
        values.append(Known(None))
    if not values:
        return Known(None)
    told = _told_apart(frame, falls, base)
    return told if told is not None else either(values)


def _says_raised(guard: object) -> bool:
    test = guard.test if isinstance(guard, Guard) and guard.holds else None
    return isinstance(test, Computed) and test.operator == "raised"


def _told_apart(frame: Frame, falls: bool, base: tuple[object, ...]) -> Value | None:
    """``if (row) return true; return false`` gives whether ``row`` is true, and ``try { act();
    return true } catch { return false }`` whether nothing was raised."""
    if len(frame.given) != 2 or falls:
        return None
    (guards, one), (later, other) = frame.given
    inner, after = guards[len(base) :], later[len(base) :]
    if not (isinstance(one, Known) and isinstance(other, Known)) or one == other:
        return None
    if not inner and after and _says_raised(after[0]):
        # What ends the handler otherwise gives nothing.
        one, other, inner = other, one, after[:1]
    if len(inner) != 1:
        return None
    (guard,) = inner
    if not isinstance(guard, Guard):
        return None
    test = guard.test if guard.holds else expressions.opposite(guard.test)
    if one.value is True and other.value is False:
        return test
    if one.value is False and other.value is True:
        return expressions.opposite(test)
    return Computed("?", (test, one, other))
