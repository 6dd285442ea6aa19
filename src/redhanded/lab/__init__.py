"""Run a system under a chosen order of events, against real PostgreSQL and Redis."""

from __future__ import annotations

from redhanded.lab.commands import Command, Finished
from redhanded.lab.looking import Rhythm
from redhanded.lab.opening import Services, open_lab, open_services, wait_for_any
from redhanded.lab.saved import load_schedule, save_schedule
from redhanded.lab.trial import Lab, Played

__all__ = [
    "Command",
    "Finished",
    "Lab",
    "Played",
    "Rhythm",
    "Services",
    "load_schedule",
    "open_lab",
    "open_services",
    "save_schedule",
    "wait_for_any",
]
