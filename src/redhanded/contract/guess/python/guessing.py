"""What a Python project says of itself, as the sections of a ``redhanded.toml``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from redhanded.contract.guess.outside import stubs, workload
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.python.commands import Commands, commands
from redhanded.contract.guess.python.processes import processes
from redhanded.contract.guess.python.project import extra_for_tests, look_at
from redhanded.contract.guess.python.services import services
from redhanded.contract.guess.writing import Guess, Section, document

MANIFESTS = ("requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "manage.py")
INSTALLS = {
    "uv.lock": ["uv sync --frozen"],
    "poetry.lock": ["poetry config virtualenvs.in-project true --local", "poetry install"],
    "requirements.txt": ["python -m venv .venv", ".venv/bin/pip install -r requirements.txt"],
    "requirements/base.txt": [
        "python -m venv .venv",
        ".venv/bin/pip install -r requirements/base.txt",
    ],
    "pyproject.toml": ["python -m venv .venv", ".venv/bin/pip install ."],
    "setup.py": ["python -m venv .venv", ".venv/bin/pip install ."],
}
FOR_TESTS = (
    *("requirements-dev.txt", "requirements-test.txt", "requirements-tests.txt"),
    *("requirements/dev.txt", "requirements/test.txt", "requirements/local.txt"),
    *("dev-requirements.txt", "test-requirements.txt", "requirements_dev.txt"),
)
"""What is installed besides, where there are tests to run."""
NOT_SOURCE = {"test", "tests", "docs", "venv", "node_modules", "static", "templates", "build"}
TEST_FILE = re.compile(r"(test_\w+|\w+_test|tests)\.py")


def is_python(root: Path) -> bool:
    """Whether its server side is Python: a package.json beside it may be for the browser."""
    if (root / "manage.py").is_file():
        return True
    return not (root / "package.json").is_file() and any(
        (root / name).is_file() for name in MANIFESTS
    )


def guess_python(root: Path) -> Guess:
    """The text of the file, fixtures that it names and that are not there yet, and notes."""
    project = look_at(root)
    found = commands(project)
    serve = services(project, found)
    run = processes(project, found, serve, sources=_sources_first(root))
    answer = stubs(project, serve)
    send = workload(project, run)
    return document(
        [
            _system(project),
            *serve.sections,
            *run.sections,
            *answer.sections,
            *send.sections,
            _symptom(),
            *_tests(project, found),
        ],
        fixtures=answer.fixtures | send.fixtures,
        notes=[*found.notes, *serve.notes, *run.notes, *answer.notes, *send.notes],
    )


def _system(project: Project) -> Section:
    section = Section(header="[system]")
    section.add("name", project.packages[0].name)
    if not active_environment(os.environ) or (project.root / ".venv").is_dir():
        lock = _lock(project.root)
        installed = (project.root / ".venv").is_dir()
        if lock and not installed:
            section.add("prepare", _install(project, lock), guessed=f"there is a {lock}")
    else:
        section.comment("prepare is not needed: the virtual environment that is active is used")
    section.add("source", _source(project), guessed="folders that hold the program")
    return section


def _lock(root: Path) -> str | None:
    """The file that says what is to be installed."""
    return next((name for name in INSTALLS if (root / name).is_file()), None)


def _install(project: Project, lock: str) -> list[str]:
    """The commands that install what the program asks for, and what its tests do."""
    listed = list(INSTALLS[lock])
    if not _has_tests(project.root):
        return listed
    if lock.startswith("requirements"):
        besides = next((name for name in FOR_TESTS if (project.root / name).is_file()), None)
        if besides is not None:
            listed[-1] += f" -r {besides}"
    elif listed[-1].endswith("install .") and (extra := extra_for_tests(project.root)):
        listed[-1] += f"[{extra}]"
    return listed


def _sources_first(root: Path) -> str | None:
    """Where the sources lie, if a copy of them is installed, which would be run in their stead."""
    lock = _lock(root)
    if lock is None or not INSTALLS[lock][-1].endswith("pip install ."):
        return None
    return "src" if (root / "src").is_dir() else "."


def active_environment(environment: Mapping[str, str]) -> bool:
    """Whether the ``python`` on PATH belongs to a virtual environment."""
    python = shutil.which("python", path=environment.get("PATH"))
    return python is not None and (Path(python).parents[1] / "pyvenv.cfg").is_file()


def _source(project: Project) -> list[str]:
    """Top folders with Python in them; the root, where modules lie there."""
    tops = {path.split("/")[0] for path in project.sources if "/" in path}
    modules = {path for path in project.sources if "/" not in path} - {"manage.py", "setup.py"}
    folders = sorted(tops - NOT_SOURCE)
    return ["."] if modules or not folders else folders


def _symptom() -> Section:
    section = Section(header="[symptom]")
    section.comment('log = "a part of the error message"   # or give it with --symptom')
    section.comment("rate = 0.003                          # failures per request, if no log says")
    return section


def _tests(project: Project, found: Commands) -> list[Section]:
    if not _has_tests(project.root):
        return []
    section = Section(header="[tests]")
    if found.django and "pytest" not in project.dependencies:
        section.add("command", "python manage.py test", guessed="there are tests")
    else:
        section.add("command", "python -m pytest", guessed="there are tests")
    return [section]


def _has_tests(root: Path) -> bool:
    return any(
        TEST_FILE.fullmatch(path.name) and not {"site-packages", "node_modules"} & set(path.parts)
        for path in root.rglob("*.py")
    )
