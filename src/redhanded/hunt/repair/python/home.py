"""Where and how a Python project keeps its tests, and by which driver it reaches PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from redhanded.case.errors import InputError
from redhanded.case.system import System

_SKIPPED = frozenset(
    {"node_modules", ".git", ".redhanded", ".venv", "venv", "site-packages", "__pycache__", "build"}
)
_DEPENDENCIES = ("requirements*.txt", "requirements/*.txt", "pyproject.toml", "setup.cfg")
_MORE_DEPENDENCIES = ("requirements*.in", "Pipfile", "setup.py")
_DRIVERS = ("psycopg2", "psycopg", "asyncpg")
_THROUGH = ("integration", "e2e", "system", "functional", "acceptance")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestHome:
    """Where and how the target keeps its tests."""

    runner: Literal["pytest", "unittest"]
    command: str
    """What runs all tests, as the contract has it; empty where it has none."""
    folder: str
    """Relative to the root."""
    pattern: str
    """``test_*.py`` or ``*_test.py``."""
    driver: str
    """The module that connects to PostgreSQL."""


def test_home(root: Path, system: System) -> TestHome:
    """From the contract, the dependencies and the tests that are there.

    InputError where no driver is known that the test could connect by.
    """
    asked = dependencies(root)
    command = system.test_command or ""
    existing = sorted(_tests(root))
    pytest = "pytest" in command or (not command and re.search(r"\bpytest\b", asked) is not None)
    ends = sum(each.name.endswith("_test.py") for each in existing)
    return TestHome(
        runner="pytest" if pytest else "unittest",
        command=command,
        folder=_folder(existing),
        pattern="*_test.py" if ends * 2 > len(existing) else "test_*.py",
        driver=_driver(asked),
    )


def dependencies(root: Path) -> str:
    """The text of everything that names a dependency."""
    found = []
    for pattern in (*_DEPENDENCIES, *_MORE_DEPENDENCIES):
        for path in sorted(root.glob(pattern)):
            found.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(found)


def test_command(home: TestHome, path: str) -> str:
    """A shell command, run in the root, that runs the test at ``path`` alone."""
    through = re.match(r"(.*\bpytest)(?=\s|$)", home.command)
    if home.runner == "pytest":
        return f"{through[1] if through else 'python -m pytest'} {path}"
    module = path.removesuffix(".py").replace("/", ".")
    managed = re.match(r"(.*\bmanage\.py\s+test)(?=\s|$)", home.command)
    return f"{managed[1] if managed else 'python -m unittest'} {module}"


def _driver(asked: str) -> str:
    for name in _DRIVERS:
        if re.search(rf"(?<![\w-]){name}(?![\w])", asked):
            return name
    raise InputError(
        "a regression test cannot be written: no dependency names psycopg, psycopg2 or asyncpg, "
        "by which it could watch PostgreSQL"
    )


def _tests(root: Path) -> list[Path]:
    found: list[Path] = []
    folders = [root]
    while folders:
        for each in folders.pop().iterdir():
            if each.is_dir() and not each.is_symlink():
                if each.name not in _SKIPPED:
                    folders.append(each)
            elif re.fullmatch(r"test_\w+\.py|\w+_test\.py", each.name):
                found.append(each.relative_to(root))
    return found


def _folder(existing: list[Path]) -> str:
    """The folder of the tests that go through services, or the one with most tests."""
    if not existing:
        return "tests"
    through = [each for each in existing if any(word in str(each).lower() for word in _THROUGH)]
    counted: dict[str, int] = {}
    for each in through or existing:
        folder = each.parent.as_posix()
        counted[folder] = counted.get(folder, 0) + 1
    return max(sorted(counted), key=lambda folder: counted[folder])
