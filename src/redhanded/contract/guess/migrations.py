"""The command that makes the tables."""

from __future__ import annotations

import posixpath
import re

from redhanded.contract.guess.packages import Package
from redhanded.contract.guess.programs import MIGRATES, FoundProgram
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.writing import Section

TOOLS = {
    "sequelize-cli": "npx sequelize-cli db:migrate",
    "knex": "npx knex migrate:latest",
    "prisma": "npx prisma migrate deploy",
    "node-pg-migrate": "npx node-pg-migrate up",
    "drizzle-kit": "npx drizzle-kit migrate",
}
"""Package to command, where no script says more."""

_SCRIPT = re.compile(
    r"(?:(?:db|database|schema|typeorm|prisma|knex|sequelize|drizzle)[:_-]?)?migrat"
)
_OTHER_WAY = re.compile(
    r"dev|watch|down|undo|rollback|revert|drop|reset|fresh|refresh|create|generate|make|new|status"
    r"|list|show|diff|test|baseline|resolve"
)
_BY_NPX = re.compile(
    r"(?:sequelize(?:-cli)?|knex|prisma|node-pg-migrate|drizzle-kit|typeorm[\w-]*|mikro-orm)\s"
)
_DATA_SOURCE = re.compile(r"new\s+DataSource\s*\(")


def migrate(project: Project, found: list[FoundProgram], section: Section) -> None:
    """Adds ``migrate``: what deploys it, else a script, else the tool's own command."""
    for command, origin in _deployed(project, found):
        section.add("migrate", command, guessed=origin)
        return
    for package in project.packages:
        for script in sorted(package.scripts, key=len):
            if _SCRIPT.match(script) and not _OTHER_WAY.search(script):
                command = _by_script(package, script)
                section.add("migrate", command, guessed="a script of package.json")
                return
    for package in project.packages:
        for tool, command in TOOLS.items():
            if tool in package.dependencies:
                command = _within(package.folder, command)
                section.add("migrate", command, guessed=f"{tool} is a dependency")
                return
    source = next((path for path, text in project.sources.items() if _DATA_SOURCE.search(text)), "")
    if source and "typeorm" in project.dependencies:
        compiled = re.sub(r"(^|/)src/", r"\1dist/", posixpath.splitext(source)[0]) + ".js"
        section.add(
            "migrate", f"npx typeorm migration:run -d {compiled}", guessed="typeorm is a dependency"
        )
        return
    section.comment('migrate = "…"  # guessed: none was found; what makes the tables?')


def _deployed(project: Project, found: list[FoundProgram]) -> list[tuple[str, str]]:
    if "release" in project.procfile:
        return [(project.procfile["release"], "`release` of the Procfile")]
    commands = [
        (_within(service.folder, service.command), f"service {service.name} of a compose file")
        for service in project.composed
        if service.folder and MIGRATES.search(service.command) and "&&" not in service.command
    ]
    commands += [
        (_within(program.folder, " && ".join(program.before)), f"runs before {program.name}")
        for program in found
        if program.before
    ]
    return commands


def _by_script(package: Package, script: str) -> str:
    text = package.scripts[script]
    if package.folder == "." and _BY_NPX.match(text) and "&" not in text:
        return f"npx {text}"
    where = "" if package.folder == "." else f"--prefix {package.folder} "
    return f"npm {where}run {script}"


def _within(folder: str, command: str) -> str:
    return command if folder in ("", ".") else f"cd {folder} && {command}"
