"""A first ``redhanded.toml`` from what a Node project says of itself.

Read are package.json, a Procfile, compose files, .env examples, and the source for the variables,
routes and signature checks it names. Nothing is run. Every line that is not certain carries the
comment ``# guessed: …`` with what it rests on.
"""

from __future__ import annotations

from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.contract.guess.outside import stubs, workload
from redhanded.contract.guess.processes import processes
from redhanded.contract.guess.project import Project, look_at
from redhanded.contract.guess.services import services
from redhanded.contract.guess.writing import Guess, Section, document

__all__ = ["Guess", "guess"]

SOURCE_FOLDERS = ("src", "lib", "app", "server", "api", "worker", "workers", "jobs", "migrations")
INSTALLS = {
    "package-lock.json": "npm ci",
    "yarn.lock": "yarn install --frozen-lockfile",
    "pnpm-lock.yaml": "pnpm install --frozen-lockfile",
}


def guess(root: Path) -> Guess:
    """The text of the file, fixtures that it names and that are not there yet, and notes.

    Raises ``InputError`` for a folder without a package.json.
    """
    if not (root / "package.json").is_file():
        raise InputError(
            f"there is no package.json in {root}, and only Node projects are guessed so far; write "
            "redhanded.toml by hand: [system] name, [services.*] kind and env, "
            "[processes.*] command, [[workload]] to and request"
        )
    project = look_at(root)
    run = processes(project)
    serve = services(project)
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
            *_tests(project),
        ],
        fixtures=answer.fixtures | send.fixtures,
        notes=[*serve.notes, *run.notes, *answer.notes, *send.notes],
    )


def _system(project: Project) -> Section:
    section = Section(header="[system]")
    section.add("name", str(project.package.get("name") or project.root.name).split("/")[-1])
    lock = next((name for name in INSTALLS if (project.root / name).is_file()), None)
    section.add(
        "prepare",
        [INSTALLS[lock] if lock else "npm install"],
        guessed="" if lock else "there is no lock file",
    )
    if "build" in project.scripts:
        section.add("build", ["npm run build"], guessed="from scripts.build of package.json")
    folders = [name for name in SOURCE_FOLDERS if (project.root / name).is_dir()]
    section.add("source", folders or ["."], guessed="folders that hold the program")
    return section


def _symptom() -> Section:
    section = Section(header="[symptom]")
    section.comment('log = "a part of the error message"   # or give it with --symptom')
    section.comment("rate = 0.003                          # failures per request, if no log says")
    return section


def _tests(project: Project) -> list[Section]:
    script = project.scripts.get("test", "")
    if not script or "no test specified" in script:
        return []
    section = Section(header="[tests]")
    section.add("command", "npm test")
    return [section]
