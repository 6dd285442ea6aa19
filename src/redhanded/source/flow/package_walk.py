"""The functions of a package that somebody may call, each with what it gives to its caller."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry, Path
from redhanded.source.flow.module import Module
from redhanded.source.flow.program import Program
from redhanded.source.flow.values import Either, Procedure, Record, Value
from redhanded.source.flow.walk import bounded, path_of
from redhanded.source.flow.walking import calls, classes, looking
from redhanded.source.flow.walking.injection import bound
from redhanded.source.flow.walking.opened import Opened
from redhanded.source.flow.walking.recorder import Recorder
from redhanded.source.flow.walking.run import Run

PER_FUNCTION_STEPS_MAX = 12_000
STEPS_MAX = 2_000_000
Key = tuple[str, int]


def functions(program: Program, entered: set[Key]) -> Iterator[tuple[Key, Path]]:
    """All functions that have a name and may lead to a store; those that were ``entered`` are seen
    where they are called."""
    opened = program.opened
    if opened is None:
        return
    left = STEPS_MAX
    skipped = 0
    for module, place in _candidates(program, opened):
        if (module.path, place) in entered:
            continue
        if left <= 0:
            skipped += 1
            continue
        path, run = _alone(program, opened, module, place)
        left -= PER_FUNCTION_STEPS_MAX - run.steps
        entered |= run.entered
        if any(one.effect is not None for one in path.events):
            yield (module.path, place), path
    if skipped:
        program.limits[f"{skipped} functions of {opened.package} were not looked at"] = None


def _alone(program: Program, opened: Opened, module: Module, place: int) -> tuple[Path, Run]:
    function = module.functions[place]
    location = Location(path=module.path, line=function.line, function=function.name or None)
    entry = Entry(
        kind="function",
        name=_name(opened, module, place),
        location=location,
        library=opened.package,
    )
    run = Run(program, Recorder(), steps=PER_FUNCTION_STEPS_MAX)

    def act() -> None:
        procedure = bound(program, Procedure(module.path, place))
        _given_away(run, calls.enter(run, procedure, (), {}, 0, is_entry=True))

    bounded(run, location, act)
    return path_of(entry, run), run


def _given_away(run: Run, value: Value, depth: int = 2) -> None:
    """Functions that a package's function gives to its caller, who calls them: a middleware."""
    if isinstance(value, Procedure):
        function = run.program.function_of(value)
        if (value.path, value.function) not in run.entered:
            again = calls.enter(run, value, (), {}, function.line, is_entry=True)
            if depth:
                _given_away(run, again, depth - 1)
    elif isinstance(value, Either):
        for one in value.values:
            _given_away(run, one, depth)
    elif isinstance(value, Record) and value.of is None and depth:
        for one in list(dict(value.parts).values()):
            _given_away(run, one, depth - 1)


def _candidates(program: Program, opened: Opened) -> Iterator[tuple[Module, int]]:
    """What the package calls by itself comes last, so that it is seen as it is called."""
    modules = list(program.modules())
    called = looking.called(modules)
    later = []
    for module in modules:
        for place, function in enumerate(module.functions):
            if not place or not function.name or function.kind in ("constructor", "get", "set"):
                continue
            if (module.path, place) not in opened.touching:
                continue
            if function.name in called:
                later.append((module, place))
            else:
                yield module, place
    yield from sorted(later, key=lambda one: -_height(program, *one))


def _height(program: Program, module: Module, place: int) -> int:
    """How many classes stand above the one that a method is of: the method of a class is seen as
    that of the classes below calls it."""
    owner = module.functions[place].owner
    if owner < 0:
        return 0
    return len(classes.linearised(program, classes.kind(program, module.path, owner)))


def _name(opened: Opened, module: Module, place: int) -> str:
    function = module.functions[place]
    if function.owner >= 0:
        return f"{module.classes[function.owner].name}.{function.name}"
    owner = opened.prototypes.owner(module.path, place)
    return f"{owner}.{function.name}" if owner is not None else function.name
