"""Run a system under a chosen order of events, against real PostgreSQL and Redis."""

from __future__ import annotations

from redhanded.lab.commands import Command, Finished
from redhanded.lab.trial import Lab, Played, Services, open_lab, open_services, wait_for_any

__all__ = [
    "Command",
    "Finished",
    "Lab",
    "Played",
    "Services",
    "open_lab",
    "open_services",
    "wait_for_any",
]
