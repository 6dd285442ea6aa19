"""Running statements: both branches of a condition one after another, a loop's body once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redhanded.source.flow import form
from redhanded.source.flow.events import Guard
from redhanded.source.flow.form import Statement
from redhanded.source.flow.values import Known, Library, Procedure, Value
from redhanded.source.flow.walking import (
    asynchronous,
    binding,
    classes,
    expressions,
    handling,
    injection,
    managing,
    members,
    repeating,
)
from redhanded.source.flow.walking.recorder import Exit, Held, Open, Pending, State
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

NEVER_RETURN: frozenset[tuple[str, tuple[str, ...]]] = frozenset(
    (
        ("bottle", ("abort",)),
        ("flask", ("abort",)),
        ("global", ("process", "abort")),
        ("global", ("process", "exit")),
        ("os", ("_exit",)),
        ("os", ("abort",)),
        ("sys", ("exit",)),
        ("werkzeug", ("exceptions", "abort")),
    )
)
"""Functions of libraries after which nothing of the caller runs."""
_ENDING = frozenset(names[-1] for _, names in NEVER_RETURN)
ALL_EXITS = frozenset(("return", "raise", "break", "continue", "stop"))


def hoist(run: Run, body: tuple[Statement, ...], scope: Scope) -> None:
    """Binds the functions and classes that a body defines, which may be used before."""
    for one in body:
        if type(one) is form.Define:
            _bind(run, one, scope)
        elif type(one) is form.DefineClass:
            _define_class(run, one, scope)


def block(run: Run, body: tuple[Statement, ...], scope: Scope) -> bool:
    """Runs statements; whether the end is reached on some way."""
    for one in body:
        run.step()
        run.line = one.line
        if not _RUN[type(one)](run, one, scope):
            return False
    return True


def _do(run: Run, one: form.Do, scope: Scope) -> bool:
    if run.frames and _goes_on(run, one.value):
        run.frame.passed = run.record.guards
    asynchronous.dropped(run, one, scope)
    if _never_returns(run, one.value, scope):
        run.record.exits.append(Exit("raise", run.record.guards))
        return False
    return True


def _never_returns(run: Run, value: form.Expression, scope: Scope) -> bool:
    """Whether it calls a library's function that always raises or ends the process."""
    if not isinstance(value, form.Call) or not isinstance(
        value.function, form.Name | form.Attribute
    ):
        return False
    # A name may be another one's; what an attribute is taken of may be long.
    if isinstance(value.function, form.Attribute) and value.function.name not in _ENDING:
        return False
    callee = expressions.evaluate(run, value.function, scope)
    return isinstance(callee, Library) and (callee.package, callee.names) in NEVER_RETURN


def _let(run: Run, one: form.Let, scope: Scope) -> bool:
    value = expressions.evaluate(run, one.value, scope)
    value = injection.as_said(run.program, value, one.annotation, scope)
    run.line = one.line
    is_python = scope.path.endswith((".py", ".pyi"))
    declares = one.kind == "" if is_python else one.kind in ("const", "let", "var")
    if declares and one.operator == "":
        binding.bind(run, one.target, value, scope)
    else:
        binding.assign(run, one.target, value, one.operator, scope)
    return True


def _if(run: Run, one: form.If, scope: Scope) -> bool:
    condition = expressions.test(run, one.test, scope)
    known = expressions.truth(condition)
    if known is not None:
        return block(run, one.then if known else one.other, scope)
    place = run.place(one.line, scope)
    guards = [Guard(test=condition, holds=holds, location=place) for holds in (True, False)]
    return branches(
        run,
        [
            (guards[0], lambda: block(run, one.then, scope)),
            (guards[1], lambda: block(run, one.other, scope)),
        ],
    )


def branches(run: Run, ways: list[tuple[Guard, Callable[[], bool]]]) -> bool:
    """Runs ways that exclude each other; what holds after is what those that go on leave."""
    record = run.record
    base, before = record.guards, record.state
    marks, going = [], []
    ended: list[Guard] = []
    last = before
    for guard, way in ways:
        record.guards, record.state = base, before
        record.add_guard(guard)
        mark = len(record.exits)
        falls, changes = record.journal.branch(way)
        last = record.state
        if falls:
            going.append((changes, record.state))
            marks.append((mark, len(record.exits)))
        else:
            ended.append(guard)
    record.guards = base
    if not going:
        record.state = last
        return False
    record.journal.merge([changes for changes, _ in going])
    record.state = merged(before, [state for _, state in going])
    guards = base
    if len(going) == 1:
        for guard in ended:
            opposite = Guard(test=guard.test, holds=not guard.holds, location=guard.location)
            record.guards = guards
            record.add_guard(opposite)
            guards = record.guards
    for start, end in marks:
        inner = record.exits[:end]
        kept, record.exits = record.exits, inner
        guards_inside = record.without(base, start, ALL_EXITS)
        record.exits = kept
        guards = (*guards, *guards_inside[len(base) :])
    record.guards = guards
    return True


