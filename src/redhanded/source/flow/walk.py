"""From every entry on: what happens, in the order of the source."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry, Path
from redhanded.source.flow.framework import FoundEntry
from redhanded.source.flow.handing_over import joined
from redhanded.source.flow.module import Function, Module
from redhanded.source.flow.mounting import mounted
from redhanded.source.flow.program import Program
from redhanded.source.flow.values import Either, Kind, Library, Procedure, Record, Value
from redhanded.source.flow.walking import (
    asynchronous,
    calls,
    classes,
    flushing,
    happening,
    injection,
    library,
    loading,
    starting,
    statements,
)
from redhanded.source.flow.walking.recorder import Recorder, TooFar
from redhanded.source.flow.walking.run import Frame, Run
from redhanded.source.flow.walking.scope import Scope
from redhanded.source.flow.webhooks import recognised

NESTING = 40_000
"""Python's own bound on nested calls is for programs that run away; a walk is bounded by itself."""
PER_FUNCTION_STEPS_MAX = 4_000
STEPS_MAX_UNCALLED = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk found."""

    paths: tuple[Path, ...]
    entered: frozenset[tuple[str, int]]
    """Functions that it went through, by file and place."""
    uncalled: Mapping[int, tuple[str, int]]
    """Of paths that begin at a function that nothing calls: which."""


Rest = Callable[[Program, set[tuple[str, int]]], Iterator[tuple[tuple[str, int], Path]]]
"""Walks what no entry leads to, given the functions that were entered."""


def walk(program: Program, rest: Rest | None = None) -> tuple[Path, ...]:
    """All paths of a program: its entries, files whose top does something, uncalled functions (or
    what ``rest`` takes for those)."""
    return joined(walked(program, rest).paths)


def walked(program: Program, rest: Rest | None = None) -> Walked:
    """The paths without who takes the jobs that they put on queues."""
    with deep():
        return _walk(program, rest or _uncalled)


def _walk(program: Program, rest: Rest) -> Walked:
    entered: set[tuple[str, int]] = set()
    paths: list[Path] = []
    for found in entries(program):
        path, run = follow(program, found)
        paths.append(path)
        entered |= run.entered
    for name in list(program.active_at_load):
        path, run = follow_top(program, name)
        entered |= run.entered
        if any(one.effect is not None for one in path.events):
            paths.append(path)
    uncalled = {}
    for key, path in rest(program, entered):
        uncalled[len(paths)] = key
        paths.append(path)
    return Walked(paths=tuple(paths), entered=frozenset(entered), uncalled=uncalled)


def entries(program: Program) -> list[FoundEntry]:
    """The entries that frameworks find, and those that calls register when files are loaded."""
    for path in program.reaching:
        program.scope_of(path)
    starting.started(program)
    for framework in program.frameworks:
        try:
            program.register(framework.entries(program))
        except Exception as fault:  # noqa: BLE001  one library's table; said, not hidden
            program.limits[f"{framework.name}: {type(fault).__name__}: {fault}"] = None
    return list(mounted(program.registered))


def follow(program: Program, found: FoundEntry) -> tuple[Path, Run]:
    """Everything that happens from one entry on."""
    run = Run(program, Recorder())

    def act() -> None:
        for place, function in enumerate(found.functions):
            _enter(run, function, found, is_last=place == len(found.functions) - 1)

    bounded(run, found.entry.location, act)
    return replace(path_of(found.entry, run), functions=tuple(_begin(program, found))), run


def _begin(program: Program, found: FoundEntry) -> Iterator[Location]:
    """Where the functions of an entry begin."""
    for one in found.functions:
        function = library.handler_in(one) or one if isinstance(one, Library) else one
        if isinstance(function, Procedure):
            form = program.function_of(function)
            yield Location(path=function.path, line=form.line, function=form.name or None)


def _enter(run: Run, function: Value, found: FoundEntry, *, is_last: bool) -> None:
    """Calls one of the functions of an entry."""
    if isinstance(function, Library):
        function = library.handler_in(function) or function
    if isinstance(function, Library):
        _enter_library(run, function, found)
        return
    if isinstance(function, Record) and isinstance(function.of, Kind):
        function = classes.own_member(run, function.of, "__call__", function) or function
    if not isinstance(function, Procedure):
        return
    procedure = injection.bound(run.program, function)
    form = run.program.function_of(procedure)
    arguments = found.arguments
    if not is_last:
        arguments = arguments[: len(form.parameters)] if arguments else ()
    line = form.line
    run.is_before_others = not is_last
    given = calls.enter(run, procedure, arguments, dict(found.keywords), line, is_entry=True)
    _waited_for(run, given, procedure.path)
    run.is_before_others = False


def _waited_for(run: Run, value: Value, path: str) -> None:
    """Whoever calls an entry waits for what it gives: a query that it returns is then sent."""
    if isinstance(value, Library | Either) and not path.endswith(".py"):
        asynchronous.awaited(run, value, Scope(path, 0))


def _enter_library(run: Run, function: Library, found: FoundEntry) -> None:
    """What a library does for an entry by itself: a generic view that saves what it is sent."""
    place = found.entry.location
    module = run.program.module(place.path)
    if module is None:
        return
    run.line = place.line
    run.frames.append(Frame(place.path, module.functions[0], run.program.scope_of(place.path)))
    try:
        happening.call_value(run, function, found.arguments, dict(found.keywords))
    finally:
        run.frames.pop()


def bounded(run: Run, location: Location, act: Callable[[], None]) -> None:
    """Runs a walk within its budget; what it changed in the program is undone."""

    def attempt() -> None:
        try:
            act()
            flushing.at_the_end(run)
        except TooFar:
            run.limit(f"{location}: not followed to the end: too much happens")
        except Exception as fault:  # noqa: BLE001  the trial boundary of an entry
            run.limit(loading.fault_of(run, fault))

    run.record.journal.branch(attempt)


def path_of(entry: Entry, run: Run) -> Path:
    """What a walk from an entry has recorded."""
    events = run.record.events()
    return Path(
        entry=recognised(entry, events),
        events=events,
        limits=tuple(run.record.limits),
        beside=tuple(run.record.aside),
    )


def follow_top(program: Program, name: str) -> tuple[Path, Run]:
    """The top of a file as a path of its own: a script."""
    module = program.module(name)
    assert module is not None
    run = Run(program, Recorder())
    location = Location(path=name, line=1)

    def act() -> None:
        scope = Scope(name, 0)
        run.frames.append(Frame(name, module.functions[0], scope))
        run.is_loading = False
        statements.hoist(run, module.functions[0].body, scope)
        statements.block(run, module.functions[0].body, scope)

    bounded(run, location, act)
    return path_of(Entry(kind="command", name=name, location=location), run), run


def _uncalled(
    program: Program, entered: set[tuple[str, int]]
) -> Iterator[tuple[tuple[str, int], Path]]:
    """Functions that no entry reaches, if they do something to the world."""
    left = STEPS_MAX_UNCALLED
    skipped = 0
    for module, place in _candidates(program):
        if (module.path, place) in entered:
            continue
        if left <= 0:
            skipped += 1
            continue
        path, run, given = _alone(program, module, place)
        left -= PER_FUNCTION_STEPS_MAX - run.steps
        entered |= run.entered
        if any(one.effect is not None for one in path.events):
            yield (module.path, place), path
        for name, inner in given:
            if (module.path, inner) in entered:
                continue
            path, run, _ = _alone(program, module, place, of=name)
            left -= PER_FUNCTION_STEPS_MAX - run.steps
            entered |= run.entered
            if any(one.effect is not None for one in path.events):
                yield (module.path, inner), path
    if skipped:
        program.limits[f"{skipped} functions that nothing calls were not looked at"] = None


def _alone(
    program: Program, module: Module, place: int, *, of: str | None = None
) -> tuple[Path, Run, tuple[tuple[str, int], ...]]:
    """A function that nothing calls, with what is called of what it gives: the one function that it
    makes, or that under the name ``of``. Also the functions that it gives in an object, by name."""
    function = module.functions[place]
    run = Run(program, Recorder(), steps=PER_FUNCTION_STEPS_MAX)
    made: list[Value] = []

    def act() -> None:
        procedure = injection.bound(program, Procedure(module.path, place))
        given = calls.enter(run, procedure, (), {}, 0, is_entry=True)
        made.append(given)
        _waited_for(run, given, module.path)
        inner = given.parts.get(of) if of is not None and isinstance(given, Record) else given
        if isinstance(inner, Procedure) and inner.closure is not None:
            key = (inner.path, inner.function)
            if key not in run.entered:
                made_by = calls.enter(run, inner, (), {}, function.line, is_entry=True)
                _waited_for(run, made_by, inner.path)

    name = _name(module, function)
    location = Location(path=module.path, line=function.line, function=function.name or None)
    bounded(run, location, act)
    entry = Entry(kind="function", name=f"{name}.{of}" if of else name, location=location)
    return path_of(entry, run), run, _given_by(made, module, place) if of is None else ()


def _given_by(made: list[Value], module: Module, place: int) -> tuple[tuple[str, int], ...]:
    """The functions written in a function that it gives in an object."""
    given = made[0] if made else None
    if not isinstance(given, Record) or not isinstance(given.parts, dict):
        return ()
    return tuple(
        (name, one.function)
        for name, one in given.parts.items()
        if isinstance(one, Procedure)
        and one.path == module.path
        and module.functions[one.function].parent == place
    )


def _candidates(program: Program) -> Iterator[tuple[Module, int]]:
    """Functions that can be called from outside of their function, outermost first."""
    for path in program.reaching:
        module = program.module(path)
        if module is None:
            continue
        for place, function in enumerate(module.functions):
            is_called_alone = function.kind not in ("constructor", "get", "set")
            if place and function.parent <= 0 and is_called_alone:
                yield module, place


def _name(module: Module, function: Function) -> str:
    if function.owner >= 0:
        return f"{module.classes[function.owner].name}.{function.name}"
    return function.name or f"function at line {function.line}"


@contextmanager
def deep() -> Iterator[None]:
    """Functions of a program call each other deeply, and each call is several of ours."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
