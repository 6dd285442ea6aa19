"""The libraries that are understood: one file each, one row here."""

from __future__ import annotations

from redhanded.source.frameworks import bull, bullmq, express, pg, sequelize
from redhanded.source.frameworks.facts import Framework

FRAMEWORKS: tuple[Framework, ...] = (
    express.FRAMEWORK,
    bull.FRAMEWORK,
    bullmq.FRAMEWORK,
    sequelize.FRAMEWORK,
    pg.FRAMEWORK,
)
