"""Functions that stand for classes: ``X.prototype.get = function …``, as JavaScript was written
before it had classes, and as much of what is published still is.

An object of such a function has the methods of its prototype and of those that it inherits from by
``util.inherits``, ``Object.create(Y.prototype)`` or ``X.prototype = new Y()``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import Procedure, Record, Value
from redhanded.source.flow.walking import calls, loading, looking
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

COPYING = frozenset(("assign", "extend", "mixin", "defaults", "_extend", "extends"))
INHERITING = frozenset(("inherits", "inherit"))


@dataclass(slots=True)
class Prototype:
    """What objects of a function have in common."""

    name: str
    methods: dict[str, int] = field(default_factory=dict)
    """Name to place among the functions of the file."""
    function: int | None = None
    """The place of the function itself, which makes an object ready."""
    above: list[str] = field(default_factory=list)
    """Names of functions whose prototypes it inherits from."""


def prototypes(module: Module) -> dict[str, Prototype]:
    """Those that a file writes, by the function's name."""
    if module.language == "python":
        return {}
    found: dict[str, Prototype] = {}
    aliases: dict[str, str] = {}
    makers = {one.name: place for place, one in enumerate(module.functions) if one.name}
    for function in module.functions:
        for one in looking.inside(function.body):
            if isinstance(one, form.Let | form.Assigning):
                if isinstance(one.target, form.Name) and (made := _function_in(one.value)):
                    makers[one.target.name] = made
                of = _prototype_of(one.value)
                if of is not None and isinstance(one.target, form.Name):
                    aliases[one.target.name] = of
                _assigned(one.target, one.value, aliases, found)
            elif isinstance(one, form.Call):
                _called(one, aliases, found)
    for name, each in found.items():
        each.function = makers.get(name)
    return {name: each for name, each in found.items() if each.methods or each.above}


def _function_in(value: Expression) -> int | None:
    """``var X = module.exports = function …``."""
    while isinstance(value, form.Assigning):
        value = value.value
    return value.function if isinstance(value, form.Lambda) else None


def _prototype_of(one: Expression) -> str | None:
    """X of ``X.prototype``, also of ``module.exports.prototype``."""
    if isinstance(one, form.Assigning):
        return _prototype_of(one.value) or _prototype_of(one.target)
    if isinstance(one, form.Attribute) and one.name == "prototype":
        if isinstance(one.base, form.Name):
            return one.base.name
        if isinstance(one.base, form.Attribute):
            return one.base.name
    return None


def _named(of: str, found: dict[str, Prototype]) -> Prototype:
    return found.setdefault(of, Prototype(of))


def _assigned(
    target: Expression, value: Expression, aliases: dict[str, str], found: dict[str, Prototype]
) -> None:
    if isinstance(target, form.Attribute):
        of = _prototype_of(target.base)
        if of is None and isinstance(target.base, form.Name):
            of = aliases.get(target.base.name)
        if of is not None and target.name == "__proto__":
            _inherits(of, value, found)
        elif of is not None:
            inner = value
            while isinstance(inner, form.Assigning):
                _assigned(inner.target, inner.value, aliases, found)
                inner = inner.value
            if isinstance(inner, form.Lambda):
                _named(of, found).methods[target.name] = inner.function
            return
    of = _prototype_of(target)
    if of is not None:
        _members(of, value, found)
        _inherits(of, value, found)


def _members(of: str, value: Expression, found: dict[str, Prototype]) -> None:
    if isinstance(value, form.Mapping):
        for pair in value.pairs:
            name = _key(pair.key)
            if name is not None and isinstance(pair.value, form.Lambda):
                _named(of, found).methods[name] = pair.value.function
    elif isinstance(value, form.Call):
        for one in value.arguments:
            _members(of, one.value, found)


def _key(one: Expression | None) -> str | None:
    if isinstance(one, form.Constant) and isinstance(one.value, str):
        return one.value
    return one.name if isinstance(one, form.Name) else None


