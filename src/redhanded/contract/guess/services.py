"""Databases and queues: by the drivers a project depends on and the variables it reads."""

from __future__ import annotations

from redhanded.contract.guess.project import Project
from redhanded.contract.guess.writing import Part, Section

POSTGRES_DRIVERS = {"pg", "postgres", "pg-promise", "@prisma/client", "typeorm", "slonik"}
REDIS_DRIVERS = {"bull", "bullmq", "ioredis", "redis", "bee-queue", "@redis/client"}

POSTGRES_PARTS = {
    "host": r"(PGHOST|(DB|DATABASE|POSTGRES|PG)_HOST(NAME)?)",
    "port": r"(PGPORT|(DB|DATABASE|POSTGRES|PG)_PORT)",
    "user": r"(PGUSER|(DB|DATABASE|POSTGRES|PG)_USER(NAME)?)",
    "password": r"(PGPASSWORD|(DB|DATABASE|POSTGRES|PG)_PASS(WORD)?)",
    "db": r"(PGDATABASE|(DB|DATABASE|POSTGRES|PG)_(NAME|DATABASE|DB))",
}
REDIS_PARTS = {
    "host": r"(REDIS|QUEUE|VALKEY|BULL)_HOST(NAME)?",
    "port": r"(REDIS|QUEUE|VALKEY|BULL)_PORT",
    "password": r"(REDIS|QUEUE|VALKEY|BULL)_PASS(WORD)?",
    "db": r"(REDIS|QUEUE|VALKEY|BULL)_DB",
}
POSTGRES_URL = r"(\w+_)?(DATABASE|POSTGRES|POSTGRESQL|PG|DB)(_\w+)?_UR[LI]"
REDIS_URL = r"(\w+_)?(REDIS|VALKEY)(_\w+)?_UR[LI]|(QUEUE|BULL)_UR[LI]"

MIGRATIONS = {
    "sequelize-cli": "npx sequelize-cli db:migrate",
    "knex": "npx knex migrate:latest",
    "prisma": "npx prisma migrate deploy",
    "node-pg-migrate": "npx node-pg-migrate up",
}


def services(project: Project) -> Part:
    """At most one PostgreSQL and one Redis; a second of a kind is for a person to add."""
    part = Part()
    if project.dependencies & POSTGRES_DRIVERS or "image: postgres" in project.compose:
        section = _service(project, "db", "postgres", POSTGRES_URL, POSTGRES_PARTS, part)
        _migrate(project, section)
    if project.dependencies & REDIS_DRIVERS or "image: redis" in project.compose:
        _service(project, "queue", "redis", REDIS_URL, REDIS_PARTS, part)
    return part


def _service(
    project: Project, name: str, kind: str, url: str, parts: dict[str, str], part: Part
) -> Section:
    section = Section(header=f"[services.{name}]")
    section.add("kind", kind)
    by_url = project.first(url)
    by_parts = {
        variable: f"{{{place}}}"
        for place, pattern in parts.items()
        if (variable := project.first(pattern))
    }
    if by_url:
        section.add("env", {by_url: "{url}"}, guessed="a variable that the program reads")
    elif by_parts:
        section.add("env", by_parts, guessed="variables that the program reads")
    else:
        by_url = "DATABASE_URL" if kind == "postgres" else "REDIS_URL"
        section.add("env", {by_url: "{url}"}, guessed="no variable for it was found in the source")
        part.notes.append(
            f"how the program learns where {kind} is was not found; correct `env` of "
            f"[services.{name}], or let the program read {by_url}"
        )
    part.variables |= {by_url} if by_url else set(by_parts)
    part.sections.append(section)
    return section


def _migrate(project: Project, section: Section) -> None:
    release = project.procfile.get("release")
    if release:
        section.add("migrate", release, guessed="`release` of the Procfile")
        return
    for dependency, command in MIGRATIONS.items():
        if dependency in project.dependencies:
            section.add("migrate", command, guessed=f"{dependency} is a dependency")
            return
    for script in ("migrate", "db:migrate", "migrate:up", "migrations"):
        if script in project.scripts:
            section.add("migrate", f"npm run {script}", guessed="a script of package.json")
            return
    section.comment('migrate = "…"  # guessed: none was found; what makes the tables?')
