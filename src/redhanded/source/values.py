"""What an expression may stand for, as far as it can be known without running it.

Every value is either something the program itself defines (a function, a class, an object literal)
or something that leads back to a library by name. An expression that is neither has no value:
nothing is ever guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tree_sitter import Node

if TYPE_CHECKING:
    from redhanded.source.outline import FunctionInfo, Module, Scope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One call of a function: what its parameters stand for. Interned, compared by identity."""

    function: FunctionInfo
    arguments: tuple[Values, ...] | None
    """By position; None where the call is not known."""
    this: Value | None
    parent: Frame | None
    """The frame of the function that this one is written in."""
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string or number literal."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Something a library exports, or a global (module ``global``)."""

    module: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the program, with the frame it was made in."""

    function: FunctionInfo
    frame: Frame | None
    this: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of the program."""

    node: Node
    scope: Scope
    frame: Frame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An object made by ``new`` from a class or function of the program."""

    of: Class | Function
    call: Node | None
    """The ``new`` expression; None where it is only known by its type."""
    scope: Scope
    frame: Frame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object, array or enum literal."""

    node: Node
    scope: Scope
    frame: Frame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A module of the program, as ``import * as`` gives it."""

    module: Module


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a library gave when it was called, e.g. ``express()``, ``new Queue('a')``."""

    callee: Value
    call: Node
    scope: Scope
    frame: Frame | None
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.callee, self.call, self.frame)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A property of something made by a library; ``(0)`` is the first argument of a callback."""

    base: Value
    name: str
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.base, self.name)))

    def __hash__(self) -> int:
        return self._hash


Value: TypeAlias = (
    Text | External | Function | Class | Instance | Object | Namespace | Made | Member
)
Values: TypeAlias = tuple[Value, ...]
UNKNOWN: Values = ()


def depth_of(values: Values) -> int:
    """How many calls are nested in what these values close over."""
    return max((_depth(one) for one in values), default=0)


def _depth(value: Value) -> int:
    if isinstance(value, Member):
        return _depth(value.base)
    if isinstance(value, Made):
        return max(value.frame.depth if value.frame else 0, _depth(value.callee))
    if isinstance(value, Function | Class | Object | Instance):
        return value.frame.depth if value.frame else 0
    return 0


def is_library(value: Value) -> bool:
    """Leads back to a library: its code is not part of the program."""
    return isinstance(value, External | Made | Member | Text)


def origin(value: Value) -> External | None:
    """The library export that a value leads back to."""
    while True:
        if isinstance(value, Member):
            value = value.base
        elif isinstance(value, Made):
            value = value.callee
        else:
            return value if isinstance(value, External) else None


def is_given(value: Value) -> bool:
    """Whether a library gave it to a callback, e.g. a request or a job."""
    while isinstance(value, Made | Member):
        if isinstance(value, Member) and value.name.startswith("("):
            return True
        value = value.base if isinstance(value, Member) else value.callee
    return False


def distinct(values: list[Value], most: int = 64) -> Values:
    """Without repetition; unknown where there are too many to be of use."""
    found = tuple(dict.fromkeys(values))
    return found if len(found) <= most else UNKNOWN
