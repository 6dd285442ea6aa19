"""Routers mounted on routers: full paths of entries, and the middleware that runs before them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from redhanded.source.flow.framework import FoundEntry, Mount
from redhanded.source.flow.values import Library, Made, Value
from redhanded.source.flow.walking.scope import hash_of

WAYS_MAX = 16


@dataclass(frozen=True, slots=True)
class _Way:
    """How requests come to a router."""

    prefix: str = ""
    functions: tuple[tuple[str, Value], ...] = ()
    """Each with the path under which it runs."""


def mounted(found: Iterable[FoundEntry | Mount]) -> tuple[FoundEntry, ...]:
    """The entries with the prefixes and functions of all that they stand on.

    ``found`` is in the order in which the calls happen, which decides what runs before what. A
    router that is mounted twice gives its entries twice; one that nothing mounts gives them as
    they are written.
    """
    order = _Order(found)
    return tuple(entry for place, one in order.entries for entry in _placed(one, place, order))


class _Order:
    """What was registered, each with its place; mounts are found by what they are about."""

    def __init__(self, found: Iterable[FoundEntry | Mount]) -> None:
        self.entries: list[tuple[int, FoundEntry]] = []
        self._on: dict[object, list[tuple[int, Mount]]] = {}
        self._of: dict[object, list[tuple[int, Mount]]] = {}
        for place, one in enumerate(found):
            if isinstance(one, FoundEntry):
                self.entries.append((place, one))
            elif one.what is None:
                self._on.setdefault(_key(one.on), []).append((place, one))
            else:
                self._of.setdefault(_key(one.what), []).append((place, one))

    def before(self, router: Value, place: int) -> list[Mount]:
        """Functions that run on a router before what stands at a place."""
        some = self._on.get(_key(router), ())
        return [one for at, one in some if at < place and one.on == router]

    def above(self, router: Value) -> list[tuple[int, Mount]]:
        """Where a router is mounted."""
        return [each for each in self._of.get(_key(router), ()) if each[1].what == router]


def _key(value: Value) -> object:
    """The same for values that are equal; for routers that are not, mostly another."""
    if isinstance(value, Library):
        last = value.steps[-1] if value.steps else ""
        return (value.package, value.names, last.location if isinstance(last, Made) else None)
    return hash_of(value)


def join_path(prefix: str, path: str) -> str:
    """``/api/`` and ``/items`` to ``/api/items``."""
    return re.sub(r"/{2,}", "/", f"/{prefix}/{path}").rstrip("/") or "/"


def _placed(found: FoundEntry, place: int, order: _Order) -> Iterable[FoundEntry]:
    if found.on is None:
        return [found]
    placed = []
    for way in _ways(found.on, place, order, frozenset()):
        path = join_path(way.prefix, found.path)
        method = found.entry.name.split(" ")[0]
        before = tuple(one for prefix, one in way.functions if _is_below(path, prefix))
        entry = replace(found.entry, name=f"{method} {path}")
        placed.append(replace(found, entry=entry, functions=(*before, *found.functions), path=path))
    return placed


def _ways(router: Value, place: int, order: _Order, seen: frozenset[int]) -> list[_Way]:
    """All ways to a router, with what runs on it before ``place``; ``seen``: mounts on the way."""
    own = order.before(router, place)
    ways = []
    for at, mount in order.above(router):
        if at not in seen:
            for above in _ways(mount.on, at, order, seen | {at}):
                prefix = join_path(above.prefix, mount.prefix)
                ways.append(
                    _Way(prefix, (*above.functions, *((prefix, one) for one in mount.functions)))
                )
    return [
        _Way(way.prefix, (*way.functions, *_below(way.prefix, own)))
        for way in ways[:WAYS_MAX] or [_Way()]
    ]


def _below(prefix: str, mounts: list[Mount]) -> list[tuple[str, Value]]:
    return [(join_path(prefix, one.prefix), each) for one in mounts for each in one.functions]


def _is_below(path: str, prefix: str) -> bool:
    """Whether a prefix takes a path; a parameter or ``*`` takes any one part."""
    parts, wanted = path.strip("/").split("/"), prefix.strip("/").split("/")
    if prefix in ("", "/"):
        return True
    return len(wanted) <= len(parts) and all(
        one == other or one.startswith((":", "*")) or one == "(.*)"
        for one, other in zip(wanted, parts, strict=False)
    )
