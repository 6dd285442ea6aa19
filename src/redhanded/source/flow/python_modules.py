"""Which file a Python import names.

Reference: https://docs.python.org/3/reference/import.html. Where Python looks is decided when it is
started, so it is read from the layout: the folders above the importing file that are not packages
themselves, folders that hold a project (``pyproject.toml``, ``manage.py`` …) with what it says of
its packages, and the root. Anything else is a library.
"""

from __future__ import annotations

import posixpath
import re
import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redhanded.source.plain import plain_text

PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg", "manage.py", "Pipfile")
SOURCES = ("src", "lib")
REQUIREMENTS = re.compile(r"requirements.*\.txt$")
DEPENDENCIES = re.compile(
    r"^\s*[\"']?([A-Za-z][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>~!;@#\"',]|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonResolver:
    """What is needed to find the file behind an import."""

    files: frozenset[str]
    roots: tuple[str, ...] = ("",)
    """Folders that projects are imported from; the root of all is the last."""
    libraries: frozenset[str] = frozenset()
    """First names of packages that the projects declare to need."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file's path from the root; None for a library, and for a folder without a file.

        ``from .a import b`` may mean a file as well: ask for `submodule` too.
        """
        if specifier.startswith("."):
            rest = specifier.lstrip(".")
            folder = posixpath.dirname(importer)
            for _ in range(len(specifier) - len(rest) - 1):
                if not folder:
                    return None
                folder = posixpath.dirname(folder)
            return self._at(folder, rest)
        first = specifier.split(".")[0]
        is_library = first in self.libraries or first in sys.stdlib_module_names
        for root in self._places(importer):
            if is_library and root not in self.roots:
                continue
            found = self._at(root, specifier)
            if found is not None and found != importer:
                return found
        return None

    def _places(self, importer: str) -> Iterator[str]:
        """Folders above the importing file, nearest first, then all roots."""
        folder = posixpath.dirname(importer)
        yield from self._above(folder)
        yield from self.roots

    def _above(self, folder: str) -> Iterator[str]:
        while True:
            if posixpath.join(folder, "__init__.py") not in self.files:
                yield folder
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def _at(self, folder: str, dotted: str) -> str | None:
        path = posixpath.join(folder, *dotted.split(".")) if dotted else folder
        names = [posixpath.join(path, "__init__.py")]
        if dotted:
            names.append(path + ".py")
        return next((one for one in names if one in self.files), None)


def submodule(specifier: str, name: str) -> str:
    """What ``from specifier import name`` imports if ``name`` is a file."""
    return specifier + name if specifier.endswith(".") else f"{specifier}.{name}"


def python_resolver(root: Path, files: Collection[str], manifests: Iterable[str]) -> PythonResolver:
    """Looks for projects in all folders that hold files, and above them.

    ``manifests``: files that say what a project is, as far as they are known to be there.
    """
    roots: list[str] = []
    libraries: set[str] = set()
    used = _folders(files)
    names: dict[str, list[str]] = {}
    for one in manifests:
        names.setdefault(posixpath.dirname(one), []).append(posixpath.basename(one))
    for folder in sorted(used & names.keys()):
        here = root / folder
        libraries |= _declared(here, names[folder])
        if not any((here / one).is_file() for one in names[folder] if one in PROJECTS):
            continue
        settings = _settings(here / "pyproject.toml")
        for place in (*_said(settings), *SOURCES, ""):
            roots.append(posixpath.normpath(posixpath.join(folder, place)).removeprefix("."))
    roots += [*SOURCES, ""]
    return PythonResolver(
        files=frozenset(one for one in files if one.endswith(".py")),
        roots=tuple(one for one in dict.fromkeys(roots) if one in used),
        libraries=frozenset(libraries),
    )


def _folders(files: Collection[str]) -> set[str]:
    found = {""}
    for one in files:
        folder = posixpath.dirname(one)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _settings(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(plain_text(path) or "")
    except (ValueError, RecursionError):
        return {}


def _said(settings: dict[str, object]) -> list[str]:
    """Folders that the settings of setuptools, Poetry and pytest import from."""
    found = _texts(_in(settings, "tool", "setuptools", "packages", "find", "where"))
    directories = _in(settings, "tool", "setuptools", "package-dir")
    if isinstance(directories, dict):
        found += _texts(directories.get(""))
    packages = _in(settings, "tool", "poetry", "packages")
    for one in packages if isinstance(packages, list) else []:
        found += _texts(one.get("from") if isinstance(one, dict) else None)
    found += _texts(_in(settings, "tool", "pytest", "ini_options", "pythonpath"))
    return [one for one in found if not one.startswith(("/", ".."))]


def _in(settings: object, *names: str) -> object:
    for name in names:
        settings = settings.get(name) if isinstance(settings, dict) else None
    return settings


def _texts(value: object) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, str)]


def _declared(folder: Path, names: Iterable[str]) -> set[str]:
    """Names of requirements, as they are imported when that is the same."""
    lines: list[str] = []
    listed = sorted(one for one in names if REQUIREMENTS.match(one) or one == "pyproject.toml")
    for name in listed:
        written = plain_text(folder / name) or ""
        lines += written.splitlines()[:2000]
    found = set()
    for line in lines:
        match = DEPENDENCIES.match(line)
        if match is not None:
            name = match[1].lower().replace("-", "_").replace(".", "_")
            found.add(name.removesuffix("_binary"))
    return found - {"name", "version", "packages", "description", "src", "lib", "app"}
