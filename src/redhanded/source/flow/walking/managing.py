"""``with``: what is entered, and ended with the block."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.source.flow import form
from redhanded.source.flow.values import (
    Either,
    Kind,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Value,
)
from redhanded.source.flow.walking import (
    binding,
    calls,
    classes,
    expressions,
    flushing,
    settling,
    statements,
)
from redhanded.source.flow.walking.recorder import State, is_handle
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

GENERATORS = frozenset(("contextmanager", "asynccontextmanager"))
ENTER = (("__aenter__", "__aexit__"), ("__enter__", "__exit__"))


def managed(run: Run, one: form.With, scope: Scope) -> bool:
    """Whether what follows the block is reached."""
    return _enter(run, one, 0, scope)


def _enter(run: Run, one: form.With, place: int, scope: Scope) -> bool:
    if place == len(one.items):
        return statements.block(run, one.body, scope)
    item = one.items[place]
    value = expressions.evaluate(run, item.value, scope)
    run.line = one.line
    falls = [True]

    def inside(given: Value) -> None:
        binding.bind(run, item.target, given, scope)
        falls[0] = _enter(run, one, place + 1, scope)

    entered(run, value, scope, inside)
    return falls[0]


def entered(run: Run, value: Value, scope: Scope, inside: Callable[[Value], None]) -> None:
    """Enters a context manager, runs the block, and leaves it."""
    if isinstance(value, Either):
        value = next((one for one in value.values if isinstance(one, Library | Record)), value)
    generator = generator_of(value)
    if generator is not None:
        procedure, made = generator

        def resume(given: Value) -> Value:
            inside(given)
            return given

        calls.enter(
            run,
            procedure,
            made.arguments,
            dict(made.keywords),
            run.line,
            on_yield=resume,
            bare=True,
        )
        return
    before = run.record.state
    if isinstance(value, Record) and isinstance(value.of, Kind):
        for enter, leave in ENTER:
            method = classes.member(run, value.of, enter, value)
            if isinstance(method, Procedure):
                inside(calls.enter(run, method, (), {}, run.line))
                end = classes.member(run, value.of, leave, value)
                if isinstance(end, Procedure):
                    calls.enter(run, end, (), {}, run.line)
                return
    first = run.record.next_number
    given = settling.settled(run, value, "enter", scope)
    inside(given)
    leave_all(run, before, value, first)


def leave_all(run: Run, before: State, value: Value, first: int) -> None:
    """Ends the transactions and locks that were entered, or that are the value's own."""
    record = run.record
    begun = {one.value.number for one in before.transactions}
    for one in record.state.transactions:
        number = one.value.number
        is_own = isinstance(value, Result) and value.event == number
        is_own = is_own or any(is_handle(value, each) for each in one.handles)
        if (number not in begun and (number == first or is_own)) or is_own:
            flushing.before_end(run, one, run.line)
            record.leave(one)
            flushing.after_end(run, number, is_committed=True)
    held = {one.number for one in before.locks}
    record.let_go(first)
    locks = tuple(
        one
        for one in record.state.locks
        if not (
            (one.number not in held and one.number == first)
            or (isinstance(value, Result) and value.event == one.number)
        )
    )
    record.state = record.state._replace(locks=locks)


def generator_of(value: Value) -> tuple[Procedure, Made] | None:
    """The function behind the call of one that ``@contextmanager`` decorates."""
    if not isinstance(value, Library) or value.package != "contextlib" or len(value.steps) != 3:
        return None
    name, function, made = value.steps
    if name in GENERATORS and isinstance(function, Made) and isinstance(made, Made):
        procedure = function.arguments[0]
        if isinstance(procedure, Procedure):
            return procedure, made
    return None
