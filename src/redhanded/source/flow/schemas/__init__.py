"""The tools in which tables are declared or changed: one file each, one line here."""

from __future__ import annotations

from redhanded.source.flow.schemas import alembic, sql_files, sqlalchemy
from redhanded.source.flow.schemas.tool import MigrationTool, ModelTool

MODELS: tuple[ModelTool, ...] = (sqlalchemy.models,)

MIGRATIONS: tuple[MigrationTool, ...] = (sql_files.migrations, alembic.migrations)
