"""Libraries and what their calls do: one file each, one line in `FRAMEWORKS`."""

from __future__ import annotations

from redhanded.source.flow.framework import Framework
from redhanded.source.flow.frameworks import (
    bull,
    bullmq,
    celery,
    commands,
    django_orm,
    express,
    fastapi,
    flask,
    http_clients,
    identifiers,
    ioredis,
    node_redis,
    node_runtime,
    outside,
    pg,
    python_network,
    python_runtime,
    sequelize,
    sqlalchemy,
)

FRAMEWORKS: tuple[Framework, ...] = (
    bull.FRAMEWORK,
    bullmq.FRAMEWORK,
    celery.FRAMEWORK,
    commands.FRAMEWORK,
    django_orm.FRAMEWORK,
    express.FRAMEWORK,
    fastapi.FRAMEWORK,
    flask.FRAMEWORK,
    http_clients.FRAMEWORK,
    identifiers.FRAMEWORK,
    ioredis.FRAMEWORK,
    node_redis.FRAMEWORK,
    node_runtime.FRAMEWORK,
    outside.FRAMEWORK,
    pg.FRAMEWORK,
    python_network.FRAMEWORK,
    python_runtime.FRAMEWORK,
    sequelize.FRAMEWORK,
    sqlalchemy.FRAMEWORK,
)
