"""The files of a program, by the names under which they import each other.

Whatever does not resolve to one file of the program is a library's, and means nothing here unless
a tool knows that library.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.source.flow.module import Module

MARKS = {
    "create_all": re.compile(rb"create_all"),
    "create table": re.compile(rb"(?i)create\s+(?:unlogged\s+)?table\b"),
}
_ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".py")


@dataclass(slots=True)
class Program:
    """Modules by path; ``texts``: files in no programming language (SQL, Prisma) by path."""

    modules: Mapping[str, Module]
    texts: Mapping[str, str] = field(default_factory=dict)
    _by_stem: dict[str, list[str]] = field(default_factory=dict)
    _marked: dict[str, list[str]] = field(default_factory=dict)
    _importing: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.modules:
            stem = _stem(path)
            parts = stem.split("/")
            # The last two names: what an alias such as ``@/models/base`` ends in.
            for start in range(max(0, len(parts) - 3), len(parts)):
                self._by_stem.setdefault("/".join(parts[start:]), []).append(path)

    def resolve(self, module: Module, specifier: str) -> str | None:
        """The file that an import in this module means; None: a library."""
        key = (posixpath.dirname(module.path), specifier)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(module, specifier)
        found = self._resolved[key]
        return found if found != module.path or module.language != "python" else None

    def _resolve(self, module: Module, specifier: str) -> str | None:
        if module.language == "python":
            return self._python(module.path, specifier)
        folder = posixpath.dirname(module.path)
        if specifier.startswith("."):
            return self._file(posixpath.normpath(posixpath.join(folder, specifier)))
        for prefix in ("@/", "~/", "src/", "#", "@app/", "app/"):
            if specifier.startswith(prefix):
                return self._alone(specifier[len(prefix) :].strip("/"))
        return None

    def _file(self, stem: str) -> str | None:
        stem = stem.removeprefix("./")
        bare, ending = posixpath.splitext(stem)
        # TypeScript's ESM names the file that will be written: ``./x.js`` for ``x.ts``.
        stems = [stem, bare] if ending in (".js", ".mjs", ".cjs", ".ts") else [stem]
        for one in stems:
            if one in self.modules:
                return one
            for tail in (*_ENDINGS, *(f"/index{each}" for each in _ENDINGS)):
                if one + tail in self.modules:
                    return one + tail
        return None

    def _alone(self, ending: str) -> str | None:
        stem = _stem(ending)
        found = [one for one in self._by_stem.get(stem, ()) if one.endswith(_ENDINGS)]
        return found[0] if len(found) == 1 else None

    def _python(self, path: str, specifier: str) -> str | None:
        bare = specifier.lstrip(".")
        up = len(specifier) - len(bare)
        inner = bare.replace(".", "/")
        folder = posixpath.dirname(path)
        if up:
            for _ in range(up - 1):
                folder = posixpath.dirname(folder)
            return self._package(posixpath.join(folder, inner) if inner else folder)
        while True:
            found = self._package(posixpath.join(folder, inner))
            if found is not None:
                return found
            if not folder:
                break
            folder = posixpath.dirname(folder)
        return self._package(f"src/{inner}")

    def _package(self, stem: str) -> str | None:
        for tail in (".py", "/__init__.py"):
            if stem + tail in self.modules:
                return stem + tail
        return None

    def marked(self, mark: str) -> list[Module]:
        """The modules that have one of ``MARKS`` written somewhere: few are then walked."""
        if not self._marked:
            self._marked = {one: [] for one in MARKS}
            for path, module in self.modules.items():
                for one in module.holds(MARKS):
                    self._marked[one].append(path)
        return [self.modules[path] for path in self._marked[mark]]

    def importing(self, *packages: str) -> list[Module]:
        """The modules that import one of these packages, or a part of one."""
        if packages not in self._importing:
            self._importing[packages] = [
                path
                for path, module in self.modules.items()
                if any(belongs(one.specifier, packages) for one in module.imports)
            ]
        return [self.modules[path] for path in self._importing[packages]]


def belongs(specifier: str, packages: tuple[str, ...]) -> bool:
    """Whether an import is of one of these packages: ``a/b`` and ``a.b`` are of ``a``."""
    return any(specifier == one or specifier.startswith((f"{one}/", f"{one}.")) for one in packages)


def package_of(module: Module, specifier: str) -> tuple[str, tuple[str, ...]]:
    """A library's package, and the steps within it that the import takes (Python)."""
    if module.language == "python":
        first, *rest = specifier.split(".")
        return first, tuple(rest)
    return specifier.removeprefix("node:"), ()


def _stem(path: str) -> str:
    bare, ending = posixpath.splitext(path)
    bare = bare if ending in _ENDINGS else path
    return bare.removesuffix("/index").removesuffix("/__init__")
