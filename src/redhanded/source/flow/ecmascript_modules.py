"""Which file an import of JavaScript or TypeScript names.

Rules: https://nodejs.org/api/esm.html#resolution-algorithm-specification (exports, imports),
https://www.typescriptlang.org/docs/handbook/modules/reference.html (paths, baseUrl, ``.js`` written
for ``.ts``). What is built is not in a tree of sources: a package's entry that names a built file
means the file it is built from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.source.flow.generated_clients import MODULES
from redhanded.source.flow.manifests import Aliases, Package, aliases, members, packages

SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
SWAPPED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
CONDITIONS = ("source", "development", "import", "module", "node", "require", "default", "types")
BUILT = re.compile(r"(^|/)(?:dist|build|lib|out|output|es|esm|cjs|\.build|target)(?=/|$)")
DECLARED = re.compile(r"\.d\.([cm]?)ts$")


@dataclass(slots=True, kw_only=True)
class EcmaScriptResolver:
    """What is needed to find the file behind an import."""

    files: Collection[str]
    packages: dict[str, Package] = field(default_factory=dict)
    """By folder."""
    members: dict[str, str] = field(default_factory=dict)
    """Packages that can be imported by name, and their folders."""
    configs: dict[str, Aliases] = field(default_factory=dict)
    """Nearest tsconfig.json by folder."""
    generated: Collection[str] = ()
    """Places where tools write clients, see `generated_clients`: what lies there is named by its
    place."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file's path from the root; None for a library, and for what is not there."""
        folder = posixpath.dirname(importer)
        specifier = specifier.partition("?")[0]
        if specifier.startswith("."):
            return self.at(_joined(folder, specifier))
        if specifier.startswith(("/", "node:", "data:", "http:", "https:")) or not specifier:
            return None
        if specifier.startswith("#"):
            found = self._internal(specifier, folder)
            if found is not None:
                return found
        for config in self._configs_of(folder):
            for place in _aliased(config, specifier):
                found = self.at(place) or self.at(built_from(place))
                if found is not None:
                    return found
        return self._member(specifier, folder) or self._generated(MODULES + specifier)

    def at(self, path: str | None) -> str | None:
        """The file that a path means: with or without its ending, or an index in a folder."""
        if path is None or path.startswith("../"):
            return None
        if self.generated and (place := self._generated(path)):
            return place
        files = self.files
        stem, ending = posixpath.splitext(path)
        for one in SWAPPED.get(ending, ()):
            if stem + one in files:
                return stem + one
        if path in files:
            return path
        for one in SUFFIXES:
            if path + one in files:
                return path + one
        folder = "" if path in (".", "") else path
        package = self.packages.get(folder)
        main = package.fields.get("main") if package is not None else None
        if package is not None and isinstance(main, str) and _joined(folder, main) != path:
            found = self._file(_joined(folder, main))
            if found is not None:
                return found
        for one in SUFFIXES:
            index = f"{folder}/index{one}" if folder else f"index{one}"
            if index in files:
                return index
        return None

    def _generated(self, path: str) -> str | None:
        """The place below which a path lies where a tool writes a client."""
        return next(
            (one for one in self.generated if path == one or path.startswith(f"{one}/")), None
        )

    def _file(self, path: str | None) -> str | None:
        if path is None:
            return None
        if path in self.files:
            return path
        stem, ending = posixpath.splitext(path)
        for base in (path, stem) if ending in SUFFIXES else (path,):
            for one in SUFFIXES:
                if base + one in self.files:
                    return base + one
        return None

    def _configs_of(self, folder: str) -> Iterator[Aliases]:
        for one in _upwards(folder):
            if one in self.configs:
                yield self.configs[one]

    def package_of(self, folder: str) -> Package | None:
        """The nearest package.json."""
        return next((self.packages[one] for one in _upwards(folder) if one in self.packages), None)

    def _internal(self, specifier: str, folder: str) -> str | None:
        """``#name`` of the package's ``imports``."""
        package = self.package_of(folder)
        listed = package.fields.get("imports") if package is not None else None
        if package is None or not isinstance(listed, dict):
            return None
        for target in _exported(listed, specifier):
            found = self._target(package, target)
            if found is not None:
                return found
        return None

    def _member(self, specifier: str, folder: str) -> str | None:
        """A file of a package of the workspace, or of the importing package itself."""
        parts = specifier.split("/")
        count = 2 if specifier.startswith("@") else 1
        name, rest = "/".join(parts[:count]), "/".join(parts[count:])
        package = self.packages.get(self.members.get(name, "\0"))
        if package is None:
            own = self.package_of(folder)
            if own is None or own.name != name or not own.name:
                return None
            package = own
        for target in _entries(package.fields, rest):
            found = self._target(package, target)
            if found is not None:
                return found
        for inside in ("", "src", "lib", "source", "app"):
            found = self.at(_joined(package.folder, posixpath.join(inside, rest)))
            if found is not None:
                return found
        return None

    def _target(self, package: Package, target: str) -> str | None:
        """The source of a file that a manifest names."""
        path = _joined(package.folder, target)
        if path is None:
            return None
        path = DECLARED.sub(r".\1ts", path)
        inner = posixpath.relpath(path, package.folder or ".")
        for one in dict.fromkeys((inner, *_sources_of(inner))):
            found = self.at(_joined(package.folder, one))
            if found is not None:
                return found
        return None


