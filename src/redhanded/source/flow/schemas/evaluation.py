"""What expressions of models and migrations hold, and which calls a migration makes, in order.

Small on purpose: models and migrations are declarations. Names are followed to their one
definition, also in other files; functions of the program are entered; both branches of a condition
are; loops over a written list run for each of it. What a program computes at run time is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Class, Module
from redhanded.source.flow.schemas.program import Program, package_of
from redhanded.source.flow.schemas.walking import flat
from redhanded.source.flow.values import Kind, Library, Procedure, Record, Unknown, Value

DEPTH_MAX = 24
NESTED_MAX = 60
"""Of all that is evaluated for something else, over files and functions."""
CALLS_MAX = 20_000
"""Of one migration; a program that computes more is not read further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call of something that a library gave."""

    callee: Library
    arguments: tuple[Value, ...]
    keywords: Mapping[str, Value]
    location: Location

    @property
    def method(self) -> str:
        return self.callee.names[-1] if self.callee.steps else ""

    def argument(self, place: int, keyword: str = "") -> Value | None:
        """By place, or by keyword."""
        if keyword and keyword in self.keywords:
            return self.keywords[keyword]
        return self.arguments[place] if place < len(self.arguments) else None


@dataclass(slots=True, kw_only=True)
class Scope:
    """Where an expression stands. ``names``: what is bound while a function runs."""

    module: Module
    function: int = 0
    names: dict[str, Value] = field(default_factory=dict)
    outer: Scope | None = None
    owner: Kind | None = None
    """Of an expression in the body of a class of Python: what stands there has its names."""


Seen = Callable[[Step], Value | None]
"""Told of each call of a library; may say what it gives."""


class Evaluation:
    """Evaluates within one program. ``seen`` is told of calls while a migration runs."""

    def __init__(self, program: Program, seen: Seen | None = None) -> None:
        self.program = program
        self.seen = seen
        self.calls = 0
        self.kept: dict[str, Any] = {}
        """What several tools ask for, found once."""
        self._nested = 0
        self._bound: dict[tuple[str, int], dict[str, Expression | Procedure | Kind]] = {}
        self._given: dict[str, dict[str, Value]] = {}
        self._busy: set[tuple[str, int, str]] = set()
        self.entered: list[tuple[str, int]] = []
        """Functions that are being run, outermost first."""
        self.conditions = 0
        """Branches that are being run and may not be taken."""

    def at(self, expression: Expression, path: str, function: int = 0) -> Value:
        """The value of an expression of a file."""
        return self.value(expression, Scope(module=self.program.modules[path], function=function))

    def class_of(self, kind: Kind) -> Class:
        return self.program.modules[kind.path].classes[kind.index]

    def bases(self, kind: Kind) -> tuple[Value, ...]:
        """Of a class, as it names them."""
        scope = Scope(module=self.program.modules[kind.path], function=self.class_of(kind).parent)
        return tuple(
            self.value(one.value, scope) for one in self.class_of(kind).bases if one.name is None
        )

    # Expressions.

    def value(self, expression: Expression, scope: Scope, depth: int = 0) -> Value:
        """The value; `Unknown` where it cannot be told."""
        if depth > DEPTH_MAX:
            return Unknown()
        from redhanded.source.flow.schemas.expressions import read

        if self._nested > NESTED_MAX:
            return Unknown()
        self._nested += 1
        try:
            return read(self, expression, scope, depth + 1)
        finally:
            self._nested -= 1

    def name(self, name: str, scope: Scope, depth: int = 0) -> Value:
        """What a name holds there."""
        around: Scope | None = scope
        while around is not None:
            if name in around.names:
                return around.names[name]
            if around.owner is not None:
                found = self._beside(around.owner, name, depth)
                if found is not None:
                    return found
            around = around.outer
        module, function = scope.module, max(scope.function, 0)
        while function >= 0:
            defined = self._definitions(module, function).get(name)
            key = (module.path, function, name)
            if defined is not None and key not in self._busy:
                self._busy.add(key)
                try:
                    return self._defined(defined, module, function, depth)
                finally:
                    self._busy.discard(key)
            function = module.functions[function].parent if module.functions else -1
        return self._imported(name, module, depth)

    def _beside(self, owner: Kind, name: str, depth: int) -> Value | None:
        key = (owner.path, -1 - owner.index, name)
        if key in self._busy:
            return None
        for one in self.class_of(owner).fields:
            if one.name == name and one.value is not None:
                self._busy.add(key)
                try:
                    scope = Scope(module=self.program.modules[owner.path], owner=owner)
                    return self.value(one.value, scope, depth)
                finally:
                    self._busy.discard(key)
        return None

    def definition(self, name: str, scope: Scope) -> tuple[Expression, Scope] | None:
        """The expression that a name of a file's top was given, also in another file."""
        found = self._definitions(scope.module, 0).get(name)
        if found is not None:
            is_plain = not isinstance(found, Procedure | Kind)
            return (found, Scope(module=scope.module)) if is_plain else None  # type: ignore[return-value]
        for one in scope.module.imports:
            if one.local == name:
                target = self.program.resolve(scope.module, one.specifier)
                if target is not None and target != scope.module.path:
                    return self.definition(one.name, Scope(module=self.program.modules[target]))
        return None

    def _defined(
        self, found: Expression | Procedure | Kind, module: Module, function: int, depth: int
    ) -> Value:
        if isinstance(found, Procedure | Kind):
            return found
        return self.value(found, Scope(module=module, function=function), depth)

    def _definitions(
        self, module: Module, function: int
    ) -> dict[str, Expression | Procedure | Kind]:
        key = (module.path, function)
        if key not in self._bound:
            found: dict[str, Expression | Procedure | Kind] = {}
            body = module.functions[function].body if module.functions else ()
            for statement in flat(body):
                if isinstance(statement, form.Let) and isinstance(statement.target, form.Name):
                    found.setdefault(statement.target.name, statement.value)
                elif isinstance(statement, form.Let) and isinstance(statement.target, form.Mapping):
                    for pair in statement.target.pairs:
                        if isinstance(pair.key, form.Constant) and isinstance(
                            pair.value, form.Name
                        ):
                            step = form.Attribute(statement.value, str(pair.key.value))
                            found.setdefault(pair.value.name, step)
                elif isinstance(statement, form.Define):
                    named = module.functions[statement.function].name
                    found.setdefault(named, Procedure(module.path, statement.function))
                elif isinstance(statement, form.DefineClass):
                    named = module.classes[statement.index].name
                    found.setdefault(named, Kind(module.path, statement.index, named))
            self._bound[key] = found
        return self._bound[key]

    def _imported(self, name: str, module: Module, depth: int) -> Value:
        for one in module.imports:
            if one.local == name:
                return self._import(module, one.specifier, one.name, depth)
        for one in module.imports:
            target = self.program.resolve(module, one.specifier) if one.local == "*" else None
            if target is not None:
                found = self.exported(target, name, depth)
                if not isinstance(found, Unknown):
                    return found
        return Unknown(name)

    def _import(self, module: Module, specifier: str, name: str, depth: int) -> Value:
        target = self.program.resolve(module, specifier)
        if target is not None:
            if name in ("*", "="):
                return self._whole(target, depth)
            found = self.exported(target, name, depth)
            if isinstance(found, Unknown) and module.language == "python":
                inner = self.program.resolve(module, f"{specifier.rstrip('.')}.{name}")
                if specifier.strip(".") == "":
                    inner = self.program.resolve(module, specifier + name)
                if inner is not None:
                    return Library(f"file:{inner}")
                if target.endswith("__init__.py") and not specifier.startswith("."):
                    # A folder called like a library (``alembic/``) does not have what is meant.
                    package, steps = package_of(module, specifier)
                    return Library(package, (*steps, name))
            return found
        if specifier.startswith("."):
            return Unknown(name)
        package, steps = package_of(module, specifier)
        if name in ("*", "=", "default"):
            return Library(package, steps if name != "*" or module.language != "python" else ())
        return Library(package, (*steps, name))

    def _whole(self, path: str, depth: int) -> Value:
        module = self.program.modules[path]
        for one in module.exports:
            if one.exported == "=" and one.value is not None:
                return self.value(one.value, Scope(module=module), depth)
        return Library(f"file:{path}")

    def exported(self, path: str, name: str, depth: int = 0) -> Value:
        """What a file gives under a name."""
        known = self._given.setdefault(path, {})
        if name not in known:
            known[name] = Unknown(name)  # what a circle of imports finds
            known[name] = self._exported(path, name, depth + 1)
        return known[name]

    def _exported(self, path: str, name: str, depth: int) -> Value:
        module = self.program.modules[path]
        if depth > DEPTH_MAX:
            return Unknown(name)
        if module.language == "python":
            return self.name(name, Scope(module=module), depth)
        whole: Value = Unknown(name)
        for one in module.exports:
            if one.exported == name:
                if one.specifier:
                    return self._import(module, one.specifier, one.name, depth)
                if one.value is not None:
                    return self.value(one.value, Scope(module=module), depth)
            elif one.exported == "*" and one.specifier:
                target = self.program.resolve(module, one.specifier)
                if target is not None:
                    found = self.exported(target, name, depth)
                    if not isinstance(found, Unknown):
                        whole = found
            elif one.exported == "=" and one.value is not None:
                given = self.value(one.value, Scope(module=module), depth)
                whole = given if name == "default" else self.member(given, name, depth)
        return whole

    def member(self, base: Value, name: str, depth: int = 0) -> Value:
        """An attribute or item of a value."""
        if isinstance(base, Library):
            if base.package.startswith("file:"):
                return self._of_file(base.package[5:], name, depth)
            return Library(base.package, (*base.steps, name), base.through)
        if isinstance(base, Record):
            return base.parts.get(name, Unknown(name))
        if isinstance(base, Kind):
            return self._class_member(base, name, depth)
        return Unknown(name)

    def _of_file(self, path: str, name: str, depth: int) -> Value:
        found = self.exported(path, name, depth)
        if isinstance(found, Unknown) and path.endswith("__init__.py"):
            inner = self.program.resolve(self.program.modules[path], f".{name}")
            return Library(f"file:{inner}") if inner is not None else found
        return found

    def _class_member(self, kind: Kind, name: str, depth: int) -> Value:
        module, found = self.program.modules[kind.path], self.class_of(kind)
        owner = kind if module.language == "python" else None
        scope = Scope(module=module, function=found.parent, owner=owner)
        for field_ in found.fields:
            if field_.name == name and field_.value is not None:
                return self.value(field_.value, scope, depth)
        for method in found.methods:
            if module.functions[method].name == name:
                return Procedure(kind.path, method, receiver=kind)
        for base in self.bases(kind) if depth < DEPTH_MAX else ():
            given = self.member(base, name, depth + 1)
            if isinstance(given, Library):
                return Library(given.package, given.steps, through=kind)
            if not isinstance(given, Unknown):
                return given
        return Unknown(name)

    def bind(self, target: Expression, value: Value, scope: Scope) -> None:
        """Binds a name or a pattern."""
        if isinstance(target, form.Name):
            scope.names[target.name] = value
        elif isinstance(target, form.Mapping):
            for pair in target.pairs:
                if isinstance(pair.key, form.Constant):
                    inner = pair.value
                    if isinstance(inner, form.Assigning):
                        inner = inner.target
                    self.bind(inner, self.member(value, str(pair.key.value)), scope)
        elif isinstance(target, form.Sequence):
            for place, item in enumerate(target.items):
                self.bind(item, self.member(value, str(place)), scope)
