"""Programs of a Python project, and how one sees that they serve."""

from __future__ import annotations

import re

from redhanded.contract.guess.processes import HEALTH, PLAIN, SECRET, Processes
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.python.commands import Commands, program
from redhanded.contract.guess.routes import routes
from redhanded.contract.guess.writing import Part, Section

SAYS_READY = {
    "celery": "ready.",
    "rq": "Listening on",
    "dramatiq": "Worker process is ready for action",
    "arq": "Starting worker for",
    "uvicorn": "Uvicorn running on",
    "gunicorn": "Listening at",
    "hypercorn": "Running on",
    "daphne": "Listening on TCP address",
    "flask": "Running on",
    "rqworker": "Listening on",
    "runserver": "Quit the server with",
}
"""What well-known programs write once they serve."""
SERVERS = {"uvicorn", "gunicorn", "hypercorn", "daphne", "flask", "fastapi", "waitress-serve"}
ADDRESS = re.compile(r"_(UR[LI]|HOST(NAME)?|PORT|BASE|ENDPOINT)$|^PORT$")
LITERAL_REDIS = re.compile(r"redis://[^\s'\"]+")


def processes(
    project: Project, found: Commands, services: Part, *, sources: str | None = None
) -> Processes:
    """Web processes get ``{port}`` and a health route; workers run twice, or fork by themselves.

    ``sources``: where modules are to be looked for before what is installed.
    """
    part = Processes()
    programs = found.programs or {"web": "python main.py"}
    if not found.programs:
        part.notes.append("no program was found to run; correct [processes.web] command")
    settings = _settings(project, services)
    for name, command in programs.items():
        section = Section(header=f"[processes.{name}]")
        command = _addressed(project, command, services)
        section.add("command", command, guessed=found.origin or "no entry was found")
        if sources is not None:
            paths = {**settings, "PYTHONPATH": sources}
            section.add("env", paths, guessed="what it reads; its sources before an installed copy")
        elif settings:
            section.add("env", settings, guessed="what it reads")
        if _serves(command):
            part.web = part.web or name
            _ready_web(project, name, command, section, part)
        else:
            count = found.replicas.get(name, 1 if _forks(command) else 2)
            if count > 1:
                section.add("replicas", count, guessed="jobs of two workers can overlap")
            _ready_worker(command, section, part)
        part.sections.append(section)
    return part


def _serves(command: str) -> bool:
    return program(command) in SERVERS or "runserver" in command or "{port}" in command


def _forks(command: str) -> bool:
    """Whether one process of it does several jobs at once."""
    alone = re.search(r"(?:--concurrency|-c)[=\s]+1\b|--pool[=\s]+solo|-P\s+solo", command)
    return program(command) in ("celery", "dramatiq") and not alone


def _addressed(project: Project, command: str, services: Part) -> str:
    """An address in the command line becomes the variable that holds it."""
    variables = [
        name for name in project.variables if name in services.variables and "REDIS" in name
    ]
    if not variables:
        variables = [name for name in services.variables if "BROKER" in name]
    return LITERAL_REDIS.sub(f"${variables[0]}", command) if variables else command


def _ready_web(
    project: Project, name: str, command: str, section: Section, part: Processes
) -> None:
    health = [route for route in routes(project) if HEALTH.match(route.path.rstrip("/"))]
    gets = [route for route in health if route.method == "GET"]
    said = SAYS_READY.get("runserver" if "runserver" in command else program(command))
    if gets:
        path = min(gets, key=lambda route: len(route.path)).path
        section.add("ready", f"http://127.0.0.1:{{port}}{path}", guessed="a route of the program")
    elif said:
        section.add("ready_log", said, guessed=f"what {program(command)} writes")
    else:
        section.add("ready", "http://127.0.0.1:{port}/", guessed="no health route was found")
        part.notes.append(f"no health route was found; correct `ready` of [processes.{name}]")


def _ready_worker(command: str, section: Section, part: Processes) -> None:
    said = SAYS_READY.get("rqworker" if "rqworker" in command else program(command))
    if said:
        section.add("ready_log", said, guessed=f"what {program(command)} writes")
    else:
        part.notes.append(f'nothing says when `{command}` is ready; add `ready_log = "…"`')


def _settings(project: Project, services: Part) -> dict[str, str]:
    """Secrets get values of the lab; what has no default in the program, those of the example."""
    values = {}
    for name, has_default in project.variables.items():
        if name in services.variables or ADDRESS.search(name):
            continue
        if SECRET.search(name):
            values[name] = "whsec_lab" if "WEBHOOK" in name else "lab"
        elif not has_default and PLAIN.fullmatch(project.example.get(name, "")):
            values[name] = project.example.get(name, "")
    return {name: value for name, value in values.items() if value}