def merged(before: State, after: list[State]) -> State:
    """Closed is what one way closed, open what one way opened."""
    if len(after) == 1:
        return after[0]
    parts: list[tuple[Any, ...]] = []
    for place in range(len(before)):
        gone = {
            _key(one)
            for one in before[place]
            if any(all(_key(each) != _key(one) for each in state[place]) for state in after)
        }
        left = {
            _key(one): one
            for state in (before, *after)
            for one in state[place]
            if _key(one) not in gone
        }
        parts.append(tuple(left.values()))
    return State(*parts)


def _key(one: Open | Held | Pending) -> int:
    return one.value.number if isinstance(one, Open) else one.number


def _return(run: Run, one: form.Return, scope: Scope) -> bool:
    value: Value = Known(None)
    if one.value is not None:
        if one.is_yield and type(one.value) is form.Spread:
            value = members.element(run, expressions.evaluate(run, one.value.value, scope))
        else:
            value = expressions.evaluate(run, one.value, scope)
    frame = run.frame
    if one.is_yield:
        if frame.on_yield is not None:
            frame.on_yield(value)
        else:
            frame.given.append((run.record.guards, value))
        return True
    if frame.function.is_async:
        value = asynchronous.awaited(run, value, scope)
    frame.given.append((run.record.guards, value))
    passes = not frame.following or _goes_on(run, one.value) or frame.passed is run.record.guards
    run.record.exits.append(Exit("return" if passes else "stop", run.record.guards))
    return False


def _goes_on(run: Run, one: form.Expression | None) -> bool:
    """``next()``: the functions after this one run."""
    if isinstance(one, form.Await):
        one = one.value
    if not isinstance(one, form.Call) or not isinstance(one.function, form.Name):
        return False
    return bool(run.frame.following) and one.function.name == run.frame.following


def _raise(run: Run, one: form.Raise, scope: Scope) -> bool:
    if one.value is not None:
        expressions.evaluate(run, one.value, scope)
    run.record.exits.append(Exit("raise", run.record.guards))
    return False


def _jump(run: Run, one: form.Jump, scope: Scope) -> bool:
    run.record.exits.append(Exit(one.kind, run.record.guards))
    return False


def _define(run: Run, one: form.Define, scope: Scope) -> bool:
    value = _bind(run, one, scope)
    if value is not None and run.is_loading and run.program.function_of(value).decorators:
        classes.decorate_at_load(run, value, scope)
    return True


def _bind(run: Run, one: form.Define, scope: Scope) -> Procedure | None:
    """The name of a function means it; its decorators are run where it stands."""
    module = run.program.module(scope.path)
    if module is None:
        return None
    name = module.functions[one.function].name
    present = scope.variables.get(name)
    if isinstance(present, Procedure) and present.function == one.function:
        return present
    value = Procedure(scope.path, one.function, closure=scope)
    run.record.journal.write(scope.variables, name, value)
    return value


def _define_class(run: Run, one: form.DefineClass, scope: Scope) -> bool:
    kind = classes.kind(run.program, scope.path, one.index)
    present = scope.variables.get(kind.name)
    if present == kind:
        return True
    run.program.class_scopes[(kind.path, kind.index)] = scope
    run.record.journal.write(scope.variables, kind.name, kind)
    return True


_RUN: dict[type, Callable[[Run, Any, Scope], bool]] = {
    form.Do: _do,
    form.Let: _let,
    form.If: _if,
    form.Loop: lambda run, one, scope: repeating.loop(run, one, scope),
    form.Try: lambda run, one, scope: handling.attempt(run, one, scope),
    form.Return: _return,
    form.Raise: _raise,
    form.Jump: _jump,
    form.With: lambda run, one, scope: managing.managed(run, one, scope),
    form.Define: _define,
    form.DefineClass: _define_class,
}
