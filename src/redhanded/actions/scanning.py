"""Faults that the source of a project allows, without an incident and without running it."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.scan import Scan, ScanRequest
from redhanded.hunt import scan as stages


def scan(request: ScanRequest, say: Callable[[str], None]) -> Scan:
    """The findings, and what was not read. See ``redhanded.hunt.scan``."""
    return stages.scan(request, say)
