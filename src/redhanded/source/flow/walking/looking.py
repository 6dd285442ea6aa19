"""Looking through the form of a file without running it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redhanded.source.flow import form
from redhanded.source.flow.form import Form, Statement
from redhanded.source.flow.module import Class, Function, Module
from redhanded.source.flow.walking.words import WRITES


def inside(node: object) -> Iterator[Form]:
    """A node and all that stands in it; functions written in it are apart."""
    waiting: list[object] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, Form):
            yield one
            waiting.extend(getattr(one, name) for name in reversed(one.__struct_fields__))


def changed_names(module: Module) -> dict[str, bool]:
    """Variables at the top of a file that its functions change, or change a part of; whether they
    are given another value."""
    top = {
        target.name
        for one in inside(module.functions[0].body)
        if isinstance(one, form.Let)
        for target in inside(one.target)
        if isinstance(target, form.Name)
    }
    found: dict[str, bool] = {}
    for function in module.functions[1:] if top else ():
        assigned, changed = _changed(function, is_python=module.language == "python")
        for name in (assigned | changed) & top:
            found[name] = found.get(name, False) or name in assigned
    return found


def _changed(function: Function, *, is_python: bool) -> tuple[set[str], set[str]]:
    """Names that a function assigns to, and those of which it changes a part; its own left out."""
    own = {
        target.name
        for one in function.parameters
        for target in inside(one.target)
        if isinstance(target, form.Name)
    }
    assigned: set[str] = set()
    parts: set[str] = set()
    for one in inside(function.body):
        if isinstance(one, form.Let):
            is_declared = one.kind in ("const", "let", "var") or (is_python and one.kind == "")
            names = own if is_declared and not one.operator else assigned
            _target(one.target, names, parts)
        elif isinstance(one, form.Assigning):
            _target(one.target, assigned, parts)
        elif isinstance(one, form.Operation) and one.operator == "delete":
            for operand in one.operands:
                _target(operand, own, parts)
        elif isinstance(one, form.Call) and isinstance(one.function, form.Attribute):
            base = one.function.base
            if isinstance(base, form.Name) and one.function.name in WRITES:
                parts.add(base.name)
    return assigned - own, parts - own


def _target(target: form.Expression, names: set[str], parts: set[str]) -> None:
    if isinstance(target, form.Name):
        names.add(target.name)
    elif isinstance(target, form.Item | form.Attribute):
        if isinstance(target.base, form.Name):
            parts.add(target.base.name)
    elif isinstance(target, form.Sequence):
        for item in target.items:
            _target(item, names, parts)
    elif isinstance(target, form.Mapping):
        for pair in target.pairs:
            _target(pair.value, names, parts)


def changed_attributes(module: Module, one: Class) -> frozenset[str]:
    """Attributes of ``this``, or of the class, that methods other than the constructor change."""
    found: set[str] = set()
    bases = {"this", "self", "cls", one.name}
    within: dict[int, list[int]] = {}
    for place, inner in enumerate(module.functions):
        if inner.keeps_this or module.language == "python":
            within.setdefault(inner.parent, []).append(place)
    for place in one.methods:
        method = module.functions[place]
        if method.kind == "constructor" or method.name in ("__init__", "__new__"):
            continue
        for each in (part for body in _bodies(module, place, within) for part in inside(body)):
            if isinstance(each, form.Let | form.Assigning):
                _attribute(each.target, bases, found)
            elif isinstance(each, form.Operation) and each.operator == "delete":
                for operand in each.operands:
                    _attribute(operand, bases, found)
            elif isinstance(each, form.Call):
                function = each.function
                if isinstance(function, form.Attribute) and function.name in WRITES:
                    _attribute(function.base, bases, found)
    return frozenset(found)


def _bodies(
    module: Module, place: int, within: Mapping[int, list[int]]
) -> Iterator[tuple[Statement, ...]]:
    """Of a method, and of the functions written in it that have its ``this``."""
    yield module.functions[place].body
    for inner in within.get(place, ()):
        if inner != place:
            yield from _bodies(module, inner, within)


def _attribute(target: form.Expression, bases: set[str], found: set[str]) -> None:
    if isinstance(target, form.Item):
        target = target.base
    base = target.base if isinstance(target, form.Attribute) else None
    if isinstance(base, form.Name) and base.name in bases and isinstance(target, form.Attribute):
        found.add(target.name)


def attributes(module: Module, one: Class) -> dict[str, list[tuple[int, form.Expression]]]:
    """What is assigned to ``this.x`` or ``self.x``: the function and the value."""
    found: dict[str, list[tuple[int, form.Expression]]] = {}
    for place in one.methods:
        for each in inside(module.functions[place].body):
            if isinstance(each, form.Let | form.Assigning) and isinstance(
                each.target, form.Attribute
            ):
                base = each.target.base
                if isinstance(base, form.Name) and base.name in ("this", "self"):
                    found.setdefault(each.target.name, []).append((place, each.value))
    return found


def called(modules: Iterable[Module]) -> frozenset[str]:
    """Last names of what is called anywhere in some files."""
    found: set[str] = set()
    for module in modules:
        for function in module.functions:
            for one in inside(function.body):
                if isinstance(one, form.Call) and isinstance(
                    one.function, form.Attribute | form.Name
                ):
                    found.add(one.function.name)
    return frozenset(found)


def assignments(module: Module, name: str) -> list[tuple[int, form.Expression]]:
    """What the functions of a file assign to a variable at its top."""
    found: list[tuple[int, form.Expression]] = []
    for place, function in enumerate(module.functions):
        for one in inside(function.body):
            if isinstance(one, form.Let | form.Assigning) and one.target == form.Name(name):
                found.append((place, one.value))
    return found


def providers(module: Module) -> list[form.Mapping]:
    """``{ provide: token, useClass: … }`` anywhere in a file."""
    found = []
    for body in [*module.functions, *module.classes]:
        for one in inside(body):
            if isinstance(one, form.Mapping) and any(
                pair.key == form.Constant("provide") for pair in one.pairs
            ):
                found.append(one)
    return found
