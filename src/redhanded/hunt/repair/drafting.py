"""A fix and its test on a branch of their own, where a remedy fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.case.fix import Fix
from redhanded.case.hypothesis import Hypothesis
from redhanded.hunt.repair import (
    enqueue_after_commit,
    find_or_create,
    job_id,
    row_lock,
    transaction_retry,
)
from redhanded.hunt.repair.combine import combine
from redhanded.hunt.repair.parts import OTHERWISE, REMEDIES, attempted
from redhanded.hunt.repair.python import added_once
from redhanded.hunt.repair.python import inserted_once as python_inserted_once
from redhanded.hunt.repair.regression_test import regression_test
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.tested import EARLY
from redhanded.hunt.repair.worktree import open_worktree

AGAINST = {
    **dict.fromkeys(
        transaction_retry.RETRIED | transaction_retry.SERIALIZABLE, (transaction_retry.name,)
    ),
    "read-modify-write": (row_lock.name, transaction_retry.name),
    row_lock.QUOTA: (row_lock.name, transaction_retry.name),
    EARLY: (enqueue_after_commit.name,),
}
"""Mechanism to remedies, for causes that the order shows and no hypothesis may have named."""


def drafted(
    ground: Ground,
    *,
    hypotheses: Sequence[Hypothesis],
    branch: str,
    free_folder: Callable[[], Path],
) -> Fix | None:
    """The fix, committed to ``branch`` in a worktree in a folder that ``free_folder`` gives.

    None, and nothing is written, where no hypothesis names a remedy against the cause that is
    known here, or no part of one fits the code.
    """
    remedies = named(ground, hypotheses)
    if not remedies & {remedy.name for remedy in (*REMEDIES, *OTHERWISE)}:
        return None
    parts, refusals = attempted(ground)
    chosen = [part for part in parts if not part.tempting]
    if not chosen:
        return None
    tree = open_worktree(ground.root, branch, free_folder())
    notes = [*tree.notes, *unwritten(ground, remedies), *refusals]
    tree.write(combine(ground.root, chosen))
    titles = "\n".join(f"- {part.title}" for part in chosen)
    tree.commit(f"Fix: {ground.cause.title}\n\n{titles}")
    test_path, test_diff = "", ""
    try:
        test_path, text = regression_test(ground)
        tree.write({test_path: text})
        tree.commit("Test the fix with concurrent deliveries")
        test_diff = tree.diff(test_path)
    except InputError as error:
        notes.append(f"No regression test was written: {error}")
    return Fix(
        branch=tree.branch,
        worktree=str(tree.root),
        base=tree.base,
        parts=parts,
        chosen=tuple(part.key for part in chosen),
        diff=tree.diff(),
        test_path=test_path,
        test_diff=test_diff,
        took_working_state=tree.took_working_state,
        notes=tuple(notes),
    )


def named(ground: Ground, hypotheses: Sequence[Hypothesis]) -> frozenset[str]:
    """The remedies that the hypotheses of the cause name, and those of what was measured."""
    suspected = [one for one in hypotheses if one.mechanism == ground.cause.mechanism]
    measured = AGAINST.get(ground.cause.mechanism, ())
    return frozenset((*measured, *(name for one in suspected for name in one.remedies)))


def unwritten(ground: Ground, remedies: Collection[str]) -> tuple[str, ...]:
    """Why remedies that help elsewhere are not written here, where that is known."""
    asked = (
        (job_id.name, job_id.absent),
        (find_or_create.name, find_or_create.absent),
        (added_once.name, added_once.absent),
        (python_inserted_once.name, python_inserted_once.absent),
    )
    reasons = [why(ground) for name, why in asked if name in remedies]
    return tuple(reason for reason in reasons if reason)
