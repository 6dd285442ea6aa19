"""The packages of a Node project: its own, and those of its workspaces."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redhanded.contract.guess.yaml_reading import read_yaml

PACKAGES_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package.json."""

    folder: str
    """Relative to the root; ``.`` for the root's own."""
    manifest: dict[str, Any]
    separate: bool = False
    """Whether its dependencies are installed by themselves: it is no workspace of the root."""

    @property
    def name(self) -> str:
        return str(self.manifest.get("name") or posixpath.basename(self.folder))

    @property
    def scripts(self) -> dict[str, str]:
        found = self.manifest.get("scripts")
        scripts = found.items() if isinstance(found, dict) else ()
        return {name: text for name, text in scripts if isinstance(text, str)}

    @property
    def dependencies(self) -> set[str]:
        return {*self._table("dependencies"), *self._table("devDependencies")}

    def _table(self, key: str) -> dict[str, Any]:
        found = self.manifest.get(key)
        return found if isinstance(found, dict) else {}


def packages(
    root: Path, manifest: dict[str, Any], folders: Iterable[str] = ()
) -> tuple[Package, ...]:
    """The root's first; workspaces as npm, yarn and pnpm name them; those in ``folders``."""
    found = {".": Package(folder=".", manifest=manifest)}
    for pattern in _patterns(root, manifest):
        for path in sorted(root.glob(f"{pattern.rstrip('/')}/package.json")):
            folder = path.parent.relative_to(root).as_posix()
            if "node_modules" in path.parts or len(found) > PACKAGES_MAX:
                continue
            if inner := _manifest(path):
                found.setdefault(folder, Package(folder=folder, manifest=inner))
    for folder in folders:
        if inner := _manifest(root / folder / "package.json"):
            found.setdefault(folder, Package(folder=folder, manifest=inner, separate=True))
    return tuple(found.values())


def needed(package: Package, among: tuple[Package, ...]) -> list[Package]:
    """It and the packages of the same project that it depends on, theirs included."""
    found = [package]
    for known in found:
        found += [
            other for other in among if other.name in known.dependencies and other not in found
        ]
    return found


def _patterns(root: Path, manifest: dict[str, Any]) -> list[str]:
    listed = manifest.get("workspaces")
    if isinstance(listed, dict):
        listed = listed.get("packages")
    if not isinstance(listed, list):
        listed = []
    for name in ("pnpm-workspace.yaml", "pnpm-workspace.yml"):
        if (root / name).is_file():
            document = read_yaml((root / name).read_text(encoding="utf-8", errors="replace"))
            more = document.get("packages") if isinstance(document, dict) else None
            listed = [*listed, *(more if isinstance(more, list) else [])]
    texts = [str(entry).removeprefix("./") for entry in listed]
    return [text for text in texts if text and not re.match(r"[!/]|\.\.", text)]


def _manifest(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
