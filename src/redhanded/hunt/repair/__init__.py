"""Repair: the parts of a fix, the test that tells it, and a tree of its own to hold them.

A new remedy is one module with the names of ``Remedy`` and one line in ``REMEDIES``.
"""

from __future__ import annotations

from pathlib import Path

from redhanded.case.codemap import CodeMap
from redhanded.case.fix import FixPart
from redhanded.case.reproduction import Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.hunt.repair import find_or_create, job_id, planted, regression_test, unique_index
from redhanded.hunt.repair.combine import combine, subsets
from redhanded.hunt.repair.remedy import Ground, Remedy
from redhanded.hunt.repair.worktree import Worktree, open_worktree
from redhanded.source import edit

__all__ = [
    "REMEDIES",
    "Worktree",
    "combine",
    "draft",
    "open_worktree",
    "planted_for",
    "subsets",
    "test_command_for",
    "test_for",
]

REMEDIES: tuple[Remedy, ...] = (job_id, find_or_create, unique_index)


def draft(
    root: Path,
    system: System,
    code: CodeMap,
    cause: RootCause,
    reproduction: Reproduction,
    symptom: Symptom,
) -> tuple[FixPart, ...]:
    """Every part that the code allows, tempting ones included; nothing is written.

    ``root`` is read, so it must be the tree that ``code`` and ``cause`` speak of.
    """
    ground = _ground(root, system, code, cause, reproduction, symptom)
    changed = [each.path for each in cause.locations if each.role in ("enqueue", "create")]
    if not all(edit.is_read(path) for path in changed):
        return ()
    return tuple(part for remedy in REMEDIES for part in remedy.parts(ground))


def test_for(
    root: Path,
    system: System,
    code: CodeMap,
    cause: RootCause,
    reproduction: Reproduction,
    symptom: Symptom,
) -> tuple[str, str]:
    """Path (relative to ``root``) and content of the regression test.

    Raises InputError where the system has no PostgreSQL, no delivery or no failing table.
    """
    ground = _ground(root, system, code, cause, reproduction, symptom)
    return regression_test.regression_test(ground)


def test_command_for(
    root: Path,
    system: System,
    code: CodeMap,
    cause: RootCause,
    reproduction: Reproduction,
    symptom: Symptom,
) -> str:
    """A shell command, run in ``root``, that runs the regression test alone.

    It needs the variables of the system's services, migrated, and nothing else running.
    """
    ground = _ground(root, system, code, cause, reproduction, symptom)
    return regression_test.command_for(ground)


def planted_for(
    root: Path,
    system: System,
    code: CodeMap,
    cause: RootCause,
    reproduction: Reproduction,
    symptom: Symptom,
) -> FixPart | None:
    """A check-then-create that passes serially, to be caught by the test; None where none fits."""
    return planted.plant(_ground(root, system, code, cause, reproduction, symptom))


def _ground(
    root: Path,
    system: System,
    code: CodeMap,
    cause: RootCause,
    reproduction: Reproduction,
    symptom: Symptom,
) -> Ground:
    return Ground(
        root=root,
        system=system,
        code=code,
        cause=cause,
        reproduction=reproduction,
        symptom=symptom,
    )
