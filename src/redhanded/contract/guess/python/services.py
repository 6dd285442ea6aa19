"""Databases and queues of a Python project, by what its variables hold and what it depends on."""

from __future__ import annotations

import re

from redhanded.contract.guess.migrations import tables
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.python.commands import Commands
from redhanded.contract.guess.python.project import known_values
from redhanded.contract.guess.services import (
    POSTGRES_PARTS,
    POSTGRES_URL,
    REDIS_PARTS,
    REDIS_URL,
    given,
    with_variables,
)
from redhanded.contract.guess.writing import Part, Section

POSTGRES_DRIVERS = {
    "psycopg",
    "psycopg2",
    "psycopg2-binary",
    "psycopg-binary",
    "asyncpg",
    "aiopg",
    "pg8000",
}
REDIS_DRIVERS = {"redis", "rq", "celery", "django-rq", "django-redis", "arq", "huey", "aioredis"}
BROKER = r"(\w+_)?(BROKER|RESULT_BACKEND|QUEUE)(_UR[LI])?"
POSTGRES_SCHEME = re.compile(r"(postgres(?:ql)?(?:\+\w+)?)://")
REDIS_SCHEME = re.compile(r"redis://[^/]*(/\d+)?")
_CREATE_ALL = re.compile(r"\.metadata\.create_all\b|\bdb\.create_all\(")
_SCRIPT = re.compile(r"^(?:if __name__ == |asyncio\.run\()", re.MULTILINE)
PLAIN_SCHEMES = ("postgres", "postgresql")
SQLALCHEMY = {"sqlalchemy", "flask-sqlalchemy", "sqlmodel"}
LOGIN = "{user}:{password}@{host}:{port}/{db}"


def services(project: Project, found: Commands) -> Part:
    """At most one PostgreSQL and one Redis; a second of a kind is for a person to add."""
    part = Part()
    values = known_values(project)
    addresses = _postgres_addresses(project, values)
    parts = _parts(project, POSTGRES_PARTS, part)
    if addresses or project.dependencies & POSTGRES_DRIVERS or _image(project, "postgres"):
        env = addresses or parts
        env = env or dict.fromkeys(given(project, "postgres"), _usual_address(project))
        section = _service("db", "postgres", env, part)
        _migrate(project, found, section, part)
    addresses = _redis_addresses(project, values)
    parts = _parts(project, REDIS_PARTS, part)
    if addresses or project.dependencies & REDIS_DRIVERS or _image(project, "redis"):
        env = addresses or parts or given(project, "redis")
        _service("queue", "redis", env, part)
    return part


def _postgres_addresses(project: Project, values: dict[str, str]) -> dict[str, str]:
    """Variables that hold the address of a database; its driver is kept (``postgresql+x://``)."""
    found = {}
    for name in project.variables:
        scheme = POSTGRES_SCHEME.match(values.get(name, ""))
        if scheme is None and not re.fullmatch(POSTGRES_URL, name):
            continue
        if scheme is None and "://" in values.get(name, ""):
            continue
        found[name] = _address(scheme[1]) if scheme is not None else _usual_address(project)
    return found


def _usual_address(project: Project) -> str:
    """Where no value shows it: SQLAlchemy takes psycopg2 for ``postgresql://``, unless the program
    names another driver."""
    drivers = project.dependencies & (POSTGRES_DRIVERS | SQLALCHEMY)
    named = any("postgresql+" in text for text in project.sources.values())
    if named or not drivers & SQLALCHEMY or drivers & {"psycopg2", "psycopg2-binary"}:
        return "{url}"
    driver = next((name for name in ("asyncpg", "psycopg", "pg8000") if name in drivers), "")
    return _address(f"postgresql+{driver}" if driver else "postgresql")


def _address(scheme: str) -> str:
    return "{url}" if scheme in PLAIN_SCHEMES else f"{scheme}://{LOGIN}"


def _redis_addresses(project: Project, values: dict[str, str]) -> dict[str, str]:
    """Variables that hold the address of a Redis, with the number of the database they name."""
    found = {}
    for name in project.variables:
        value = values.get(name, "")
        held = REDIS_SCHEME.match(value)
        named = re.fullmatch(REDIS_URL, name) or re.fullmatch(BROKER, name)
        if held or (named and "://" not in value):
            found[name] = "{url}" + ((held[1] or "") if held else "")
    return found


def _parts(project: Project, patterns: dict[str, str], part: Part) -> dict[str, str]:
    found = {
        variable: f"{{{place}}}"
        for place, pattern in patterns.items()
        if (variable := project.first(pattern))
    }
    part.variables |= set(found)
    return found


def _image(project: Project, word: str) -> bool:
    return any(word in service.image for service in project.composed)


def _service(name: str, kind: str, env: dict[str, str], part: Part) -> Section:
    section = Section(header=f"[services.{name}]")
    section.add("kind", kind)
    return with_variables(section, name, kind, env, part)


def _migrate(project: Project, found: Commands, section: Section, part: Part) -> None:
    if found.migrations:
        section.add("migrate", " && ".join(found.migrations), guessed=found.origin)
    elif found.django:
        section.add("migrate", "python manage.py migrate --noinput", guessed="there is a manage.py")
    elif (project.root / "alembic.ini").is_file():
        section.add("migrate", "alembic upgrade head", guessed="there is an alembic.ini")
    elif "flask-migrate" in project.dependencies:
        section.add("migrate", "flask db upgrade", guessed="Flask-Migrate is a dependency")
    elif (
        len(makers := [path for path, text in project.sources.items() if _makes_tables(text)]) == 1
    ):
        module = makers[0].removesuffix(".py").replace("/", ".")
        section.add("migrate", f"python -m {module}", guessed="it makes the tables")
    else:
        tables(project, section, part)


def _makes_tables(text: str) -> bool:
    """Whether a module is a script that has SQLAlchemy make them."""
    return bool(_CREATE_ALL.search(text) and _SCRIPT.search(text))
