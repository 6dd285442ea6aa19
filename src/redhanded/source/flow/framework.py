"""What one library means: a table from its calls to effects, and the entries it declares.

A framework never looks at names of variables: it is given values, and a value that comes from its
package is a `Library`. It holds no state between calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Class, Function, Module
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Kind, Library, Procedure, Result, Value


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
    """``THIS`` stands for the result of the call, also inside of other values."""
    keywords: Mapping[str, Value] = field(default_factory=dict)
    in_transaction: bool = False
    """Between the call's ``begin`` and a commit; raising rolls back. Its statements are in the
    transaction if their `Effect.session` is the effect's ``session``, the result of the call, or
    the first of ``arguments``; with ``whole_path`` all are."""
    holding: bool = False
    """While the lock that the call acquires is held."""
    retried: bool = False
    """It is called again when it fails."""
    in_loop: bool = False
    """It is called any number of times."""
    gives: bool = False
    """What it returns is what the call gives."""
    is_outcome: bool = False
    """It is given the outcome, so that there is no promise to wait for."""
    after_commit: bool = False
    """It is called when the outermost open transaction has been committed (what is begun inside of
    one is a savepoint), and not at all if that is rolled back; at once where none is open (Django's
    ``transaction.on_commit``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a call does and gives."""

    effects: tuple[Effect, ...] = ()
    result: Value | None = None
    """None: the first effect's `Result`, or the callee with a ``Made`` step where there is no
    effect. ``THIS`` in it stands for that `Result`, with other ``parts`` and ``of`` if need be:
    ``Result(THIS.event, ("rows",), kind)``."""
    callbacks: tuple[Callback, ...] = ()
    is_lazy: bool = False
    """Nothing happens yet: a query that is being built. ``settle`` is asked when it is awaited,
    iterated, or given to something that executes it."""
    whole_path: bool = False
    """The transaction that begins is in force for all statements (Django, a scoped session)."""
    is_async: bool = False
    """It gives a promise or coroutine, and is not awaited if that is dropped. In ECMAScript this is
    taken for granted of effects on databases, keys, queues and the network."""
    autobegin: bool = False
    """The first statement of its ``session`` begins a transaction, up to the next ``commit`` or
    ``rollback`` of that session (SQLAlchemy)."""
    flushes: bool = False
    """Before its effects, instances that were changed since are written (SQLAlchemy's ``flush``
    and ``commit``): the walker adds a ``save`` for each."""
    written: Callable[[Value], Value] | None = None
    """How a value that was set on an instance is written: ``row.stock = F('stock') - 1`` is a
    `Stored`. None: as it is."""
    adds: Mapping[str, Value] = field(default_factory=dict)
    """What every object of the package has from now on, by name: Fastify's ``app.decorate``."""
    at_flush: bool = False
    """The effects happen when their session is flushed next, where that call stands and under its
    handlers: SQLAlchemy's ``session.add(x)``, then ``session.commit()`` in a ``try``."""


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
    on: Value | None = None
    """The router or application it is registered on, whose prefix and middleware are known only
    when all `Mount` values are: `mounting.mounted` puts them together."""
    path: str = ""
    """With ``on``: the path below that router; `mounted` replaces it in the entry's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A router is mounted on another, or functions run before what follows on ``on``:
    ``app.use('/api', check, router)``."""

    on: Value
    location: Location
    what: Value | None = None
    """The router; None: only functions."""
    prefix: str = ""
    functions: tuple[Value, ...] = ()


THIS = Result(-1)
"""In a `Meaning`: what the call gives; its number is not known to the framework."""

LAST = Result(-2)
"""In a `Meaning`: what the last event gave whose effect has the object that is called, without the
method, as its ``session``: ``cursor.execute(…)``, then ``cursor.fetchone()``."""

Moment = Literal["await", "iterate", "enter", "decorate", "test", "inject"]


class Framework(Protocol):
    """One library, one file, one line in `FRAMEWORKS`."""

    @property
    def name(self) -> str: ...

    @property
    def packages(self) -> tuple[str, ...]:
        """Imports by which its presence is known (``pg``, ``@prisma/client``, ``django``). It is
        asked about calls of these packages only; ``global`` for what the language itself
        provides."""
        ...

    def call(self, site: CallSite, around: Surroundings) -> Meaning | None:
        """What a call means; None: not one of ours."""
        ...

    def settle(self, value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
        """What happens when a value of ours is awaited, iterated, entered by ``with``, used to
        decorate a function that is now called, or tested for truth; None: nothing.

        ``enter`` and ``decorate``: a transaction or lock that begins ends with the block or
        function. ``inject``: it is the default of a parameter that nothing was given for, or
        stands in its ``Annotated[…]``: FastAPI's ``Depends(get_session)`` gives a `Callback` that
        ``gives``. A function that yields is resumed after the one that it was injected into.
        """
        ...

    def entries(self, around: Surroundings) -> Iterable[FoundEntry | Mount]:
        """What it declares by decorators, registrations at the top of files, or by convention of
        paths (``app/api/**/route.ts``). Registrations inside functions that run at the start
        (``module.exports = (app) => { app.post(…) }``) arrive through ``registered``."""
        ...

    def registered(self, site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
        """The entries that a call registers (``app.post(path, …handlers)``, ``queue.process``),
        and what it mounts. All that were found go through `mounting.mounted` in the order of the
        calls."""
        ...


@runtime_checkable
class Relating(Protocol):
    """A framework whose rows lead to other rows."""

    def part(self, of: Kind, name: str, around: Surroundings) -> Value | None:
        """What an attribute of an instance of a class is beyond a value of its own: a related row
        (``Result(THIS.event, (name,), kind)``), or a query of related rows. ``THIS`` stands for the
        instance; None: nothing of ours."""
        ...
