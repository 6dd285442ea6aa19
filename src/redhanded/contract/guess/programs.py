"""Which programs a Node project consists of, and the command that runs each."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from redhanded.contract.guess.compiled import source_of
from redhanded.contract.guess.compose import steps
from redhanded.contract.guess.packages import Package
from redhanded.contract.guess.project import Project

WORKER_WORDS = re.compile(r"worker|job|consumer|queue|processor", re.IGNORECASE)
MIGRATES = re.compile(r"migrat|db:push|db:setup|schema:sync", re.IGNORECASE)
LISTENS = re.compile(r"\.listen\s*\(")
CONSUMES = re.compile(r"\.process\s*\(|new\s+Worker\s*[(<]|@Processor\s*\(")

_NO_PROGRAM = re.compile(
    r"dev|watch|test|debug|lint|build|compile|format|clean|docker|seed|storybook|codegen|repl"
    r"|prepare|^pre|^post|migrat|typeorm|prisma|knex|sequelize|drizzle|release|deploy|local"
)
_WEB_NAMES = {"", "web", "api", "server", "http", "app", "gateway", "backend"}
_RUNS = re.compile(
    r"(?:\S+=\S+\s+)*(?:npx\s+)?(?:cross-env\s+(?:\S+=\S+\s+)*)?(node|tsx|ts-node)\b"
)
_NO_NODE = re.compile(r"^(?:nginx|caddy|httpd|traefik|haproxy|redis-server|postgres|docker)\b")
_CALLED = re.compile(
    r"(?:npm|yarn|pnpm)\s+(?:(?:--(?:workspace|filter|prefix|dir)|-[wFC]|workspace)[ =](\S+)\s+)?"
    r"(?:run\s+)?(?:-s\s+|--silent\s+)?([\w:.-]+)"
    r"(?:\s+(?:--(?:workspace|filter|prefix)|-[wF])[ =](\S+))?(?:\s+--silent|\s+-s)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProgram:
    """One program, where its command is run, and what says so."""

    name: str
    command: str
    origin: str
    folder: str = "."
    replicas: int = 1
    before: tuple[str, ...] = ()
    """Migrations that run before it, in the same folder."""


def programs(project: Project) -> list[FoundProgram]:
    """From the Procfile, else compose files, else scripts, else files that listen or take jobs."""
    for found in (_listed(project), _composed(project), _scripted(project)):
        if found:
            return found
    return _entries(project)


def entry_of(project: Project, program: FoundProgram) -> str | None:
    """The source file that a program starts with."""
    for word in program.command.split():
        if re.match(r"[\w./@-]+$", word) and word not in ("node", "npx", "npm", "tsx", "start"):
            path = posixpath.join(program.folder, word)
            if found := source_of(path, project.sources):
                return found
    return None


def _listed(project: Project) -> list[FoundProgram]:
    return [
        _unwatched(project, FoundProgram(name=name, command=command, origin="the Procfile"))
        for name, command in project.procfile.items()
        if name not in ("release", "console")
    ]


def _composed(project: Project) -> list[FoundProgram]:
    folders = {package.folder for package in project.packages}
    found = []
    for service in project.composed:
        if not service.folder:
            continue
        program = _unwatched(
            project,
            FoundProgram(
                name=service.name,
                command=service.command or "npm start",
                origin="a compose file",
                folder=service.folder if service.folder in folders else ".",
                replicas=service.replicas,
            ),
        )
        once = MIGRATES.search(service.command) and not program.before and not service.serves
        if not once and not _NO_NODE.match(program.command):
            found.append(program)
    return found


def _scripted(project: Project) -> list[FoundProgram]:
    found: list[FoundProgram] = []
    for package in project.packages:
        for program in _scripts(project, package):
            known = {(other.folder, other.command) for other in found}
            if (program.folder, program.command) not in known:
                taken = any(other.name == program.name for other in found)
                place = posixpath.basename(package.folder)
                found.append(replace(program, name=f"{place}-{program.name}") if taken else program)
    return found


def _scripts(project: Project, package: Package) -> list[FoundProgram]:
    """One for each role; the script for production if there are several."""
    roles: dict[str, tuple[bool, FoundProgram]] = {}
    for script, text in package.scripts.items():
        parts = [part for part in re.split(r"[:]", script) if part]
        kept = [
            part for part in parts if part not in ("start", "serve", "run", "prod", "production")
        ]
        role = "-".join(re.sub(r"[^\w-]", "-", part) for part in kept)
        starts = parts[0] in ("start", "serve")
        wanted = starts or role in _WEB_NAMES or WORKER_WORDS.search(role)
        if _NO_PROGRAM.search(script) or not wanted:
            continue
        name = role or ("web" if package.folder == "." else posixpath.basename(package.folder))
        program = _unwatched(
            project,
            FoundProgram(
                name=name,
                command=text,
                origin="scripts of package.json",
                folder=package.folder,
            ),
        )
        production = len(kept) < len(parts) - starts
        if _RUNS.match(program.command) and (production or name not in roles):
            roles[name] = (production, program)
    return [program for _, program in roles.values()]


def _entries(project: Project) -> list[FoundProgram]:
    found = []
    for name, pattern in (("web", LISTENS), ("worker", CONSUMES)):
        paths = [path for path, text in project.sources.items() if pattern.search(text)]
        if paths:
            entry = min(paths, key=lambda path: (path.count("/"), path))
            runner = "npx tsx" if entry.endswith("ts") else "node"
            found.append(
                FoundProgram(
                    name=name,
                    command=f"{runner} {entry}",
                    origin="files that listen or take jobs",
                )
            )
    return found


def _unwatched(project: Project, program: FoundProgram, depth: int = 0) -> FoundProgram:
    """The program itself: no watcher, no script around it, nothing that runs before it."""
    *before, command = steps(program.command) or [""]
    migrations = tuple(step for step in before if MIGRATES.search(step))
    program = replace(program, command=command, before=(*program.before, *migrations))
    called = _CALLED.fullmatch(command)
    if called and depth < 4:
        package = _package(project, called[1] or called[3], program.folder)
        if package is not None and called[2] in package.scripts:
            inner = replace(program, command=package.scripts[called[2]], folder=package.folder)
            return _unwatched(project, inner, depth + 1)
    return replace(program, command=_plain(project, program))


def _package(project: Project, wanted: str | None, folder: str) -> Package | None:
    """By folder or name; the one in ``folder`` where a command names none."""
    place = posixpath.normpath(posixpath.join(folder, wanted)) if wanted else folder
    for package in project.packages:
        if package.folder == place or wanted in (package.name, package.name.split("/")[-1]):
            return package
    return None


def _plain(project: Project, program: FoundProgram) -> str:
    """The command without a watcher; programs of node_modules by way of npx."""
    command = re.sub(r"^(?:npx\s+)?nodemon\s+(?:--\S+\s+)*(?!node)", "node ", program.command)
    command = re.sub(r"^(?:npx\s+)?nodemon\s+(?:--\S+\s+)*", "", command)
    command = re.sub(r"^node\s+--watch(?:-path=\S+)?\s+", "node ", command)
    command = re.sub(
        r"^(?:npx\s+)?(?:tsx\s+(?:watch\s+)?|ts-node-dev\s+(?:--\S+\s+)*)", "npx tsx ", command
    )
    command = re.sub(r"^(?:npx\s+)?ts-node\s+", "npx ts-node ", command)
    if re.match(r"(?:npx\s+)?nest\s+start\b", command):
        command = "node dist/main"
    return command
