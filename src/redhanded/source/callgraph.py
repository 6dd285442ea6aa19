"""Who calls whom: every call in every function, in the context it is made in.

A function is looked at once for each distinct meaning of its parameters, so that a wrapper or a
factory that serves many callers does not mix them up. Calls whose target is not known have no
target here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.source.evaluate import Evaluator
from redhanded.source.outline import FunctionInfo, Scope
from redhanded.source.syntax import call_line, callee_of, flat
from redhanded.source.values import (
    Class,
    External,
    Frame,
    Function,
    Instance,
    Made,
    Member,
    Object,
    Value,
    Values,
    is_library,
    origin,
)

CONTEXTS_MAX = 16
"""Meanings of one function's parameters that are told apart."""

SITES_MAX = 400_000
"""Calls looked at before the walk ends."""

_CALLBACK_ARGUMENTS = 5
_EACH_METHODS = frozenset(("forEach", "map", "filter", "some", "every", "find", "flatMap"))


@dataclass(slots=True, kw_only=True, eq=False)
class Closure:
    """A function in one context."""

    function: FunctionInfo
    frame: Frame | None

    @property
    def location(self) -> Location:
        """Where the function is defined."""
        info = self.function
        return Location(path=info.module.path, line=info.line, function=name_of(info))


@dataclass(slots=True, kw_only=True, eq=False)
class Site:
    """A call."""

    closure: Closure
    call: Node
    scope: Scope
    callee: Values
    targets: tuple[Closure, ...] = ()
    """Functions of the program that it calls."""
    callbacks: tuple[Closure, ...] = ()
    """Functions of the program that it gives to a library."""

    @property
    def path(self) -> str:
        return self.scope.module.path

    @property
    def location(self) -> Location:
        """The line that a stack trace shows."""
        function = name_of(self.closure.function)
        return Location(path=self.path, line=call_line(self.call), function=function)

    @property
    def label(self) -> str:
        """The callee as written, on one line."""
        callee = callee_of(self.call)
        text = flat(callee) if callee is not None else ""
        return text if len(text) <= 60 else "…" + text[-59:]


