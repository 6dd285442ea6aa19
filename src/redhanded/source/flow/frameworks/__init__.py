"""Libraries and what their calls do: one file each, one line in `FRAMEWORKS`."""

from __future__ import annotations

from redhanded.source.flow.framework import Framework
from redhanded.source.flow.frameworks import express, ioredis, pg

FRAMEWORKS: tuple[Framework, ...] = (
    # ECMAScript.
    express.FRAMEWORK,
    ioredis.FRAMEWORK,
    pg.FRAMEWORK,
)
