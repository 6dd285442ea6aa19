"""A first ``redhanded.toml`` from what a project says of itself, in JavaScript or Python.

Read are package.json, pyproject.toml or requirements, a Procfile, compose files, .env examples, and
the source for the variables, routes and signature checks it names. Nothing is run. Every line that
is not certain carries the comment ``# guessed: …`` with what it rests on.
"""

from __future__ import annotations

from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.contract.guess.installing import install_and_build
from redhanded.contract.guess.outside import stubs, workload
from redhanded.contract.guess.processes import Processes, processes
from redhanded.contract.guess.project import Project, is_node, look_at
from redhanded.contract.guess.python.guessing import guess_python, is_python
from redhanded.contract.guess.services import services
from redhanded.contract.guess.writing import Guess, Section, document

__all__ = ["Guess", "guess"]

SOURCE_FOLDERS = ("src", "lib", "app", "server", "api", "worker", "workers", "jobs", "migrations")


def guess(root: Path) -> Guess:
    """The text of the file, fixtures that it names and that are not there yet, and notes.

    Raises ``InputError`` for a folder that holds no manifest of a Node or Python project.
    """
    if is_python(root):
        return guess_python(root)
    if not is_node(root):
        raise InputError(
            f"there is no package.json in {root} and no manifest of a Python project, and only "
            "Node and Python projects are guessed so far; write redhanded.toml by hand: "
            "[system] name, [services.*] kind and env, "
            "[processes.*] command, [[workload]] to and request"
        )
    project = look_at(root)
    serve = services(project)
    run = processes(project, serve.variables)
    answer = stubs(project, serve)
    send = workload(project, run)
    return document(
        [
            _system(project, run),
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


def _system(project: Project, run: Processes) -> Section:
    section = Section(header="[system]")
    section.add("name", _name(project))
    install_and_build(project, run.programs, section)
    workspaces = {package.folder.split("/")[0] for package in project.packages[1:]}
    folders = [name for name in SOURCE_FOLDERS if (project.root / name).is_dir()]
    folders = sorted(workspaces) + [name for name in folders if name not in workspaces]
    section.add("source", folders or ["."], guessed="folders that hold the program")
    return section


def _name(project: Project) -> str:
    return str(project.packages[0].manifest.get("name") or project.root.name).split("/")[-1]


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
