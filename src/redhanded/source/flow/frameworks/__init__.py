"""Libraries and what their calls do: one file each, one line in `FRAMEWORKS`."""

from __future__ import annotations

from redhanded.source.flow.framework import Framework

FRAMEWORKS: tuple[Framework, ...] = ()
