"""What a variable may hold, as far as reading tells: nothing is guessed, `Unknown` instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from redhanded.case.evidence import Location


@dataclass(frozen=True, slots=True)
class Known:
    """A literal."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Library:
    """What a library gives: the package and the steps taken from it.

    A step is an attribute's name, or a `Made` for a call: ``new Pool(o).connect()`` is
    ``Library("pg", ("Pool", Made(o), "connect", Made()))``. `names` gives
    ``("Pool", "()", "connect", "()")``, which tables match. Python packages are named as they are
    imported, up to the first dot (``sqlalchemy``, steps ``("orm", "Session", …)``); built-ins of
    a language have the package ``global`` (``global`` ``("fetch",)``). npm packages are named with
    their scope and without ``node:``; a path inside of one is its first steps
    (``drizzle-orm``, ``("pg-core", "pgTable")``), and ``default`` is left out.

    A parameter that is only annotated is as if it were made there: ``q: Queue`` is
    ``("Queue", Made())``, ``repo: Repository<User>`` is ``("Repository", Made((Kind User,)))``, and
    with a decorator, ``@InjectQueue('mail') q: Queue``, the decorator's arguments:
    ``("Queue", Made((Known('mail'),)))``. What is taken from a decorated function of the program,
    ``send.delay`` of ``@shared_task def send``, is a step on the decorator's value with the
    function as ``through``: ``Library("celery", ("shared_task", "delay"), through=Procedure)``.
    """

    package: str
    steps: tuple[str | Made, ...] = ()
    through: Value | None = field(default=None, hash=False)
    """What of the program inherits it: for ``User.findOne`` with ``class User extends Model`` this
    is ``Library("sequelize", ("Model", "findOne"), through=Kind(User))``; for a method of an
    instance it is the `Record` or `Result` of that class, and the steps have a ``()`` before the
    method."""

    _names: tuple[str, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        names = self._names
        if names is None:
            names = tuple([one if isinstance(one, str) else "()" for one in self.steps])
            object.__setattr__(self, "_names", names)
        return names

    def __hash__(self) -> int:
        # Values share their parts: to hash all that they are made of may take forever.
        return hash((self.package, self.names))


@dataclass(frozen=True, slots=True)
class Made:
    """A call among the steps of a `Library`, with what it was given."""

    arguments: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict, hash=False)
    location: Location | None = None

    def __hash__(self) -> int:
        return hash((len(self.arguments), self.location))


@dataclass(frozen=True, slots=True)
class Procedure:
    """A function of the program: file, index in its `Module.functions`, and the object it is a
    method of, if any. The variables around it are the walker's business (`closure`)."""

    path: str
    function: int
    receiver: Value | None = None
    closure: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of the program: file and index in its `Module.classes`."""

    path: str
    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """An object, dict or instance whose parts are known in part.

    ``of``: the class it is an instance of. ``parts``: attribute or key to value; sequences have
    ``0``, ``1`` …
    """

    parts: Mapping[str, Value] = field(default_factory=dict, hash=False)
    of: Kind | Library | None = None
    is_complete: bool = True
    """False: there may be more parts than these (a spread of something unknown)."""

    def __eq__(self, other: object) -> bool:
        # An object may hold one that holds it.
        if self is other:
            return True
        if not isinstance(other, Record) or self.is_complete != other.is_complete:
            return False
        pair = (id(self), id(other))
        if pair in _COMPARED:
            return True
        _COMPARED.add(pair)
        try:
            return self.of == other.of and self.parts == other.parts
        finally:
            _COMPARED.discard(pair)

    def __hash__(self) -> int:
        return hash((self.of, self.is_complete))


@dataclass(frozen=True, slots=True)
class Result:
    """What an event gave, or a part of it: ``row.stock`` is ``Result(3, ("stock",))``.

    ``of`` is what kind of thing it is where that is known: the model of a row that was read. An
    object of a library (a cursor, a result that is fetched from) has that `Library` here; its
    methods are steps on that, with this as ``through``.
    """

    event: int
    """`Event.number`."""
    parts: tuple[str, ...] = ()
    of: Value | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """From outside: request, job data, arguments of an entry. ``parts``: ``("body", "id")``."""

    source: str
    """``request``, ``job``, ``argument``, ``environment``."""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """From other values: an operator, a template (``text``), or a call that does nothing to the
    world (``call:Math.max``); a test of a condition, too."""

    operator: str
    operands: tuple[Value, ...]

    _hash: int | None = field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        # Values share their parts: to hash all that they are made of may take forever.
        found = self._hash
        if found is None:
            found = hash((self.operator, *[_shallow(one) for one in self.operands]))
            object.__setattr__(self, "_hash", found)
        return found


@dataclass(frozen=True, slots=True)
class Stored:
    """Computed by the store from what it holds when it executes: ``stock - 1`` in SQL, ``F()``.

    ``columns`` are those it reads; ``text`` is how it is written.
    """

    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of several, by a branch not followed here; at most eight."""

    values: tuple[Value, ...]

    def __hash__(self) -> int:
        return hash(("either", len(self.values)))


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not readable; ``text`` is how it is written, for people."""

    text: str = ""


Value: TypeAlias = (
    Known
    | Library
    | Procedure
    | Kind
    | Record
    | Result
    | Input
    | Computed
    | Stored
    | Either
    | Unknown
)


def _shallow(value: Value) -> object:
    """The same for values that are equal; what is in them counts where it costs nothing."""
    if isinstance(value, Known | Unknown | Result | Input | Kind | Stored):
        return value
    return value.operator if isinstance(value, Computed) else type(value).__name__


_COMPARED: set[tuple[int, int]] = set()
"""Pairs of records that are being compared."""


_REMEMBERED: dict[int, tuple[Value, tuple[Result | Input, ...]]] | None = None
"""By identity, what `sources` gave; None while values may still change."""


@contextmanager
def finished() -> Iterator[None]:
    """While nothing is walked, so that no value changes: what was asked of one is remembered."""
    global _REMEMBERED
    before, _REMEMBERED = _REMEMBERED, {}
    try:
        yield
    finally:
        _REMEMBERED = before


def sources(value: Value | None) -> tuple[Result | Input, ...]:
    """The results and inputs that a value was made from, itself included, in order, once each."""
    if value is None or isinstance(value, Known | Unknown | Procedure | Kind | Stored):
        return ()
    if isinstance(value, Result | Input):
        return (value,)
    known = _REMEMBERED.get(id(value)) if _REMEMBERED is not None else None
    if known is not None:
        return known[1]
    found: dict[Result | Input, None] = {}
    _gather(value, found, set(), 12)
    given = tuple(found)
    if _REMEMBERED is not None:
        _REMEMBERED[id(value)] = (value, given)
    return given


def _gather(
    value: Value | None, found: dict[Result | Input, None], seen: set[int], depth: int
) -> None:
    if depth == 0 or value is None:
        return
    if isinstance(value, Result | Input):
        found[value] = None
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    inside: tuple[Value, ...] = ()
    if isinstance(value, Computed):
        inside = value.operands
    elif isinstance(value, Either):
        inside = value.values
    elif isinstance(value, Record):
        # What a file gives is looked up when it is asked for, and comes from no event.
        inside = tuple(value.parts.values()) if isinstance(value.parts, dict) else ()
    elif isinstance(value, Library):
        made = (step for step in value.steps if isinstance(step, Made))
        inside = tuple(one for step in made for one in (*step.arguments, *step.keywords.values()))
    for one in inside:
        _gather(one, found, seen, depth - 1)
