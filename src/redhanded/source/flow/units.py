"""A tree in units that are walked each by itself: what has a manifest of its own, and the rest.

Units may be walked in several processes, and one that neither changed nor depends on what did is
not walked again. A unit sees every file of the tree by its name or by an import, and goes by itself
through its own files and those that their imports lead to; whatever it saw is written down.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redhanded.source.flow.module import Module

MARKS = frozenset(
    (
        "package.json",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "manage.py",
        "Pipfile",
        "requirements.txt",
    )
)
"""A folder with one of these is a unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Files that belong together."""

    folder: str
    """From the root; empty for what is in no other."""
    own: tuple[str, ...]
    """In the order of the tree."""


def units(paths: Iterable[str], manifests: Iterable[str]) -> tuple[Unit, ...]:
    """Each path in the unit of the nearest folder above it that has a mark."""
    folders = {posixpath.dirname(one) for one in manifests if posixpath.basename(one) in MARKS}
    nearest: dict[str, str] = {"": ""}
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(_nearest(posixpath.dirname(path), folders, nearest), []).append(path)
    return tuple(Unit(folder=folder, own=tuple(own)) for folder, own in sorted(found.items()))


def _nearest(folder: str, folders: set[str], known: dict[str, str]) -> str:
    steps = []
    while folder not in known and folder not in folders:
        steps.append(folder)
        folder = posixpath.dirname(folder)
    answer = known.get(folder, folder) if folder not in folders else folder
    for one in steps:
        known[one] = answer
    return answer


class Seen(Mapping[str, Module]):
    """The modules of a tree as a unit sees them: all by name, in turn only those of ``inside``."""

    def __init__(self, modules: Mapping[str, Module], inside: Iterable[str]) -> None:
        self._modules = modules
        self._inside = tuple(one for one in inside if one in modules)
        self.touched: set[str] = set(self._inside)

    def __getitem__(self, path: str) -> Module:
        module = self._modules[path]
        self.touched.add(path)
        return module

    def __contains__(self, path: object) -> bool:
        return path in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._inside)

    def __len__(self) -> int:
        return len(self._inside)


def led_to(own: Iterable[str], leads: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The files and all that their imports lead to, in order of their names."""
    found = set(own)
    waiting = list(found)
    while waiting:
        for one in leads.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return tuple(sorted(found))
