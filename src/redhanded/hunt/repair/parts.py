"""The parts of a fix.

A new remedy is one module with the names of ``Remedy`` and one line in ``REMEDIES``.
"""

from __future__ import annotations

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
from redhanded.hunt.repair.python import inserted_once as python_inserted_once
from redhanded.hunt.repair.remedy import Ground, Remedy

REMEDIES: tuple[Remedy, ...] = (
    job_id,
    find_or_create,
    prisma_rows,
    inserted_once,
    typeorm_rows,
    added_once,
    python_inserted_once,
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
    return attempted(ground)[0]


def refused(ground: Ground) -> tuple[str, ...]:
    """Why parts that would fit the cause could not be put into the code."""
    return attempted(ground)[1]


def attempted(ground: Ground) -> tuple[tuple[FixPart, ...], tuple[str, ...]]:
    """What ``draft`` and ``refused`` say, found once."""
    alone = ground.cause.mechanism in transaction_retry.ALONE
    found, refusals = _parts(ground, () if alone else REMEDIES)
    if all(each.tempting for each in found):
        others, more = _parts(ground, OTHERWISE)
        found, refusals = [*found, *others], [*refusals, *more]
    keys = {each.key for each in found}
    return tuple(each for each in found if keys >= set(each.needs)), tuple(refusals)


def _parts(ground: Ground, remedies: tuple[Remedy, ...]) -> tuple[list[FixPart], list[str]]:
    found: list[FixPart] = []
    refusals: list[str] = []
    for remedy in remedies:
        try:
            found += remedy.parts(ground)
        except InputError as error:
            refusals.append(f"The remedy {remedy.name} could not be written: {error}.")
    return found, refusals
