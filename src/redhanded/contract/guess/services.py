"""Databases and queues: by the drivers a project depends on and the variables it reads."""

from __future__ import annotations

from redhanded.contract.guess.connecting import addresses
from redhanded.contract.guess.migrations import migrate
from redhanded.contract.guess.programs import programs
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.writing import Part, Section

POSTGRES_DRIVERS = {"pg", "postgres", "pg-promise", "@prisma/client", "slonik"}
REDIS_DRIVERS = {"bull", "bullmq", "ioredis", "redis", "bee-queue", "@redis/client"}
POSTGRES_IMAGES = ("postgres", "postgis/", "timescale/", "bitnami/postgresql", "pgvector/")
REDIS_IMAGES = ("redis", "valkey/", "bitnami/redis", "bitnami/valkey", "eqalpha/keydb")

_DB = r"(DB|DATABASE|POSTGRES(QL)?|PG|SQL|TYPEORM|SEQUELIZE|KNEX)"
_QUEUE = r"(REDIS|QUEUE|VALKEY|BULL(MQ)?|CACHE)"
POSTGRES_PARTS = {
    "host": rf"(PGHOST|{_DB}_HOST(NAME)?)",
    "port": rf"(PGPORT|{_DB}_PORT)",
    "user": rf"(PGUSER|{_DB}_USER(NAME)?)",
    "password": rf"(PGPASSWORD|{_DB}_PASS(WORD)?)",
    "db": rf"(PGDATABASE|{_DB}_(NAME|DATABASE|DB))",
}
REDIS_PARTS = {
    "host": rf"{_QUEUE}_HOST(NAME)?",
    "port": rf"{_QUEUE}_PORT",
    "user": rf"{_QUEUE}_USER(NAME)?",
    "password": rf"{_QUEUE}_PASS(WORD)?",
    "db": rf"{_QUEUE}_DB",
}
POSTGRES_URL = r"(?!TEST)(\w+_)?(DATABASE|POSTGRES|POSTGRESQL|PG|DB)(_(?!TEST)\w+)?_UR[LI]"
REDIS_URL = r"(?!TEST)(\w+_)?(REDIS|VALKEY)(_(?!TEST)\w+)?_UR[LI]|(QUEUE|BULL|CACHE)_UR[LI]"


def services(project: Project) -> Part:
    """At most one PostgreSQL and one Redis; a second of a kind is for a person to add."""
    part = Part()
    if project.dependencies & POSTGRES_DRIVERS or _runs(project, POSTGRES_IMAGES):
        section = _service(project, "db", "postgres", POSTGRES_URL, POSTGRES_PARTS, part)
        migrate(project, programs(project), section, part)
    if project.dependencies & REDIS_DRIVERS or _runs(project, REDIS_IMAGES):
        _service(project, "queue", "redis", REDIS_URL, REDIS_PARTS, part)
    return part


def _runs(project: Project, images: tuple[str, ...]) -> bool:
    return any(service.image.startswith(images) for service in project.composed)


def _service(
    project: Project, name: str, kind: str, url: str, parts: dict[str, str], part: Part
) -> Section:
    section = Section(header=f"[services.{name}]")
    section.add("kind", kind)
    env = dict.fromkeys(project.all(url), "{url}") or {
        variable: f"{{{place}}}"
        for place, pattern in parts.items()
        for variable in project.all(pattern)
    }
    return with_variables(section, name, kind, env or given(project, kind), part)


def given(project: Project, kind: str) -> dict[str, str]:
    """What clients are given, whatever it is called."""
    return dict.fromkeys(addresses(project.sources, project.variables, kind), "{url}")


def with_variables(
    section: Section, name: str, kind: str, env: dict[str, str], part: Part
) -> Section:
    """Adds the section, with how the program learns where the service is, or a note."""
    if env:
        section.add("env", env, guessed="what the program reads")
    else:
        variable = "DATABASE_URL" if kind == "postgres" else "REDIS_URL"
        env = {variable: "{url}"}
        section.add("env", env, guessed="no variable for it was found in the source")
        part.notes.append(
            f"how the program learns where {kind} is was not found; correct `env` of "
            f"[services.{name}], or let the program read {variable}"
        )
    part.variables |= set(env)
    part.sections.append(section)
    return section
