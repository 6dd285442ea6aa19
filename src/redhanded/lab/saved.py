"""Schedules in files, to be followed again by another lab, later, or on edited code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from redhanded.case.document import decode, encode
from redhanded.case.errors import InputError
from redhanded.case.schedule import SCHEDULE_VERSION, Schedule


def save_schedule(schedule: Schedule, path: Path) -> None:
    """Writes a schedule as JSON (its schema: ``redhanded schema schedule``)."""
    path.write_bytes(encode(replace(schedule, version=SCHEDULE_VERSION)))


def load_schedule(path: Path) -> Schedule:
    """Reads one; ``InputError`` if it is none, or one of a later version."""
    try:
        schedule = decode(path.read_bytes(), Schedule)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is not a schedule: {error}.") from error
    if schedule.version > SCHEDULE_VERSION:
        raise InputError(
            f"{path} is a schedule of version {schedule.version}; this redhanded reads up to "
            f"{SCHEDULE_VERSION}. Use a newer one."
        )
    return schedule
