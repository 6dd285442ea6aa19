"""The tools in which tables are declared or changed: one file each, one line here."""

from __future__ import annotations

from redhanded.source.flow.schemas import (
    alembic,
    knex,
    node_pg_migrate,
    sequelize_migrations,
    sql_files,
    sqlalchemy,
    typeorm_migrations,
)
from redhanded.source.flow.schemas.tool import MigrationTool, ModelTool

MODELS: tuple[ModelTool, ...] = (sqlalchemy.models,)

MIGRATIONS: tuple[MigrationTool, ...] = (
    sql_files.migrations,
    alembic.migrations,
    sequelize_migrations.migrations,
    knex.migrations,
    typeorm_migrations.migrations,
    node_pg_migrate.migrations,
)
