"""The parts of a fix.

A new remedy is one module with the names of ``Remedy`` and one line in ``REMEDIES``.
"""

from __future__ import annotations

from contextlib import suppress

from redhanded.case.errors import InputError
from redhanded.case.fix import FixPart
from redhanded.hunt.repair import (
    enqueue_after_commit,
    find_or_create,
    inserted_once,
    job_id,
    prisma_rows,
    row_lock,
    transaction_retry,
    typeorm_rows,
    unique_index,
)
from redhanded.hunt.repair.python import added_once
from redhanded.hunt.repair.remedy import Ground, Remedy

REMEDIES: tuple[Remedy, ...] = (
    job_id,
    find_or_create,
    prisma_rows,
    inserted_once,
    typeorm_rows,
    added_once,
    unique_index,
    row_lock,
    enqueue_after_commit,
)
OTHERWISE: tuple[Remedy, ...] = (transaction_retry,)
"""What is drafted where no part of the others is more than tempting."""


def draft(ground: Ground) -> tuple[FixPart, ...]:
    """Every part that the code allows, tempting ones included; nothing is written.

    The root of ``ground`` is read, so it must be the tree that its code and cause speak of.
    """
    found = _parts(ground, REMEDIES)
    if all(each.tempting for each in found):
        found += _parts(ground, OTHERWISE)
    return tuple(found)


def _parts(ground: Ground, remedies: tuple[Remedy, ...]) -> list[FixPart]:
    found: list[FixPart] = []
    for remedy in remedies:
        # Two edits of one remedy that meet make no part.
        with suppress(InputError):
            found += remedy.parts(ground)
    return found
