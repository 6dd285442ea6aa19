"""A Python project, read once, in the form that the guesses share."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redhanded.case.errors import InputError
from redhanded.contract.guess.compose import composed, env_lines
from redhanded.contract.guess.packages import Package
from redhanded.contract.guess.project import BYTES_MAX, ENV_EXAMPLES, FILES_MAX, Project

SKIPPED = {"node_modules", "venv", "env", "build", "dist", "tests", "test", "site-packages", "docs"}
REQUIREMENTS = ("requirements*.txt", "requirements/*.txt", "requirements.in")
MORE_EXAMPLES = ("env.example", "example.env", ".env")

_READ = re.compile(
    r"(?:environ(?:\.get|\.setdefault|\.pop)?|getenv|\benv(?:\.\w+)?|\bconfig)\s*[\[(]\s*"
    r"['\"]([A-Z][A-Z0-9_]+)['\"]\s*(?:[\])]|,\s*(?:default\s*=\s*)?(?:['\"]([^'\"\n]*)['\"]|(\S)))"
)
_FIELD = re.compile(
    r"^ {4}(\w+)\s*:\s*[\w\[\]., |]+?(?:\s*=\s*(?:['\"]([^'\"\n]*)['\"]|(\S.*)))?\s*$", re.MULTILINE
)
_SETTINGS = re.compile(r"^class \w+\([^)]*BaseSettings[^)]*\):\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)
_PREFIX = re.compile(r"env_prefix['\"]?\s*[=:]\s*['\"](\w+)['\"]")
_REQUIREMENT = re.compile(r"\s*([A-Za-z][\w.-]*)")


def look_at(root: Path) -> Project:
    """Reads; raises ``InputError`` for a pyproject.toml that is not TOML."""
    pyproject = _pyproject(root)
    sources = dict(_sources(root))
    example = _example(root)
    services = composed(root, example)
    for service in services:
        if service.folder:
            example = service.environment | example
    variables = dict.fromkeys(example, False)
    for name, default in defaults(sources).items():
        variables[name] = default is not None
    manifest = {
        "name": pyproject.get("project", {}).get("name") or root.name,
        "dependencies": dict.fromkeys(_dependencies(root, pyproject), "*"),
    }
    return Project(
        root=root,
        packages=(Package(folder=".", manifest=manifest),),
        procfile=_procfile(root),
        example=example,
        composed=services,
        sources=sources,
        variables=variables,
    )


def defaults(sources: dict[str, str]) -> dict[str, str | None]:
    """Variables that the program reads, with the value it takes without them; None: it has none.

    A default that is not a literal is an empty text.
    """
    found: dict[str, str | None] = {}
    for text in sources.values():
        for match in _READ.finditer(text):
            default = match[2] if match[2] is not None else ("" if match[3] else None)
            if found.get(match[1]) is None:
                found[match[1]] = default
        for name, default in _settings_fields(text):
            found.setdefault(name, default)
    return found


def known_values(project: Project) -> dict[str, str]:
    """What each variable is set to somewhere: a default, a compose file, an example."""
    values = {name: value for name, value in defaults(project.sources).items() if value}
    return values | {name: value for name, value in project.example.items() if value}


def _settings_fields(text: str) -> Iterator[tuple[str, str | None]]:
    """Fields of pydantic's ``BaseSettings``: each is a variable, in capitals."""
    for body in _SETTINGS.finditer(text):
        prefix = _PREFIX.search(body[1])
        for field in _FIELD.finditer(body[1]):
            if field[1] not in ("model_config", "self", "return"):
                default = field[2] if field[2] is not None else ("" if field[3] else None)
                yield f"{prefix[1] if prefix else ''}{field[1]}".upper(), default


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(root / "pyproject.toml"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{root / 'pyproject.toml'} cannot be read: {error}") from None


def extra_for_tests(root: Path) -> str | None:
    """The extra of a project that brings pytest, where pytest is no dependency of its own."""
    project = _pyproject(root).get("project", {})
    if any(re.match(r"\s*pytest\b", line) for line in project.get("dependencies", [])):
        return None
    for name, group in project.get("optional-dependencies", {}).items():
        if any(re.match(r"\s*pytest\b", line) for line in group):
            return str(name)
    return None


def _dependencies(root: Path, pyproject: dict[str, Any]) -> Iterator[str]:
    project = pyproject.get("project", {})
    lines = list(project.get("dependencies", []))
    for group in project.get("optional-dependencies", {}).values():
        lines += group
    lines += pyproject.get("tool", {}).get("poetry", {}).get("dependencies", {})
    for pattern in REQUIREMENTS:
        for path in sorted(root.glob(pattern)):
            lines += _text(path).splitlines()
    for line in lines:
        match = _REQUIREMENT.match(str(line))
        if match:
            yield match[1].lower().replace("_", "-")


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED and not name.startswith(".")
        )
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix != ".py" or name.startswith(("test_", "conftest")):
                continue
            if count < FILES_MAX and path.stat().st_size <= BYTES_MAX:
                count += 1
                yield path.relative_to(root).as_posix(), _text(path)


def _procfile(root: Path) -> dict[str, str]:
    lines = _text(root / "Procfile").splitlines()
    pairs = (re.match(r"\s*([\w-]+)\s*:\s*(.+)", line) for line in lines)
    return {pair[1]: pair[2].strip() for pair in pairs if pair}


def _example(root: Path) -> dict[str, str]:
    for name in (*ENV_EXAMPLES, *MORE_EXAMPLES):
        if found := env_lines(_text(root / name)):
            return found
    return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
