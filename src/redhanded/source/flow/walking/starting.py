"""What a framework calls when a program starts: there, workers take their queues.

Reference: docs.nestjs.com, Lifecycle events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redhanded.source.flow import form
from redhanded.source.flow.module import Function, Module
from redhanded.source.flow.values import Procedure
from redhanded.source.flow.walking import calls, injection, loading, looking

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

HOOKS = ("onModuleInit", "onApplicationBootstrap")
"""Methods that Nest calls of each instance that it has made."""
TAKING = frozenset({"work", "process", "define", "subscribe", "consume", "run"})
"""Methods of libraries that take a function for what is queued."""


def started(program: Program) -> None:
    """Runs them beside all paths: what they register is kept."""
    for path in program.reaching:
        module = program.module(path)
        if module is None or not _is_nest(module):
            continue
        for one in module.classes:
            for place in one.methods if one.decorators else ():
                function = module.functions[place]
                if function.name not in HOOKS or not _registers(function):
                    continue
                with loading.aside(program, program.scope_of(path)) as run:
                    procedure = injection.bound(program, Procedure(path, place))
                    calls.enter(run, procedure, (), {}, function.line)


def _registers(function: Function) -> bool:
    return any(
        isinstance(one, form.Call)
        and isinstance(one.function, form.Attribute)
        and one.function.name in TAKING
        for one in looking.inside(function.body)
    )


def _is_nest(module: Module) -> bool:
    return any(one.specifier.startswith("@nestjs/") for one in module.imports)
