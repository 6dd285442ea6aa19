"""What was found out about a value, kept by its identity.

Values are large, share parts, and the same one stands in hundreds of events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from redhanded.source.flow.events import Path
from redhanded.source.flow.values import Computed, Either, Library, Made, Record, Result, Value

T = TypeVar("T")
_MAX = 50_000
_DEEPEST = 60
_PATHS_MAX = 256


def parts_of(value: Value) -> tuple[Value, ...]:
    """The values that a value directly holds."""
    if isinstance(value, Computed):
        return value.operands
    if isinstance(value, Either):
        return value.values
    if isinstance(value, Record):
        return tuple(value.parts.values())
    if isinstance(value, Library):
        made = (step for step in value.steps if isinstance(step, Made))
        return tuple(each for one in made for each in (*one.arguments, *one.keywords.values()))
    return ()


class Remembered(Generic[T]):
    """A set that is gathered from a value and its parts: ``gather`` is given the value and what
    gives the set of a part."""

    def __init__(self, gather: Callable[[Value, Callable[[Value], frozenset[T]]], frozenset[T]]):
        self._gather = gather
        self._known: dict[int, tuple[Value, frozenset[T]]] = {}
        """The value is kept with its set, so that its identity is nobody else's."""
        self._depth = 0

    def of(self, value: Value) -> frozenset[T]:
        """What is gathered; nothing below sixty levels, and nothing of a value inside of itself."""
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if self._depth > _DEEPEST:
            return frozenset()
        if not self._depth and len(self._known) > _MAX:
            self._known.clear()
        self._known[id(value)] = (value, frozenset())
        self._depth += 1
        try:
            found = self._gather(value, self.of)
        finally:
            self._depth -= 1
        self._known[id(value)] = (value, found)
        return found


class OfPath(Generic[T]):
    """What was found out about a path, of which many events ask; the last few paths are kept."""

    def __init__(self, find: Callable[[Path], T]) -> None:
        self._find = find
        self._known: dict[int, tuple[Path, T]] = {}
        """The path is kept with it, so that its identity is nobody else's."""

    def of(self, path: Path) -> T:
        known = self._known.get(id(path))
        if known is not None:
            return known[1]
        if len(self._known) >= _PATHS_MAX:
            self._known.clear()
        found = self._find(path)
        self._known[id(path)] = (path, found)
        return found


def _results(value: Value, inner: Callable[[Value], frozenset[int]]) -> frozenset[int]:
    if isinstance(value, Result):
        return frozenset({value.event})
    return frozenset(one for part in parts_of(value) for one in inner(part))


_RESULTS = Remembered(_results)


def results_in(value: Value) -> frozenset[int]:
    """Numbers of all events whose results stand in a value, those of handlers as well."""
    return _RESULTS.of(value)
