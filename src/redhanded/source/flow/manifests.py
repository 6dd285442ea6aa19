"""What package.json, tsconfig.json and their like say of where modules are."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from redhanded.source.plain import plain_text

EXTENDS_MAX = 8


@dataclass(frozen=True, slots=True)
class Aliases:
    """Of a tsconfig.json or jsconfig.json."""

    patterns: tuple[tuple[str, tuple[str, ...]], ...]
    """``@app/*`` and the places it stands for, from the root; longest prefix first."""
    base: str | None
    """``baseUrl``, from the root."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package.json."""

    folder: str
    name: str
    fields: dict[str, object]

    @property
    def needs(self) -> dict[str, str]:
        """Packages it depends on, and which version or place of them."""
        found: dict[str, str] = {}
        for kind in ("dependencies", "devDependencies", "peerDependencies"):
            listed = self.fields.get(kind)
            for name, place in listed.items() if isinstance(listed, dict) else ():
                found[name] = str(place)
        return found


def packages(root: Path, manifests: Collection[str]) -> dict[str, Package]:
    """The package.json files, by folder."""
    found = {}
    for path in manifests:
        if posixpath.basename(path) == "package.json":
            fields = read_json(root / path)
            folder = posixpath.dirname(path)
            found[folder] = Package(folder, str(fields.get("name") or ""), fields)
    return found


def members(root: Path, manifests: Collection[str], known: dict[str, Package]) -> dict[str, str]:
    """Packages of all workspaces (npm, Yarn, pnpm, Lerna): name to folder."""
    found: dict[str, str] = {}
    for folder, patterns in _workspaces(root, manifests, known):
        wanted: list[re.Pattern[str]] = []
        unwanted: list[re.Pattern[str]] = []
        for one in patterns:
            place = posixpath.normpath(posixpath.join(folder, one.removeprefix("!")))
            (unwanted if one.startswith("!") else wanted).append(_glob(place))
        for package in known.values():
            chosen = any(one.fullmatch(package.folder) for one in wanted)
            if chosen and not any(one.fullmatch(package.folder) for one in unwanted):
                found.setdefault(package.name, package.folder)
    for package in known.values():
        for name, place in package.needs.items():
            if place.startswith(("file:", "link:", "portal:")):
                there = place.partition(":")[2]
                target = posixpath.normpath(posixpath.join(package.folder, there))
                if target in known:
                    found.setdefault(name, target)
    found.pop("", None)
    return found


def _workspaces(
    root: Path, manifests: Collection[str], known: dict[str, Package]
) -> Iterator[tuple[str, list[str]]]:
    for package in known.values():
        listed = package.fields.get("workspaces")
        if isinstance(listed, dict):
            listed = listed.get("packages")
        if isinstance(listed, list):
            yield package.folder, [one for one in listed if isinstance(one, str)]
    for path in manifests:
        name, folder = posixpath.basename(path), posixpath.dirname(path)
        if name == "lerna.json":
            listed = read_json(root / path).get("packages")
            if isinstance(listed, list):
                yield folder, [one for one in listed if isinstance(one, str)]
        elif name == "pnpm-workspace.yaml":
            yield folder, _listed_in_yaml(root / path)


def _listed_in_yaml(path: Path) -> list[str]:
    """The list under ``packages:``, which is all that is wanted of the file."""
    found: list[str] = []
    inside = False
    for line in _text(path).splitlines():
        bare = re.sub(r"\s+#.*$", "", line).rstrip()
        if re.match(r"packages\s*:", bare):
            inside = True
            found += re.findall(r"['\"]([^'\"]+)['\"]", bare)
        elif inside and (item := re.match(r"\s*-\s*(.+)$", bare)):
            found.append(item[1].strip().strip("'\""))
        elif bare and not bare.startswith((" ", "#", "\t")):
            inside = False
    return found


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    """A workspace's pattern: ``*`` in a name, ``**`` over folders."""
    text = "".join(
        {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(one, re.escape(one))
        for one in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern.rstrip("/"))
    )
    return re.compile(text)


def aliases(root: Path, path: str) -> Aliases | None:
    """What a tsconfig.json says, with what it extends."""
    patterns: dict[str, tuple[str, ...]] = {}
    base: str | None = None
    for folder, options in _chain(root, path, EXTENDS_MAX):
        own = options.get("baseUrl")
        here = posixpath.normpath(posixpath.join(folder, own)) if isinstance(own, str) else None
        paths = options.get("paths")
        if isinstance(paths, dict) and not patterns:
            for pattern, targets in paths.items():
                places = [str(one) for one in targets] if isinstance(targets, list) else []
                patterns[str(pattern)] = tuple(
                    _place(folder, here if here is not None else folder, one) for one in places
                )
        if base is None:
            base = here
    if not patterns and base is None:
        return None
    ordered = sorted(patterns.items(), key=lambda one: -len(one[0].partition("*")[0]))
    return Aliases(tuple(ordered), base)


def _place(folder: str, base: str, target: str) -> str:
    if target.startswith("${configDir}"):
        return posixpath.normpath(posixpath.join(folder, "." + target[len("${configDir}") :]))
    return posixpath.normpath(posixpath.join(base, target))


def _chain(root: Path, path: str, left: int) -> Iterator[tuple[str, dict[str, object]]]:
    """The options of a tsconfig.json and of those it extends, nearest first."""
    fields = read_json(root / path)
    folder = posixpath.dirname(path)
    options = fields.get("compilerOptions")
    yield folder, options if isinstance(options, dict) else {}
    extends = fields.get("extends")
    several = extends if isinstance(extends, list) else [extends]
    for one in reversed(several):
        if not isinstance(one, str) or left == 0:
            continue
        if one.startswith("."):
            there = posixpath.normpath(posixpath.join(folder, one))
        elif "node_modules" in one or posixpath.isabs(one):
            continue
        else:
            there = posixpath.join("node_modules", one)
        if there.startswith("../"):
            continue
        for candidate in (there, there + ".json", posixpath.join(there, "tsconfig.json")):
            if (root / candidate).is_file():
                yield from _chain(root, candidate, left - 1)
                break


def read_json(path: Path) -> dict[str, object]:
    """A JSON file, comments and trailing commas allowed; empty where it cannot be read."""
    text = _text(path)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        bare = re.sub(
            r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text, flags=re.DOTALL
        )
        try:
            found = json.loads(re.sub(r",(\s*[}\]])", r"\1", bare))
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    return (plain_text(path) or "").removeprefix("\ufeff")
