"""Programs of the system: from the Procfile, else from scripts, else from files that listen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redhanded.contract.guess.project import Project
from redhanded.contract.guess.routes import routes
from redhanded.contract.guess.writing import Part, Section

WORKER_WORDS = re.compile(r"worker|job|consumer|queue|processor", re.IGNORECASE)
HEALTH = re.compile(r"/?(.*/)?(health\w*|healthcheck|ready|readyz|livez?|ping|status|up)$")
LISTENS = re.compile(r"\.listen\s*\(")
CONSUMES = re.compile(r"\.process\s*\(|new\s+Worker\s*\(")
SAYS_READY = re.compile(
    r"(?:log|info|console\.log)\w*\s*\((?:[^()'\"`]|\{[^}]*\})*['\"`]"
    r"([^'\"`$\n]*\b(?:ready|started|listening|running|up)\b[^'\"`$\n]*)['\"`]",
    re.IGNORECASE,
)
PORTS = r"PORT|(HTTP|APP|WEB|API|SERVER)_PORT"
SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|API_KEY|PRIVATE_KEY|_KEY$")
PLAIN = re.compile(r"[\w.:/@ -]*")


@dataclass(slots=True, kw_only=True)
class Processes(Part):
    """The sections, and which process answers requests."""

    web: str | None = None
    commands: dict[str, str] = field(default_factory=dict)


def processes(project: Project) -> Processes:
    """Web processes get ``{port}`` and a health route, workers run twice."""
    part = Processes()
    part.commands, origin = _commands(project)
    if not part.commands:
        part.commands, origin = {"web": "node index.js"}, "no entry was found"
        part.notes.append("no program was found to run; correct [processes.web] command")
    for name, command in part.commands.items():
        section = Section(header=f"[processes.{name}]")
        section.add("command", command, guessed=origin)
        if _is_worker(project, name, command):
            _worker(project, command, section, part)
        else:
            part.web = part.web or name
            _web(project, name, command, section, part)
        part.sections.append(section)
    return part


def _commands(project: Project) -> tuple[dict[str, str], str]:
    listed = {
        name: command
        for name, command in project.procfile.items()
        if name not in ("release", "console")
    }
    if listed:
        return {name: _unwatched(project, text) for name, text in listed.items()}, "the Procfile"
    found = {}
    if "start" in project.scripts:
        found["web"] = _unwatched(project, project.scripts["start"])
    for name, script in project.scripts.items():
        plain = not re.search(r"dev|watch|test|debug|lint|build", name)
        if plain and name != "start" and WORKER_WORDS.search(name) and "node" in script:
            found[re.sub(r"[^\w-]", "-", name.removeprefix("start:"))] = _unwatched(project, script)
    if found:
        return found, "scripts of package.json"
    return _entries(project), "files that listen or take jobs"


def _entries(project: Project) -> dict[str, str]:
    entries = {}
    for name, pattern in (("web", LISTENS), ("worker", CONSUMES)):
        paths = [path for path, text in project.sources.items() if pattern.search(text)]
        if paths:
            entries[name] = f"node {min(paths, key=lambda path: (path.count('/'), path))}"
    return entries


def _unwatched(project: Project, command: str) -> str:
    """The program itself: no watcher, and the script that ``npm run`` stands for."""
    called = re.fullmatch(r"(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:-s\s+)?([\w:-]+)", command.strip())
    if called and called[1] in project.scripts:
        command = project.scripts[called[1]]
    return re.sub(r"^(npx\s+)?nodemon\s+(--\S+\s+)*(?!node)", "node ", command)


def _is_worker(project: Project, name: str, command: str) -> bool:
    if LISTENS.search(_entry_text(project, command)):
        return False
    return bool(WORKER_WORDS.search(name) or CONSUMES.search(_entry_text(project, command)))


def _entry_text(project: Project, command: str) -> str:
    for word in command.split():
        path = word.removeprefix("./")
        for candidate in (path, f"{path}.js", f"{path}/index.js"):
            if candidate in project.sources:
                return project.sources[candidate]
    return ""


def _web(project: Project, name: str, command: str, section: Section, part: Processes) -> None:
    port = project.first(PORTS) or "PORT"
    section.add("env", {port: "{port}", **_settings(project, port)}, guessed="what it reads")
    health = [route for route in routes(project) if HEALTH.match(route.path)]
    gets = [route for route in health if route.method == "GET"]
    said = SAYS_READY.search(_entry_text(project, command))
    if gets:
        path = min(gets, key=lambda route: len(route.path)).path
        section.add("ready", f"http://127.0.0.1:{{port}}{path}", guessed="a route of the program")
    elif said:
        section.add("ready_log", said[1].strip(), guessed="a line that it logs")
    else:
        section.add("ready", "http://127.0.0.1:{port}/", guessed="no health route was found")
        part.notes.append(f"no health route was found; correct `ready` of [processes.{name}]")


def _worker(project: Project, command: str, section: Section, part: Processes) -> None:
    section.add("replicas", 2, guessed="two, so that they can get in each other's way")
    settings = _settings(project, "")
    if settings:
        section.add("env", settings, guessed="what it reads")
    said = SAYS_READY.search(_entry_text(project, command))
    if said:
        section.add("ready_log", said[1].strip(), guessed="a line that it logs")
    else:
        part.notes.append(f'nothing says when `{command}` is ready; add `ready_log = "…"`')


def _settings(project: Project, port: str) -> dict[str, str]:
    """Secrets get values of the lab; what has no default in the program, those of the example."""
    values = {}
    for name, has_default in project.variables.items():
        if name == port or _address(name):
            continue
        if SECRET.search(name):
            values[name] = "whsec_lab" if "WEBHOOK" in name else "lab"
        elif not has_default and name in project.example and PLAIN.fullmatch(project.example[name]):
            values[name] = project.example[name]
    return values


def _address(name: str) -> bool:
    """Whether it says where something is: services and stubs have those."""
    return bool(
        re.search(r"_(UR[LI]|HOST(NAME)?|PORT|BASE|ENDPOINT)$|^(PG|POSTGRES_|DB_|REDIS)", name)
    )
