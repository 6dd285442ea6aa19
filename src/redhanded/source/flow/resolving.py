"""Which file an import names, whatever the language: one resolver for each, one line here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from redhanded.source.flow.ecmascript_modules import ecmascript_resolver
from redhanded.source.flow.generated_clients import generated_clients
from redhanded.source.flow.languages import ecmascript
from redhanded.source.flow.python_modules import python_resolver


class Resolver(Protocol):
    """Of one language."""

    def resolve(self, specifier: str, importer: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """Of all languages, by the ending of the importing file."""

    by_suffix: dict[str, Resolver]
    known: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    """What was asked before, by folder of the importing file, its ending, and specifier."""
    stands_for: dict[str, str] = field(default_factory=dict)
    """Places that imports lead to without a file to read, and the package that is meant."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file's path from the root; None for a library, and for what is not there."""
        folder, _, name = importer.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        found = self.by_suffix.get(dot + ending)
        if found is None:
            return None
        if specifier.partition(".")[0] == stem:
            return found.resolve(specifier, importer)  # a Python file never means itself
        key = (folder, ending, specifier)
        if key not in self.known:
            self.known[key] = found.resolve(specifier, importer)
        return self.known[key]


@dataclass(frozen=True, slots=True)
class Python:
    """Most imports are of libraries: those are told by their first name."""

    resolver: Resolver
    names: frozenset[str]
    """Of all files and folders, without endings."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        first = specifier.partition(".")[0]
        if first and first not in self.names:
            return None
        return self.resolver.resolve(specifier, importer)


def resolution(root: Path, files: Collection[str], manifests: Collection[str]) -> Resolution:
    """Reads what the tree says of where modules are."""
    known = frozenset(files)
    by_suffix: dict[str, Resolver] = {}
    generated: dict[str, str] = {}
    if any(one.endswith(ecmascript.SUFFIXES) for one in known):
        generated = generated_clients(root, manifests)
        found = ecmascript_resolver(root, known, manifests, generated)
        by_suffix |= dict.fromkeys(ecmascript.SUFFIXES, found)
    written = [one for one in known if one.endswith(".py")]
    if written:
        names = frozenset(part for one in written for part in one[:-3].split("/"))
        by_suffix[".py"] = Python(python_resolver(root, known, manifests), names)
    return Resolution(by_suffix, stands_for=generated)