def ecmascript_resolver(
    root: Path, files: Collection[str], manifests: Collection[str], generated: Collection[str] = ()
) -> EcmaScriptResolver:
    """Reads the manifests of the tree."""
    known = packages(root, manifests)
    configs: dict[str, Aliases] = {}
    for path in sorted(manifests, key=_importance):
        name, folder = posixpath.basename(path), posixpath.dirname(path)
        if folder not in configs and name.startswith(("tsconfig", "jsconfig")):
            found = aliases(root, path)
            if found is not None:
                configs[folder] = found
    return EcmaScriptResolver(
        files=files,
        packages=known,
        members=members(root, manifests, known),
        configs=configs,
        generated=generated,
    )


def _importance(path: str) -> tuple[int, str]:
    """tsconfig.json before tsconfig.base.json and jsconfig.json."""
    order = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json", "tsconfig.app.json")
    name = posixpath.basename(path)
    return (order.index(name) if name in order else len(order), path)


def _joined(folder: str, path: str) -> str | None:
    found = posixpath.normpath(posixpath.join(folder, path)) if path else (folder or ".")
    return None if found.startswith("../") or found == ".." else found


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _aliased(config: Aliases, specifier: str) -> Iterator[str]:
    for pattern, places in config.patterns:
        found = _matched(pattern, specifier)
        if found is not None:
            for one in places:
                yield posixpath.normpath(one.replace("*", found, 1))
    if config.base is not None:
        yield posixpath.normpath(posixpath.join(config.base, specifier))


def _matched(pattern: str, specifier: str) -> str | None:
    """What the star of a pattern stands for; empty for one that is the same without a star."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == specifier else None
    long_enough = len(specifier) >= len(before) + len(after)
    if long_enough and specifier.startswith(before) and specifier.endswith(after):
        return specifier[len(before) : len(specifier) - len(after)]
    return None


def _entries(fields: dict[str, object], rest: str) -> Iterator[str]:
    """What a package gives for itself or a path in it, the source first."""
    exports = fields.get("exports")
    if exports is not None:
        table = exports if isinstance(exports, dict) else {".": exports}
        if not any(one.startswith(".") for one in table):
            table = {".": exports}
        yield from _exported(table, f"./{rest}" if rest else ".")
    if not rest:
        for one in ("source", "module", "main", "types", "typings"):
            value = fields.get(one)
            if isinstance(value, str):
                yield value


def _exported(table: dict[str, object], asked: str) -> Iterator[str]:
    """Targets of the best pattern of ``exports`` or ``imports``."""
    for pattern in sorted(table, key=lambda one: (-len(one.partition("*")[0]), one)):
        found = _matched(pattern, asked)
        if found is None and pattern.endswith("/") and asked.startswith(pattern):
            found = asked[len(pattern) :]
        if found is not None:
            for target in _targets(table[pattern], 8):
                yield target + found if target.endswith("/") else target.replace("*", found)


def _targets(value: object, left: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and left:
        for one in value:
            yield from _targets(one, left - 1)
    elif isinstance(value, dict) and left:
        ordered = [one for one in CONDITIONS if one in value]
        for one in (*ordered, *[name for name in value if name not in CONDITIONS]):
            yield from _targets(value[one], left - 1)


def _sources_of(path: str) -> Iterator[str]:
    """Files that a built one may be built from: ``dist/cjs/index.js`` from ``src/index.ts``."""
    for place in ("src", "source", ""):
        outer = posixpath.normpath(BUILT.sub(rf"\1{place}", path, count=1).lstrip("/"))
        for one in (
            outer,
            posixpath.normpath(re.sub(r"/(?:cjs|esm|es|node|types)(?=/)", "", outer)),
        ):
            stem, ending = posixpath.splitext(one)
            yield stem if ending in SUFFIXES else one
    stem, ending = posixpath.splitext(path)
    if ending in SUFFIXES:
        yield stem


def built_from(path: str) -> str:
    """The place of the source of what is built there."""
    return posixpath.normpath(BUILT.sub(r"\1src", path, count=1))
