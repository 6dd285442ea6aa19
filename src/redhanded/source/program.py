"""A program as its files, read when they are needed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from pathlib import Path

from redhanded.source.files import source_files
from redhanded.source.languages import LANGUAGES, language_of
from redhanded.source.modules import resolver
from redhanded.source.outline import Module
from redhanded.source.sweep import outline

IMPORT = re.compile(rb"""(?:\brequire|\bimport|\bfrom)\s*\(?\s*['"`]([^'"`\n]+)['"`]""")


class Program:
    """The source files under some folders of a root."""

    def __init__(self, root: Path, folders: Collection[str], *, also: Collection[str] = ()) -> None:
        """``also``: further files (relative to the root) that are part of it."""
        suffixes = [suffix for one in LANGUAGES for suffix in one.suffixes]
        found = source_files(root, folders, suffixes)
        self.root = root
        self.paths: tuple[str, ...] = tuple(sorted({*found.paths, *also}))
        self.resolver = resolver(root, self.paths)
        self._limits = list(found.limits)
        self._modules: dict[str, Module | None] = {}

    @property
    def limits(self) -> tuple[str, ...]:
        """What was not read, or only in parts."""
        damaged = [path for path, one in self._modules.items() if one and one.is_damaged]
        if not damaged:
            return tuple(self._limits)
        said = f"{len(damaged)} files did not parse cleanly (first: {damaged[0]})"
        return (*self._limits, said)

    def module(self, path: str) -> Module | None:
        """A file's outline; None where it cannot be read."""
        if path not in self._modules:
            self._modules[path] = self._read(path)
        return self._modules[path]

    def imported(self, specifier: str, importer: str) -> Module | None:
        """The module of this program that an import names; None for a library."""
        path = self.resolver.resolve(specifier, importer)
        return self.module(path) if path else None

    def reaching(self, libraries: Collection[str]) -> frozenset[str]:
        """Files that import one of these libraries, directly or through other files."""
        found: set[str] = set()
        importers: dict[str, list[str]] = {}
        for path in self.paths:
            for specifier in self._specifiers(path):
                target = self.resolver.resolve(specifier, path)
                if target is not None:
                    importers.setdefault(target, []).append(path)
                elif specifier in libraries:
                    found.add(path)
        edge = list(found)
        while edge:
            following = [one for path in edge for one in importers.get(path, ())]
            edge = [one for one in dict.fromkeys(following) if one not in found]
            found.update(edge)
        return frozenset(found)

    def _specifiers(self, path: str) -> list[str]:
        """What a file imports, read from its bytes: most files need no more than that."""
        try:
            source = (self.root / path).read_bytes()
        except OSError:
            return []
        return [one.decode("utf-8", "replace") for one in IMPORT.findall(source)]

    def line(self, path: str, number: int) -> str:
        """The text of a source line; empty where there is none."""
        module = self.module(path) if path in self.resolver.files else None
        return module.line(number) if module else ""

    def _read(self, path: str) -> Module | None:
        suffix = posixpath.splitext(path)[1]
        language = language_of(suffix)
        try:
            source = (self.root / path).read_bytes()
        except OSError as error:
            self._limits.append(f"{path} could not be read: {error.strerror}")
            return None
        if language is None:
            return None
        tree = language.parse(source, suffix)
        return outline(path, source, tree, language.outline(tree, suffix))
