"""The tools in which tables are declared or changed: one file each, one line here."""

from __future__ import annotations

from redhanded.source.flow.schemas import (
    alembic,
    db_migrate,
    django,
    django_migrations,
    drizzle,
    knex,
    kysely,
    mikro_orm,
    mongoose,
    node_pg_migrate,
    peewee,
    prisma,
    sequelize,
    sequelize_migrations,
    sql_files,
    sql_in_code,
    sqlalchemy,
    tortoise,
    typeorm,
    typeorm_migrations,
)
from redhanded.source.flow.schemas.tool import MigrationTool, ModelTool

MODELS: tuple[ModelTool, ...] = (
    sqlalchemy.models,
    django.models,
    sequelize.models,
    typeorm.models,
    mikro_orm.models,
    peewee.models,
    tortoise.models,
    prisma.models,
    drizzle.models,
    mongoose.models,
)

MIGRATIONS: tuple[MigrationTool, ...] = (
    sql_files.migrations,
    alembic.migrations,
    django_migrations.migrations,
    sequelize_migrations.migrations,
    knex.migrations,
    kysely.migrations,
    typeorm_migrations.migrations,
    node_pg_migrate.migrations,
    db_migrate.migrations,
    tortoise.migrations,
    sql_in_code.migrations,
)
