"""Repair: the parts of a fix, the test that tells it, and a tree of its own to hold them.

A new remedy is one module with the names of ``Remedy`` and one line in ``REMEDIES``, in ``parts``.
"""

from __future__ import annotations

from redhanded.hunt.repair.combine import combine, subsets
from redhanded.hunt.repair.drafting import drafted, named, unwritten
from redhanded.hunt.repair.parts import REMEDIES, draft, refused
from redhanded.hunt.repair.planted import plant
from redhanded.hunt.repair.regression_test import command_for, regression_test
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.worktree import Worktree, open_worktree

__all__ = [
    "REMEDIES",
    "Ground",
    "Worktree",
    "combine",
    "command_for",
    "draft",
    "drafted",
    "named",
    "open_worktree",
    "plant",
    "refused",
    "regression_test",
    "subsets",
    "unwritten",
]
