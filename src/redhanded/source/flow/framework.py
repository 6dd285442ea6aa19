"""What one library means: a table from its calls to effects, and the entries it declares.

A framework never looks at names of variables: it is given values, and a value that comes from its
package is a `Library`. It holds no state between calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Class, Function, Module
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Kind, Library, Procedure, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """A call whose callee comes from a library of the framework."""

    callee: Library
    """With the method as its last step; for ``new X(…)`` the class."""
    arguments: tuple[Value, ...]
    keywords: Mapping[str, Value]
    location: Location
    is_new: bool = False
    is_tagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A function that the library calls: now, once, with these arguments."""

    function: Value
    arguments: tuple[Value, ...] = ()
    in_transaction: bool = False
    """Between the call's ``begin`` and a commit; raising rolls back."""
    holding: bool = False
    """While the lock that the call acquires is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a call does and gives."""

    effects: tuple[Effect, ...] = ()
    result: Value | None = None
    """None: the effect's `Result`, or the callee with a ``Made`` step where there is no effect."""
    callbacks: tuple[Callback, ...] = ()
    is_lazy: bool = False
    """Nothing happens yet: a query that is being built. ``settle`` is asked when it is awaited,
    iterated, or given to something that executes it."""
    whole_path: bool = False
    """The transaction that begins is in force for all statements (Django, a scoped session)."""


class Surroundings(Protocol):
    """What a framework may ask while it reads a call. The program implements it."""

    @property
    def schema(self) -> Schema: ...

    def modules(self) -> Iterable[Module]: ...

    def module(self, path: str) -> Module | None: ...

    def class_of(self, kind: Kind) -> Class: ...

    def function_of(self, procedure: Procedure) -> Function: ...

    def bases(self, kind: Kind) -> tuple[Value, ...]:
        """Values of the bases, outermost library ones included, in order of resolution."""
        ...

    def evaluate(self, expression: Expression, path: str, function: int = 0) -> Value:
        """The value of an expression that stands in a function (0: the top of a file)."""
        ...

    def decorators(self, of: Procedure | Kind) -> tuple[Value, ...]:
        """Their values; one that is called ends in a `Made`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """An entry and the functions that run for it, in their order (middleware first).

    ``arguments`` are what the last of them is given; the others get the same as far as they have
    parameters.
    """

    entry: Entry
    functions: tuple[Value, ...]
    arguments: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)


Moment = Literal["await", "iterate", "enter", "decorate", "test"]


class Framework(Protocol):
    """One library, one file, one line in `FRAMEWORKS`."""

    name: str
    packages: tuple[str, ...]
    """Imports by which its presence is known (``pg``, ``@prisma/client``, ``django``)."""

    def call(self, site: CallSite, around: Surroundings) -> Meaning | None:
        """What a call means; None: not one of ours."""
        ...

    def settle(self, value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
        """What happens when a value of ours is awaited, iterated, entered by ``with``, used to
        decorate a function that is now called, or tested for truth; None: nothing."""
        ...

    def entries(self, around: Surroundings) -> Iterable[FoundEntry]:
        """What it declares by decorators, registrations at the top of files, or by convention of
        paths (``app/api/**/route.ts``). Registrations inside functions that run at the start
        (``module.exports = (app) => { app.post(…) }``) arrive through ``registered``."""
        ...

    def registered(self, site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
        """The entries that a call registers (``app.post(path, …handlers)``, ``queue.process``)."""
        ...
