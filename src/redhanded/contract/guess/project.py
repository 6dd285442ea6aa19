"""What a Node project says of itself, read once."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.contract.guess.compose import Composed, composed, env_lines
from redhanded.contract.guess.packages import Package, needed, packages

ENV_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.development")
SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".prisma")
SKIPPED = {"node_modules", "dist", "build", "coverage", "test", "tests", "__tests__", "spec"}
FILES_MAX = 2_000
BYTES_MAX = 400_000

_ENV = r"(?:process\.env|\benv)"
_DOTTED = re.compile(rf"{_ENV}(?:\.([A-Z][A-Z0-9_]*)|\[['\"]([A-Z][A-Z0-9_]*)['\"]\])")
_ASKED = re.compile(r"\.get(?:OrThrow)?\s*(?:<[^>()]*>)?\(\s*['\"]([A-Z][A-Z0-9_]+)['\"]\s*(,?)")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_UNPACKED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env")
_USE_ENV = re.compile(r"use_env_variable['\"]?\s*:\s*['\"]([A-Z][A-Z0-9_]*)")
_PRISMA = re.compile(r"\benv\(\s*['\"]([A-Z][A-Z0-9_]*)['\"]\s*\)")
_DEFAULT = re.compile(r"\s*(?:\|\||\?\?)\s*(?!['\"]['\"])\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything the guesses rest on."""

    root: Path
    procfile: dict[str, str]
    packages: tuple[Package, ...]
    """The root's own first, then those of workspaces."""
    example: dict[str, str]
    """Variables of a .env example, and what compose files give to programs."""
    composed: tuple[Composed, ...]
    """Services of the compose files."""
    sources: dict[str, str]
    """Path relative to the root to text."""
    variables: dict[str, bool]
    """Variables that the program or its .env example names; True if the program has a default."""

    @property
    def dependencies(self) -> set[str]:
        return {name for package in self.packages for name in package.dependencies}

    @property
    def scripts(self) -> dict[str, str]:
        return self.packages[0].scripts

    def first(self, pattern: str) -> str | None:
        """The first variable whose name matches all of ``pattern``."""
        return next((name for name in self.variables if re.fullmatch(pattern, name)), None)

    def all(self, pattern: str) -> list[str]:
        """All variables whose name matches all of ``pattern``."""
        return [name for name in self.variables if re.fullmatch(pattern, name)]

    def part(self, folder: str) -> Project:
        """What one package of several is made of: its own source and that of those it needs."""
        own = next((package for package in self.packages if package.folder == folder), None)
        if own is None or folder == ".":
            return self
        folders = tuple(f"{package.folder}/" for package in needed(own, self.packages))
        sources = {path: text for path, text in self.sources.items() if path.startswith(folders)}
        words = {word for text in sources.values() for word in _CAPITALS.findall(text)}
        named = {name: value for name, value in self.example.items() if name in words}
        return replace(self, sources=sources, variables=_variables(sources, named))


def is_node(root: Path) -> bool:
    """Whether there is a package.json, or one in a folder that a compose file builds."""
    folders = [".", *(service.folder for service in composed(root, {}) if service.folder)]
    return any((root / folder / "package.json").is_file() for folder in folders)


def look_at(root: Path) -> Project:
    """Reads; raises ``InputError`` for a package.json that is not JSON."""
    path = root / "package.json"
    try:
        package = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{root / 'package.json'} cannot be read: {error}") from None
    if not isinstance(package, dict):
        raise InputError(f"{root / 'package.json'} is not an object; correct it first")
    sources = dict(_sources(root))
    example = _example(root)
    services = composed(root, example)
    for service in services:
        example |= service.environment if service.folder else {}
    return Project(
        root=root,
        packages=packages(root, package, [entry.folder for entry in services if entry.folder]),
        procfile=_procfile(root),
        example=example,
        composed=services,
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
        for match in _ASKED.finditer(text):
            names[match[1]] = names.get(match[1], False) or bool(match[2])
        for match in _UNPACKED.finditer(text):
            for name in _CAPITALS.findall(match[1]):
                names.setdefault(name, False)
        for match in (*_USE_ENV.finditer(text), *_PRISMA.finditer(text)):
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
        if found := env_lines(_text(root / name)):
            return found
    return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
