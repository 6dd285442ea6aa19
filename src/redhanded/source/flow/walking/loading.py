"""The tops of files, and expressions outside of any path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import Input, Unknown, Value
from redhanded.source.flow.walking import binding, expressions, members, statements
from redhanded.source.flow.walking.recorder import ELSEWHERE, Recorder, TooFar
from redhanded.source.flow.walking.run import Frame, Run
from redhanded.source.flow.walking.scope import Scope

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

LOAD_STEPS_MAX = 20_000
EVALUATE_STEPS_MAX = 3_000


def load(program: Program, module: Module, scope: Scope) -> None:
    """Runs the top of a file into ``scope``, once."""
    run = Run(program, Recorder(first=ELSEWHERE), steps=LOAD_STEPS_MAX)
    run.is_loading = True
    program.loading.add(module.path)
    try:
        run.frames.append(Frame(module.path, module.functions[0], scope))
        statements.hoist(run, module.functions[0].body, scope)
        statements.block(run, module.functions[0].body, scope)
    except TooFar:
        program.limits[f"{module.path}: its top was not run to the end: too much to follow"] = None
    except Exception as fault:  # noqa: BLE001  the trial boundary of a file: said, not hidden
        program.limits[f"{module.path}: {fault_of(run, fault)}"] = None
    finally:
        program.loading.discard(module.path)
    if any(one.parts["effect"] is not None for one in run.record.drafts):
        program.active_at_load[module.path] = None


def fault_of(run: Run, fault: Exception) -> str:
    """A fault of ours, in words that let somebody find it."""
    where = str(run.record.stack[-1]) if run.record.stack else "at the top"
    place = f" near line {run.line}" if run.line else ""
    return f"a fault of redhanded stopped the walk {where}{place}: {type(fault).__name__}: {fault}"


def evaluated(program: Program, expression: Expression, scope: Scope) -> Value:
    """The value of an expression, of which nothing is kept."""
    with aside(program, scope) as run:
        return expressions.evaluate(run, expression, scope)
    return Unknown()


def attribute(program: Program, value: Value, name: str) -> Value | None:
    """A part of a value; None where it surely has none of that name."""
    with aside(program, Scope("", 0)) as run:
        return members.part(run, value, name)
    return Unknown(name)


def populate(program: Program, module: Module, scope: Scope) -> None:
    """Binds what a function binds, with parameters of which nothing is known."""
    function = module.functions[scope.function]
    with aside(program, scope) as run:
        for one in function.parameters:
            binding.bind(run, one.target, Input("argument"), scope)
        statements.hoist(run, function.body, scope)
        statements.block(run, function.body, scope)


@contextmanager
def aside(program: Program, scope: Scope, *, is_once: bool = False) -> Iterator[Run]:
    """A run beside all paths. One within another shares its budget, so that they end together;
    used up, the block ends early. What happens ``is_once`` has a budget of its own: it is kept, and
    half of it would be kept for all."""
    around = program.aside
    run = Run(program, Recorder(first=ELSEWHERE), steps=EVALUATE_STEPS_MAX)
    if around is not None:
        run.steps = EVALUATE_STEPS_MAX if is_once else around.steps
        run.nested = around.nested
        run.making = around.making
    run.is_loading = True
    module = program.module(scope.path)
    if module is not None:
        run.frames.append(Frame(scope.path, module.functions[scope.function], scope))
    program.aside = run
    try:
        yield run
    except (TooFar, RecursionError):
        pass
    finally:
        program.aside = around
        if around is not None and not is_once:
            around.steps = run.steps
