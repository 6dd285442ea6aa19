"""What a Node project says of itself, read once."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redhanded.case.errors import InputError

ENV_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.development")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")
SKIPPED = {"node_modules", "dist", "build", "coverage", "test", "tests", "__tests__", "spec"}
FILES_MAX = 2_000
BYTES_MAX = 400_000

_ENV = r"(?:process\.env|\benv)"
_DOTTED = re.compile(rf"{_ENV}(?:\.([A-Z][A-Z0-9_]*)|\[['\"]([A-Z][A-Z0-9_]*)['\"]\])")
_UNPACKED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env")
_USE_ENV = re.compile(r"use_env_variable['\"]?\s*:\s*['\"]([A-Z][A-Z0-9_]*)")
_DEFAULT = re.compile(r"\s*(?:\|\||\?\?)\s*(?!['\"]['\"])\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything the guesses rest on."""

    root: Path
    package: dict[str, Any]
    procfile: dict[str, str]
    example: dict[str, str]
    """Variables of a .env example."""
    compose: str
    """Text of the compose files."""
    sources: dict[str, str]
    """Path relative to the root to text."""
    variables: dict[str, bool]
    """Variables that the program or its .env example names; True if the program has a default."""

    @property
    def dependencies(self) -> set[str]:
        return {*self.package.get("dependencies", {}), *self.package.get("devDependencies", {})}

    @property
    def scripts(self) -> dict[str, str]:
        found = self.package.get("scripts", {})
        return found if isinstance(found, dict) else {}

    def first(self, pattern: str) -> str | None:
        """The first variable whose name matches all of ``pattern``."""
        return next((name for name in self.variables if re.fullmatch(pattern, name)), None)


def look_at(root: Path) -> Project:
    """Reads; raises ``InputError`` for a package.json that is not JSON."""
    try:
        package = json.loads((root / "package.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{root / 'package.json'} cannot be read: {error}") from None
    if not isinstance(package, dict):
        raise InputError(f"{root / 'package.json'} is not an object; correct it first")
    sources = dict(_sources(root))
    example = _example(root)
    return Project(
        root=root,
        package=package,
        procfile=_procfile(root),
        example=example,
        compose="\n".join(_text(root / name) for name in COMPOSE_FILES),
        sources=sources,
        variables=_variables(sources, example),
    )


def _sources(root: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED and not name.startswith(".")
        )
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix not in SUFFIXES or ".test." in name or ".spec." in name:
                continue
            if len(found) < FILES_MAX and path.stat().st_size <= BYTES_MAX:
                found.append((path.relative_to(root).as_posix(), _text(path)))
    return found


def _variables(sources: dict[str, str], example: dict[str, str]) -> dict[str, bool]:
    names: dict[str, bool] = {}
    for text in sources.values():
        for match in _DOTTED.finditer(text):
            name = match[1] or match[2]
            names[name] = names.get(name, False) or bool(_DEFAULT.match(text, match.end()))
        for match in _UNPACKED.finditer(text):
            for name in re.findall(r"\b[A-Z][A-Z0-9_]*\b", match[1]):
                names.setdefault(name, False)
        for match in _USE_ENV.finditer(text):
            names.setdefault(match[1], False)
    for name in example:
        names.setdefault(name, False)
    return names


def _procfile(root: Path) -> dict[str, str]:
    lines = _text(root / "Procfile").splitlines()
    pairs = (re.match(r"\s*([\w-]+)\s*:\s*(.+)", line) for line in lines)
    return {pair[1]: pair[2].strip() for pair in pairs if pair}


def _example(root: Path) -> dict[str, str]:
    for name in ENV_EXAMPLES:
        lines = _text(root / name).splitlines()
        pairs = (re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*)", line) for line in lines)
        found = {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}
        if found:
            return found
    return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
