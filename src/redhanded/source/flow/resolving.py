"""Which file an import names, whatever the language: one resolver for each, one line here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from redhanded.source.flow.ecmascript_modules import ecmascript_resolver
from redhanded.source.flow.languages import ecmascript
from redhanded.source.flow.python_modules import python_resolver


class Resolver(Protocol):
    """Of one language."""

    def resolve(self, specifier: str, importer: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """Of all languages, by the ending of the importing file."""

    by_suffix: dict[str, Resolver]

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file's path from the root; None for a library, and for what is not there."""
        found = self.by_suffix.get(PurePosixPath(importer).suffix)
        return found.resolve(specifier, importer) if found is not None else None


def resolution(root: Path, files: Collection[str], manifests: Collection[str]) -> Resolution:
    """Reads what the tree says of where modules are."""
    known = frozenset(files)
    by_suffix: dict[str, Resolver] = {}
    if any(one.endswith(ecmascript.SUFFIXES) for one in known):
        found = ecmascript_resolver(root, known, manifests)
        by_suffix |= dict.fromkeys(ecmascript.SUFFIXES, found)
    if any(one.endswith(".py") for one in known):
        by_suffix[".py"] = python_resolver(root, known)
    return Resolution(by_suffix)
