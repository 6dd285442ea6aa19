"""Commands of a Python project: what serves, what works, what migrates.

From the Procfile, else from compose files, else from what the source defines. Kept is the program
itself, without the shell, the waiting and the migrations that go before it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.contract.guess.compose import steps
from redhanded.contract.guess.project import Project

MIGRATES = re.compile(
    r"manage\.py\s+migrate|django-admin\s+migrate|alembic\s+\S*.*upgrade|flask\s+.*db\s+upgrade"
    r"|aerich\s+upgrade|yoyo\s+apply"
)
RUNNERS = re.compile(r"^(?:exec\s+|uv\s+run\s+|poetry\s+run\s+|pipenv\s+run\s+|pdm\s+run\s+)+")
ON_ITS_OWN = re.compile(r"\bflower\b|\bbeat\b|\brq-?scheduler\b|\brqscheduler\b|\bmailhog\b")
"""Programs that only watch, or that send by the clock."""
PORT = r"(?:\$\{?\w*PORT\w*(?::-\d+)?\}?|\d{2,5})"
HOST = r"(?:[\w.]*|\[[:\w]*\])"
ADDRESSES = (
    re.compile(rf"((?:--port|-p)[=\s]+){PORT}"),
    re.compile(rf"((?:--bind|-b)[=\s]+{HOST}:){PORT}"),
    re.compile(rf"(runserver\s+(?:{HOST}:)?){PORT}"),
)
_FASTAPI = re.compile(r"^(\w+)(?:\s*:\s*\w+)?\s*=\s*(?:FastAPI|Starlette|Litestar)\(", re.MULTILINE)
_FLASK = re.compile(r"^(\w+)\s*=\s*Flask\(", re.MULTILINE)
_CELERY = re.compile(r"^(\w+)\s*=\s*Celery\(", re.MULTILINE)
_RQ_QUEUE = re.compile(r"\bQueue\(\s*(?:name\s*=\s*)?['\"]([\w.-]+)['\"]")


@dataclass(slots=True, kw_only=True)
class Commands:
    """What was found to run."""

    programs: dict[str, str] = field(default_factory=dict)
    """Name of the process to its command, with ``{port}``."""
    origin: str = ""
    migrations: list[str] = field(default_factory=list)
    replicas: dict[str, int] = field(default_factory=dict)
    django: bool = False
    notes: list[str] = field(default_factory=list)


def commands(project: Project) -> Commands:
    """All of them; empty ``programs`` where nothing was found."""
    found = Commands(django=(project.root / "manage.py").is_file())
    for origin, listed in (
        ("the Procfile", project.procfile),
        ("the compose file", _composed(project, found)),
        ("what the source defines", dict(_defined(project, found))),
    ):
        if not found.programs:
            found.origin = origin
            for name, command in listed.items():
                _take(name, command, found)
    return found


def program(command: str) -> str:
    """The program that a command starts: ``celery``, ``uvicorn``, ``manage.py`` …"""
    words = [word for word in command.split() if "=" not in word.split("/")[0]]
    words = [word for word in words if word != "env"]
    if words and re.fullmatch(r"(?:.*/)?python[\d.]*", words[0]):
        words = [word for word in words[1:] if not word.startswith("-")]
    return words[0].rpartition("/")[2] if words else ""


def _take(name: str, command: str, found: Commands) -> None:
    *before, last = _steps(command)
    for step in [*before, last]:
        if MIGRATES.search(step) and step not in found.migrations:
            found.migrations.append(step)
    if MIGRATES.search(last) or name in ("release", "console", "shell"):
        return
    if ON_ITS_OWN.search(last):
        found.notes.append(f"left out: `{last}` ({name}); add it if its work matters here")
        return
    found.programs[re.sub(r"[^\w-]", "-", name)] = _served_here(last)


def _steps(command: str) -> list[str]:
    """A command line in its parts: ``sh -c "a && b"`` is a, then b."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    if len(words) >= 3 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1][:1] == "-":
        command = words[2]
    parts = [RUNNERS.sub("", part) for part in steps(command)]
    return parts or [command]


def _served_here(command: str) -> str:
    """On the port that the lab gives, without a watcher for changes."""
    for pattern in ADDRESSES:
        command = pattern.sub(r"\g<1>{port}", command)
    command = re.sub(r"\s--reload\b|\s--autoreload\b", "", command)
    name = program(command)
    if "runserver" in command:
        command = re.sub(r"runserver(?!\s+\S*\{port\})", "runserver {port}", command)
        return command if "--noreload" in command else f"{command} --noreload"
    if name in ("uvicorn", "hypercorn", "daphne", "flask") and "{port}" not in command:
        return f"{command} --port {{port}}"
    if name == "gunicorn" and "{port}" not in command:
        return f"{command} --bind 127.0.0.1:{{port}}"
    return re.sub(r"^fastapi\s+dev\b", "fastapi run", command)


def _composed(project: Project, found: Commands) -> dict[str, str]:
    """Commands of services that are built here; the Dockerfile's where one has none."""
    built = [service for service in project.composed if service.folder and service.command]
    found.replicas |= {service.name: service.replicas for service in built if service.replicas > 1}
    return {service.name: service.command for service in built}


def _defined(project: Project, found: Commands) -> Iterator[tuple[str, str]]:
    if found.django:
        yield "web", "python manage.py runserver 127.0.0.1:8000"
    for kind, pattern in (("uvicorn", _FASTAPI), ("flask", _FLASK)):
        place = None if found.django else _first(project, pattern)
        if place:
            module, name = place
            run = f"uvicorn {module}:{name}" if kind == "uvicorn" else f"flask --app {module} run"
            yield "web", f"{run} --port 8000"
            break
    celery = _first(project, _CELERY)
    if celery:
        yield "worker", f"celery -A {celery[0].removesuffix('.celery')} worker --loglevel=INFO"
    elif "rq" in project.dependencies:
        names = [name for text in project.sources.values() for name in _RQ_QUEUE.findall(text)]
        yield "worker", " ".join(["rq worker", *dict.fromkeys(names)])


def _first(project: Project, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """Module and name of the first definition, those nearest the root first."""
    for path in sorted(project.sources, key=lambda path: (path.count("/"), path)):
        match = pattern.search(project.sources[path])
        if match:
            module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            return module, match[1]
    return None