def _inherits(of: str, value: Expression, found: dict[str, Prototype]) -> None:
    """``Object.create(Y.prototype)``, ``new Y()``, ``Y.prototype``."""
    above = _prototype_of(value)
    if isinstance(value, form.Call):
        if value.new and isinstance(value.function, form.Name):
            above = value.function.name
        elif value.arguments:
            above = _prototype_of(value.arguments[0].value)
    if above is not None and above != of:
        _named(of, found).above.append(above)


def _called(one: form.Call, aliases: dict[str, str], found: dict[str, Prototype]) -> None:
    function = one.function
    name = function.name if isinstance(function, form.Attribute | form.Name) else ""
    given = [each.value for each in one.arguments]
    if name in INHERITING and len(given) >= 2 and isinstance(given[0], form.Name):
        above = given[1]
        if isinstance(above, form.Name | form.Attribute):
            _named(given[0].name, found).above.append(above.name)
    elif name in COPYING and given:
        of = _prototype_of(given[0])
        if of is None and isinstance(given[0], form.Name):
            of = aliases.get(given[0].name)
        for each in given[1:] if of is not None else ():
            _members(of or "", each, found)


class Prototypes:
    """Those of all files of a program, and an object of each."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._by_file: dict[str, dict[str, Prototype]] = {}
        self._owners: dict[str, dict[int, str]] = {}
        self._makers: dict[str, dict[int, str]] = {}
        self._objects: dict[tuple[str, str], Record] = {}

    def owner(self, path: str, function: int) -> str | None:
        """The name of the function whose objects have this one as a method."""
        if path not in self._owners:
            self._owners[path] = {
                place: one.name for one in self.of(path).values() for place in one.methods.values()
            }
        return self._owners[path].get(function)

    def made_by(self, path: str, function: int) -> str | None:
        """The name of a function that makes objects with a prototype."""
        if path not in self._makers:
            self._makers[path] = {
                one.function: one.name for one in self.of(path).values() if one.function is not None
            }
        return self._makers[path].get(function)

    def object_of(self, path: str, name: str) -> Record:
        """The object that stands for all: its methods, and what its function sets when nothing is
        known of what it is given."""
        key = (path, name)
        made = self._objects.get(key)
        if made is None:
            made = self._objects[key] = self.new(path, name)
            function = self.of(path)[name].function
            if function is not None:
                with loading.aside(self._program, Scope(path, 0)) as run:
                    self.construct(run, path, name, made, (), {})
        return made

    def new(self, path: str, name: str) -> Record:
        """An object with its methods, before its function has run."""
        parts: dict[str, Value] = {}
        self._bind(path, name, parts, set())
        return Record(parts, is_complete=False)

    def construct(
        self,
        run: Run,
        path: str,
        name: str,
        made: Record,
        arguments: tuple[Value, ...],
        keywords: dict[str, Value],
    ) -> None:
        """Runs the function with the object as ``this``."""
        place = self.of(path)[name].function
        if place is None:
            return
        function = self._program.function_form(path, place)
        around = self._program.inside(path, max(function.parent, 0))
        constructor = Procedure(path, place, made, around)
        calls.enter(run, constructor, arguments, keywords, function.line)

    def _bind(self, path: str, name: str, parts: dict[str, Value], seen: set[str]) -> None:
        one = self.of(path).get(name)
        if one is None or name in seen:
            return
        seen.add(name)
        for above in one.above:
            self._bind(path, above, parts, seen)
        for method, place in one.methods.items():
            parent = self._program.function_form(path, place).parent
            around = self._program.inside(path, max(parent, 0))
            parts[method] = Procedure(path, place, None, around)

    def of(self, path: str) -> dict[str, Prototype]:
        """Those that a file writes."""
        if path not in self._by_file:
            module = self._program.module(path)
            self._by_file[path] = {} if module is None else prototypes(module)
        return self._by_file[path]
