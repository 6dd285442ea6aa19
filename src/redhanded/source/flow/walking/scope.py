"""Variables of a function that runs, and the changes that a branch makes to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Result,
    Unknown,
    Value,
)

ALTERNATIVES_MAX = 8

Cell = tuple[dict[str, Value], str]
Changes = dict[tuple[int, str], tuple[dict[str, Value], str, Value | None]]
T = TypeVar("T")


class Scope:
    """The variables of one call of a function; ``receiver`` is what ``this`` is."""

    __slots__ = ("function", "outer", "parent", "path", "receiver", "variables")

    def __init__(
        self,
        path: str,
        function: int,
        parent: Scope | None = None,
        receiver: Value | None = None,
    ) -> None:
        self.path = path
        self.function = function
        self.parent = parent
        self.receiver = receiver
        self.variables: dict[str, Value] = {}
        self.outer: frozenset[str] = frozenset()
        """Python's ``global`` and ``nonlocal`` names."""

    def holder(self, name: str) -> Scope | None:
        """The innermost scope that has the variable."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope
            scope = scope.parent
        return None

    @property
    def this(self) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if scope.receiver is not None:
                return scope.receiver
            scope = scope.parent
        return None


class Journal:
    """Every change of a variable or part, so that a branch can be undone and merged."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[tuple[dict[str, Value], str, Value | None]] = []

    def write(self, cell: dict[str, Value], name: str, value: Value) -> None:
        self.entries.append((cell, name, cell.get(name)))
        cell[name] = value

    def remove(self, cell: dict[str, Value], name: str) -> None:
        if name in cell:
            self.entries.append((cell, name, cell[name]))
            del cell[name]

    def branch(self, run: Callable[[], T]) -> tuple[T, Changes]:
        """Runs, undoes what it changed, and gives the changes."""
        mark = len(self.entries)
        result = run()
        changes: Changes = {}
        for cell, name, old in reversed(self.entries[mark:]):
            changes.setdefault((id(cell), name), (cell, name, cell.get(name)))
            if old is None:
                cell.pop(name, None)
            else:
                cell[name] = old
        del self.entries[mark:]
        return result, changes

    def merge(self, branches: Sequence[Changes]) -> None:
        """What holds after one of the branches ran, not known which."""
        if len(branches) == 1:
            for cell, name, new in branches[0].values():
                if new is not None:
                    self.write(cell, name, new)
            return
        for key in dict.fromkeys(key for one in branches for key in one):
            cell, name, _ = next(one[key] for one in branches if key in one)
            before = cell.get(name)
            after = [one[key][2] if key in one else before for one in branches]
            self.write(cell, name, either([one for one in after if one is not None]))


def either(values: Sequence[Value]) -> Value:
    """One of these: flat, each once."""
    first = values[0] if values else None
    if first is not None and all(one is first for one in values):
        return first
    found: dict[object, Value] = {}
    for value in values:
        for one in value.values if type(value) is Either else (value,):
            found.setdefault(_key(one), one)
    if not found:
        return Known(None)
    if len(found) == 1:
        return next(iter(found.values()))
    return Either(tuple(found.values())[:ALTERNATIVES_MAX])


def _key(value: Value, depth: int = 3) -> object:
    """Equal for values that are the same, as far as that is cheap to tell."""
    if isinstance(value, Known):
        return (type(value.value), value.value)
    if isinstance(value, Unknown):
        return ("?", value.text)
    if isinstance(value, Result):
        return (value.event, value.parts)
    if isinstance(value, Input):
        return (value.source, value.parts, "input")
    if isinstance(value, Kind):
        return (value.path, value.index, "kind")
    if isinstance(value, Procedure):
        return (value.path, value.function, id(value.receiver), id(value.closure))
    if isinstance(value, Library):
        last = value.steps[-1] if value.steps else ""
        return (value.package, value.names, last.location if isinstance(last, Made) else None)
    if isinstance(value, Computed) and depth:
        return (value.operator, *(_key(one, depth - 1) for one in value.operands))
    return id(value)


def hash_of(value: Any) -> int:
    try:
        return hash(value)
    except (TypeError, RecursionError):
        return id(value)
