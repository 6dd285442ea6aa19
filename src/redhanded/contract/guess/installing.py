"""The commands that install dependencies and build."""

from __future__ import annotations

from pathlib import Path

from redhanded.contract.guess.packages import Package
from redhanded.contract.guess.programs import FoundProgram
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.writing import Section

INSTALLS = {
    "package-lock.json": ("npm", "--prefix", "ci"),
    "npm-shrinkwrap.json": ("npm", "--prefix", "ci"),
    "yarn.lock": ("yarn", "--cwd", "install --frozen-lockfile"),
    "pnpm-lock.yaml": ("pnpm", "--dir", "install --frozen-lockfile"),
}
"""Lock file to the tool, its option for another folder, and what it is told."""


def install_and_build(project: Project, found: list[FoundProgram], section: Section) -> None:
    """Adds ``prepare`` and, where there is something to build, ``build``."""
    folders = {program.folder for program in found}
    separate = [
        package for package in project.packages if package.separate and package.folder in folders
    ]
    roots = [
        package
        for package in (project.packages[0], *separate)
        if (project.root / package.folder / "package.json").is_file()
    ]
    locks = {package.folder: _lock(project.root / package.folder) for package in roots}
    unlocked = [folder for folder, lock in locks.items() if lock is None]
    section.add(
        "prepare",
        [_install(folder, lock) for folder, lock in locks.items()],
        guessed="there is no lock file" if unlocked else "",
    )
    commands = [command for package in roots for command in _build(project, package, locks)]
    if commands:
        origin = "from scripts.build of package.json"
        inner = "build" not in roots[0].scripts and not separate
        section.add(
            "build", commands, guessed="workspaces have a script for it" if inner else origin
        )


def _lock(folder: Path) -> str | None:
    return next((name for name in INSTALLS if (folder / name).is_file()), None)


def _install(folder: str, lock: str | None) -> str:
    tool, option, rest = INSTALLS[lock] if lock else ("npm", "--prefix", "install")
    return f"{tool} {rest}" if folder == "." else f"{tool} {option} {folder} {rest}"


def _build(project: Project, package: Package, locks: dict[str, str | None]) -> list[str]:
    if "build" in package.scripts:
        return [f"npm {'' if package.folder == '.' else f'--prefix {package.folder} '}run build"]
    inner = [other for other in project.packages[1:] if not other.separate]
    if package.folder != "." or not any("build" in other.scripts for other in inner):
        return []
    if locks["."] == "pnpm-lock.yaml":
        return ["pnpm -r run build"]
    return ["npm run build --workspaces --if-present"]
