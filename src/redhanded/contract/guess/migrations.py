"""The command that makes the tables."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from redhanded.contract.guess.packages import Package
from redhanded.contract.guess.programs import MIGRATES, FoundProgram
from redhanded.contract.guess.project import BYTES_MAX, Project
from redhanded.contract.guess.writing import Part, Section

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
SQL_FOLDERS = (".", "db", "sql", "database", "schema", "scripts")
_MAKES = re.compile(r"schema|init|tables|structure|create|setup|ddl", re.IGNORECASE)
_CREATES = re.compile(r"^\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\b", re.IGNORECASE | re.MULTILINE)
_PSQL = re.compile(r"^\\(?!\.)", re.MULTILINE)
_DATA_SOURCE = re.compile(r"new\s+DataSource\s*\(")


def migrate(project: Project, found: list[FoundProgram], section: Section, part: Part) -> None:
    """Adds ``migrate``: what deploys it, else a script, else the tool's own command; where there is
    none, a file of SQL that makes the tables."""
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
    tables(project, section, part)


def tables(project: Project, section: Section, part: Part) -> None:
    """Where no tool makes the tables: the one file of SQL that does, to be loaded at first; without
    it, or with several, a question."""
    found = [
        path.relative_to(project.root).as_posix()
        for folder in SQL_FOLDERS
        for path in sorted((project.root / folder).glob("*.sql"))
        if _MAKES.search(path.stem) and _makes_tables(path)
    ]
    if len(found) == 1:
        setup = Section(header="[setup]")
        setup.add("dump", found[0], guessed="it makes tables")
        part.sections.append(setup)
    else:
        section.comment('migrate = "…"  # guessed: none was found; what makes the tables?')


def _makes_tables(path: Path) -> bool:
    """Whether it can be sent to a server: what begins with a backslash is for psql alone."""
    if path.stat().st_size > BYTES_MAX:
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return bool(_CREATES.search(text)) and not _PSQL.search(text)


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
