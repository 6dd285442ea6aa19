"""Tools in which tables are declared or changed: one file each, one line in `tools`."""

from __future__ import annotations

PACKAGES = (
    "@mikro-orm/migrations",
    "alembic",
    "django",
    "drizzle-orm",
    "flask_sqlalchemy",
    "knex",
    "kysely",
    "mongoose",
    "node-pg-migrate",
    "sequelize",
    "sequelize-typescript",
    "sqlalchemy",
    "sqlmodel",
    "typeorm",
    "umzug",
)
"""Imports by which a file that says something of tables is known."""
