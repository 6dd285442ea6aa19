"""Which file an import names.

Node's rules (https://nodejs.org/api/modules.html#all-together) for files of the program itself:
relative paths with and without extension, ``index`` files, the ``paths`` and ``baseUrl`` of
tsconfig.json, and the packages of a workspace. Anything else is a library.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """What is needed to find the file behind an import."""

    files: frozenset[str]
    aliases: tuple[tuple[str, str], ...] = ()
    """Prefix of a specifier and the folder it stands for, longest prefix first."""
    packages: tuple[tuple[str, str], ...] = ()
    """Package of the workspace and its folder."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file's path from the root; None for a library."""
        if specifier.startswith("."):
            folder = posixpath.dirname(importer)
            return self.at(posixpath.normpath(posixpath.join(folder, specifier)))
        for prefix, folder in self.aliases:
            if specifier.startswith(prefix):
                found = self.at(
                    posixpath.normpath(posixpath.join(folder, specifier[len(prefix) :]))
                )
                if found:
                    return found
        for name, folder in self.packages:
            if specifier == name or specifier.startswith(name + "/"):
                rest = specifier[len(name) + 1 :]
                for base in (folder, posixpath.join(folder, "src"), posixpath.join(folder, "lib")):
                    found = self.at(posixpath.normpath(posixpath.join(base, rest)))
                    if found:
                        return found
        return None

    def at(self, path: str) -> str | None:
        """The file that a path without extension, or of a folder, means."""
        if path in self.files:
            return path
        stem = re.sub(r"\.[cm]?jsx?$", "", path)
        for base in dict.fromkeys((path, stem)):
            for suffix in SUFFIXES:
                if base + suffix in self.files:
                    return base + suffix
        for suffix in SUFFIXES:
            index = posixpath.join(path, "index" + suffix) if path != "." else "index" + suffix
            if index in self.files:
                return index
        return None

    def in_folder(self, folder: str) -> list[str]:
        """Files directly in a folder."""
        return sorted(one for one in self.files if posixpath.dirname(one) == folder)


def resolver(root: Path, files: Collection[str]) -> Resolver:
    """Reads tsconfig.json and the workspace's package.json files."""
    aliases = sorted(_aliases(root), key=lambda one: -len(one[0]))
    return Resolver(files=frozenset(files), aliases=tuple(aliases), packages=tuple(_packages(root)))


def _aliases(root: Path) -> list[tuple[str, str]]:
    options = _json(root / "tsconfig.json").get("compilerOptions")
    if not isinstance(options, dict):
        return []
    base = str(options.get("baseUrl") or ".")
    paths = options.get("paths")
    found = []
    for pattern, targets in (paths if isinstance(paths, dict) else {}).items():
        for target in targets if isinstance(targets, list) else []:
            folder = posixpath.normpath(posixpath.join(base, str(target).rstrip("*")))
            found.append((str(pattern).rstrip("*"), folder))
    if "baseUrl" in options:
        found.append(("", posixpath.normpath(base)))
    return found


def _packages(root: Path) -> list[tuple[str, str]]:
    workspaces = _json(root / "package.json").get("workspaces")
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    found = []
    for pattern in workspaces if isinstance(workspaces, list) else []:
        if not isinstance(pattern, str) or pattern.startswith(("/", "..")):
            continue
        for manifest in sorted(root.glob(f"{pattern.rstrip('/')}/package.json")):
            name = _json(manifest).get("name")
            if isinstance(name, str):
                found.append((name, manifest.parent.relative_to(root).as_posix()))
    return found


def _json(path: Path) -> dict[str, object]:
    """A JSON file, comments and trailing commas allowed; empty where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    text = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text, flags=re.S)
    text = re.sub(r",(\s*[}\]])", r"\1", text)
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