@dataclass(slots=True, kw_only=True)
class CallGraph:
    """Calls of a program, worked out when they are asked for."""

    evaluator: Evaluator
    limits: list[str] = field(default_factory=list)
    reaching: frozenset[str] = frozenset()
    """Files that import a library that is understood, directly or through others."""
    _closures: dict[tuple[int, int], Closure] = field(default_factory=dict)
    _contexts: dict[int, int] = field(default_factory=dict)
    _given: dict[int, bool] = field(default_factory=dict)
    _sites: dict[int, tuple[Site, ...]] = field(default_factory=dict)

    def walk(self) -> tuple[Site, ...]:
        """Every call that may concern a library that is understood.

        First what runs when a file is loaded and what that calls, then the rest. Files that import
        none of the libraries, not even through others, are looked at only where they are given
        something from those that do.
        """
        found: list[Site] = []
        seen: set[int] = set()
        visited: set[int] = set()
        program = self.evaluator.program
        self.reaching = program.reaching(self.evaluator.kept)
        wanted = [path for path in program.paths if path in self.reaching]
        modules = [one for one in map(program.module, wanted) if one is not None]
        work = [self.closure(one.top, None) for one in modules]
        rest = [info for one in modules for info in one.functions.values()]
        position = 0
        # What is not called by anything known is looked at last, without a context.
        while len(found) < SITES_MAX:
            if not work:
                while position < len(rest) and id(rest[position]) in visited:
                    position += 1
                if position == len(rest):
                    return tuple(found)
                work.append(self.closure(rest[position], None))
            closure = work.pop()
            if id(closure) in seen:
                continue
            seen.add(id(closure))
            visited.add(id(closure.function))
            for site in self.sites(closure):
                found.append(site)
                work += [one for one in (*site.targets, *site.callbacks) if self._matters(one)]
        self.limits.append(f"only the first {SITES_MAX} calls were looked at")
        return tuple(found)

    def _matters(self, closure: Closure) -> bool:
        return closure.function.module.path in self.reaching or self._is_given(closure.frame)

    def _is_given(self, frame: Frame | None) -> bool:
        """Whether something that concerns a library was handed in, here or further out."""
        if frame is None:
            return False
        found = self._given.get(id(frame))
        if found is None:
            self._given[id(frame)] = False
            values = [one for values in frame.arguments or () for one in values]
            if frame.this is not None:
                values.append(frame.this)
            found = any(map(self._concerns, values)) or self._is_given(frame.parent)
            self._given[id(frame)] = found
        return found

    def _concerns(self, value: Value) -> bool:
        if isinstance(value, Function):
            path = value.function.module.path
            return path in self.reaching or self._is_given(value.frame)
        if isinstance(value, Instance):
            return self._concerns(value.of) or value.scope.module.path in self.reaching
        if isinstance(value, Class | Object):
            return value.scope.module.path in self.reaching
        start = origin(value)
        known = start is not None and start.module in self.evaluator.kept
        return known and isinstance(value, Made | Member)

    def closure(self, function: FunctionInfo, frame: Frame | None) -> Closure:
        """A function in a context; one without context where there are too many."""
        key = (id(function), id(frame))
        if key not in self._closures:
            self._contexts[id(function)] = self._contexts.get(id(function), 0) + 1
            if frame is not None and self._contexts[id(function)] > CONTEXTS_MAX:
                return self.closure(function, None)
            self._closures[key] = Closure(function=function, frame=frame)
        return self._closures[key]

    def given(self, callee: Value, function: Function) -> Closure:
        """A function that is given to a library, called by that library."""
        arguments: list[Values] = [
            (Member(base=callee, name=f"({position})"),) for position in range(_CALLBACK_ARGUMENTS)
        ]
        if isinstance(callee, Member) and isinstance(callee.base, Object):
            known = callee.name in _EACH_METHODS
            arguments = [self.evaluator.elements(callee.base)] if known else []
        frame = self.evaluator.frame(function, tuple(arguments))
        return self.closure(function.function, frame)

    def sites(self, closure: Closure) -> tuple[Site, ...]:
        """The calls written in a function, in the order in which their ends stand in the text."""
        found = self._sites.get(id(closure))
        if found is None:
            calls = closure.function.calls
            made = (self._site(closure, call, scope) for call, scope in calls)
            found = tuple(one for one in made if one is not None)
            self._sites[id(closure)] = found
        return found

    def reach(self, closures: Iterable[Closure], depth: int) -> list[Closure]:
        """Functions that these call, directly or through others, themselves included."""
        found = dict.fromkeys(closures)
        edge = list(found)
        for _ in range(depth):
            following = [
                target
                for closure in edge
                for site in self.sites(closure)
                for target in (*site.targets, *site.callbacks)
                if target not in found
            ]
            edge = list(dict.fromkeys(following))
            found.update(dict.fromkeys(edge))
        return list(found)

    def functions_in(
        self, values: Values, *, nested: int = 3
    ) -> list[tuple[Value | None, Function]]:
        """Functions among values, in arrays of them, and wrapped by a library's function.

        With each, the library call that wraps it.
        """
        found: list[tuple[Value | None, Function]] = []
        for one in values:
            if isinstance(one, Function):
                found.append((None, one))
            elif isinstance(one, Object) and one.node.type == "array" and nested:
                found += self.functions_in(self.evaluator.elements(one), nested=nested - 1)
            elif isinstance(one, Made):
                for given in self.evaluator.arguments(one.call, one.scope, one.frame):
                    found += [(one.callee, f) for f in given if isinstance(f, Function)]
        return found

    def _site(self, closure: Closure, call: Node, scope: Scope) -> Site | None:
        callee = callee_of(call)
        if callee is None or callee.type in ("import", "super"):
            return None
        values = self.evaluator.value(callee, scope, closure.frame)
        if values == (_REQUIRE,):
            return None
        site = Site(closure=closure, call=call, scope=scope, callee=values)
        given = self.evaluator.arguments(call, scope, closure.frame)
        targets: list[Closure] = []
        callbacks: list[Closure] = []
        for one in values:
            if isinstance(one, Function):
                if call.type == "call_expression":
                    frame = self.evaluator.frame(one, given)
                    targets.append(self.closure(one.function, frame))
            elif isinstance(one, Class):
                targets += self._constructed(one, site)
            elif isinstance(one, Member) and isinstance(one.base, Function):
                if one.name in ("call", "apply"):
                    rest = given[1:] if one.name == "call" else None
                    frame = self.evaluator.frame(one.base, rest)
                    targets.append(self.closure(one.base.function, frame))
            elif is_library(one):
                callbacks += self._callbacks(one, given)
        site.targets = tuple(dict.fromkeys(targets))
        site.callbacks = tuple(dict.fromkeys(callbacks))
        return site

    def _constructed(self, value: Class, site: Site) -> list[Closure]:
        constructor = self.evaluator.constructor(value)
        if constructor is None:
            return []
        frame = site.closure.frame
        instance = Instance(of=value, call=site.call, scope=site.scope, frame=frame)
        inner = self.evaluator.constructor_frame(value, instance)
        return [self.closure(constructor.function, inner)]

    def _callbacks(self, callee: Value, given: tuple[Values, ...]) -> list[Closure]:
        found: list[Closure] = []
        for values in given:
            for one in values:
                if isinstance(one, Function):
                    found.append(self.given(callee, one))
                elif isinstance(one, Object) and one.node.type == "array":
                    elements = self.evaluator.elements(one)
                    inner = [f for f in elements if isinstance(f, Function)]
                    found += [self.given(callee, f) for f in inner]
        return found


def name_of(info: FunctionInfo) -> str | None:
    """The name of a function, or of the nearest named one around it."""
    current: FunctionInfo | None = info
    while current is not None:
        if current.name:
            return current.name
        current = current.parent
    return None


def from_library(values: Values, *modules: str) -> list[Value]:
    """Those that lead back to one of these libraries."""
    found = []
    for one in values:
        start = origin(one)
        if start is not None and start.module in modules:
            found.append(one)
    return found


_REQUIRE = External(module="global", members=("require",))
