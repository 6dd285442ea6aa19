"""Tools in which tables are declared or changed: one file each, one line in `tools`."""

from __future__ import annotations

PACKAGES = (
    "@mikro-orm/core",
    "@mikro-orm/decorators",
    "@mikro-orm/migrations",
    "@mikro-orm/postgresql",
    "aerich",
    "alembic",
    "django",
    "drizzle-orm",
    "flask_sqlalchemy",
    "knex",
    "kysely",
    "mongoose",
    "node-pg-migrate",
    "peewee",
    "playhouse",
    "sequelize",
    "sequelize-typescript",
    "sqlalchemy",
    "sqlmodel",
    "tortoise",
    "typeorm",
    "umzug",
)
"""Imports by which a file that says something of tables is known."""
