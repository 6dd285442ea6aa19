"""A `Library` as the links of a chain, and what the calls in it were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from redhanded.source.flow.form import Name
from redhanded.source.flow.framework import CallSite, Surroundings
from redhanded.source.flow.frameworks.reading import gives
from redhanded.source.flow.module import Class
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Value,
)

PYTHON = (".py", ".pyi")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """``name`` or ``name(…)`` in a chain; a call of what a call gave has no name."""

    name: str
    made: Made | None = field(default=None, hash=False)


def links(value: Library) -> tuple[Link, ...]:
    """The steps with each call beside what is called."""
    found: list[Link] = []
    for step in value.steps:
        if isinstance(step, str):
            found.append(Link(step))
        elif found and found[-1].made is None:
            found[-1] = Link(found[-1].name, step)
        else:
            found.append(Link("", step))
    return tuple(found)


def called(site: CallSite) -> tuple[Link, ...]:
    """The links of a call, the call itself as the last."""
    return links(gives(site))


def is_python(site: CallSite) -> bool:
    """A package of this name is also one of another language."""
    return site.location.path.endswith(PYTHON)


def before(value: Library, count: int) -> Library:
    """What is left of a chain without its last links."""
    kept = list(value.steps)
    for _ in range(count):
        if kept and isinstance(kept[-1], Made):
            kept.pop()
        if kept and isinstance(kept[-1], str):
            kept.pop()
    return Library(value.package, tuple(kept), value.through)


def given(made: CallSite | Made | None, position: int, *names: str) -> Value | None:
    """What a call is given at a position (-1: at none) or by one of these names."""
    if made is None:
        return None
    for name in names:
        if name in made.keywords:
            return made.keywords[name]
    if 0 <= position < len(made.arguments):
        return made.arguments[position]
    return None


def numbered(made: CallSite | Made) -> dict[str, Value]:
    """All arguments: ``0``, ``1`` … and by name."""
    found = {str(position): one for position, one in enumerate(made.arguments)}
    return {**found, **made.keywords}


def kind_of(value: Value | None) -> Kind | None:
    """The class of the program that a value is, or is an instance of."""
    if isinstance(value, Kind):
        return value
    if isinstance(value, Result | Record):
        return kind_of(value.of)
    if isinstance(value, Library):
        return kind_of(value.through)
    if isinstance(value, Either):
        return next((one for one in map(kind_of, value.values) if one is not None), None)
    return None


def procedure_of(value: Value | None) -> Procedure | None:
    """The function of the program that a value is, decorated or not."""
    if isinstance(value, Procedure):
        return value
    if isinstance(value, Library):
        return procedure_of(value.through)
    return None


def libraries(value: Value | None, depth: int = 8) -> Iterator[Library]:
    """The libraries that a value was made from."""
    if depth == 0 or value is None:
        return
    inner: tuple[Value, ...] = ()
    if isinstance(value, Library):
        yield value
        for step in value.steps:
            if isinstance(step, Made):
                inner += (*step.arguments, *step.keywords.values())
    elif isinstance(value, Computed):
        inner = value.operands
    elif isinstance(value, Either):
        inner = value.values
    elif isinstance(value, Record):
        inner = tuple(value.parts.values())
    for one in inner:
        yield from libraries(one, depth - 1)


_KEPT: WeakKeyDictionary[Surroundings, dict[object, object]] = WeakKeyDictionary()


def once(make: Callable[[Surroundings], T], around: Surroundings) -> T:
    """What ``make`` gives of a program, made once. It may say what stands in the files, which does
    not change, and nothing that depends on how far they have been run."""
    kept = _KEPT.setdefault(around, {})
    if make not in kept:
        kept[make] = make(around)
    found: T = kept[make]  # type: ignore[assignment]
    return found


def classes_by_name(around: Surroundings) -> Mapping[str, Sequence[Kind]]:
    """All classes of the Python files; of one name in the order of the files."""
    return once(_by_name, around)


def _by_name(around: Surroundings) -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for kind, _ in classes(around):
        found.setdefault(kind.name, []).append(kind)
    return found


def classes(around: Surroundings) -> Iterator[tuple[Kind, Class]]:
    """All classes of the Python files."""
    for module in around.modules():
        if module.language == "python":
            for index, one in enumerate(module.classes):
                yield Kind(module.path, index, one.name), one


def lineage(kind: Kind, around: Surroundings) -> Iterator[tuple[Kind, Class]]:
    """A class and those of the program that it inherits from, nearest first."""
    waiting: list[Kind] = [kind]
    seen: set[Kind] = set()
    while waiting:
        one = waiting.pop(0)
        if one in seen or len(seen) > 30:
            continue
        seen.add(one)
        yield one, around.class_of(one)
        waiting.extend(base for base in around.bases(one) if isinstance(base, Kind))


def method_of(
    kind: Kind, name: str, around: Surroundings, receiver: Value | None = None
) -> Procedure | None:
    """A method of a class or of what it inherits from in the program."""
    for owner, one in lineage(kind, around):
        module = around.module(owner.path)
        for index in one.methods if module is not None else ():
            if module is not None and module.functions[index].name == name:
                return Procedure(owner.path, index, receiver or Record({}, kind, False))
    return None


def inherits(kind: Kind, around: Surroundings) -> Iterator[Library]:
    """The classes of libraries that a class inherits from, through those of the program too."""
    for owner, _ in lineage(kind, around):
        for base in around.bases(owner):
            if isinstance(base, Library):
                yield base


def constant_field(kind: Kind, name: str, around: Surroundings, inner: str = "") -> Value | None:
    """The value of a class's field, or of one of its nested class (``Meta``)."""
    for owner, one in lineage(kind, around):
        fields = one.fields
        module = around.module(owner.path)
        if inner:
            nested = [module.classes[index] for index in one.classes] if module else []
            fields = tuple(f for each in nested if each.name == inner for f in each.fields)
        for each in fields:
            if each.name == name and each.value is not None:
                return around.evaluate(each.value, owner.path)
    return None


def arguments_of(
    around: Surroundings, function: Procedure, source: str, skip: int = 0
) -> dict[str, Value]:
    """One `Input` for each parameter, by name."""
    found: dict[str, Value] = {}
    for one in around.function_of(function).parameters[skip:]:
        if isinstance(one.target, Name) and not one.variadic:
            found[one.target.name] = Input(source, (one.target.name,))
    return found


def keywords_of(made: CallSite | Made | None, *names: str) -> Mapping[str, Value]:
    """Those keywords that were given."""
    if made is None:
        return {}
    return {name: made.keywords[name] for name in names if name in made.keywords}
