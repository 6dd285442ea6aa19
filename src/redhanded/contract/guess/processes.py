"""The tables of the programs: command, environment, and what shows that each serves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from redhanded.contract.guess.programs import (
    CONSUMES,
    LISTENS,
    WORKER_WORDS,
    FoundProgram,
    entry_of,
    programs,
)
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.routes import routes
from redhanded.contract.guess.writing import Part, Section

HEALTH = re.compile(r"/?(.*/)?_?(health\w*|healthcheck|ready|readyz|live|livez?|ping|status|up)$")
SAYS_READY = re.compile(
    r"(?:log|info|console\.log)\w*\s*\((?:[^()'\"`]|\{[^}]*\})*['\"`]"
    r"([^'\"`$\n]*\b(?:ready|started|listening|running|up)\b[^'\"`$\n]*)['\"`$]",
    re.IGNORECASE,
)
ON_READY = re.compile(
    r"\.(?:on|once)\s*\(\s*['\"`](?:ready|listening)['\"`]\s*,[^;]{0,80}?"
    r"(?:log|info|debug)\w*\s*\((?:[^()'\"`]|\{[^}]*\})*['\"`]([^'\"`$\n]+)['\"`$]"
)
"""What is logged once something tells that it is ready, whatever the words."""
OF_WORK = re.compile(r"\b(?:job|task|message|request|event|attempt)\b", re.IGNORECASE)
"""Words of lines about a single piece of work, which come too late to wait for."""
PORTS = r"PORT|(HTTP|APP|WEB|API|SERVER)_PORT"
SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|API_KEY|PRIVATE_KEY|_KEY$")
PLAIN = re.compile(r"[\w.:/@ -]+")
NOT_SET = ("NODE_ENV",)
"""Programs ask for TLS and real credentials where it says production."""


@dataclass(slots=True, kw_only=True)
class Processes(Part):
    """The sections, and which process answers requests."""

    web: str | None = None
    programs: list[FoundProgram] = field(default_factory=list)


def processes(project: Project, spoken_for: set[str]) -> Processes:
    """Web processes get ``{port}`` and a health route, workers run twice.

    Variables that are ``spoken_for`` belong to services.
    """
    part = Processes(programs=programs(project))
    if not part.programs:
        origin = "no entry was found"
        part.programs = [FoundProgram(name="web", command="node index.js", origin=origin)]
        part.notes.append("no program was found to run; correct [processes.web] command")
    for program in part.programs:
        own = project.part(program.folder)
        section = Section(header=f"[processes.{program.name}]")
        section.add("command", program.command, guessed=program.origin)
        if program.folder != ".":
            section.add("cwd", program.folder)
        if _is_worker(own, program):
            _worker(own, program, spoken_for, section, part)
        else:
            part.web = part.web or program.name
            _web(own, program, spoken_for, section, part)
        part.sections.append(section)
    return part


def _is_worker(project: Project, program: FoundProgram) -> bool:
    text = _entry_text(project, program)
    if LISTENS.search(text):
        return False
    return bool(WORKER_WORDS.search(program.name) or CONSUMES.search(text))


def _entry_text(project: Project, program: FoundProgram) -> str:
    return project.sources.get(entry_of(project, program) or "", "")


def _web(
    project: Project, program: FoundProgram, spoken_for: set[str], section: Section, part: Processes
) -> None:
    port = project.first(PORTS) or "PORT"
    env = {port: "{port}", **_settings(project, spoken_for)}
    section.add("env", env, guessed="what it reads")
    health = [route for route in routes(project) if HEALTH.match(route.path)]
    gets = [route for route in health if route.method == "GET"]
    said = _says_ready(_entry_text(project, program))
    if gets:
        path = min(gets, key=lambda route: len(route.path)).path
        section.add("ready", f"http://127.0.0.1:{{port}}{path}", guessed="a route of the program")
    elif said:
        section.add("ready_log", said, guessed="a line that it logs")
    elif "@nestjs/core" in project.dependencies:
        said_by = "what NestJS logs"
        section.add("ready_log", "Nest application successfully started", guessed=said_by)
    else:
        section.add("ready", "http://127.0.0.1:{port}/", guessed="no health route was found")
        part.notes.append(
            f"no health route was found; correct `ready` of [processes.{program.name}]"
        )


def _worker(
    project: Project, program: FoundProgram, spoken_for: set[str], section: Section, part: Processes
) -> None:
    section.add("replicas", 2, guessed="two, so that they can get in each other's way")
    settings = _settings(project, spoken_for)
    if settings:
        section.add("env", settings, guessed="what it reads")
    entry = _entry_text(project, program)
    consumers = [text for text in project.sources.values() if CONSUMES.search(text)]
    said = _first_said([entry, *consumers] if program.folder != "." else [entry])
    if said:
        section.add("ready_log", said, guessed="a line that it logs")
    else:
        part.notes.append(f'nothing says when `{program.command}` is ready; add `ready_log = "…"`')


def _first_said(texts: Iterable[str]) -> str | None:
    return next((said for text in texts if (said := _says_ready(text))), None)


def _says_ready(text: str) -> str | None:
    """The line of a program that tells that it serves or waits for work."""
    if told := ON_READY.search(text):
        return told[1].strip()
    said = [match[1].strip() for match in SAYS_READY.finditer(text)]
    waits = re.compile(r"\b(?:wait|listen|ready)", re.IGNORECASE)
    fitting = [one for one in said if waits.search(one) or not OF_WORK.search(one)]
    return min(fitting, key=lambda one: not waits.search(one), default=None)


def _settings(project: Project, spoken_for: set[str]) -> dict[str, str]:
    """Secrets get values of the lab; what has no default in the program, those of the example."""
    values = {}
    for name, has_default in project.variables.items():
        if name in spoken_for or name in NOT_SET or re.fullmatch(PORTS, name) or _address(name):
            continue
        if SECRET.search(name):
            values[name] = "whsec_lab" if "WEBHOOK" in name else "lab"
        elif not has_default and PLAIN.fullmatch(project.example.get(name, "")):
            values[name] = project.example[name]
    return values


def _address(name: str) -> bool:
    """Whether it says where something is: services and stubs have those."""
    return bool(
        re.search(r"_(UR[LI]|HOST(NAME)?|PORT|BASE|ENDPOINT)$|^(PG|POSTGRES_|DB_|REDIS)", name)
    )
