"""The change, its parts, and what was measured of each subset of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.case.schedule import Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class FixPart:
    """One change, which can be applied without the others but for what it ``needs``."""

    key: str
    """``a``, ``b``, ``b2``, ``c`` …"""
    remedy: str
    """The catalogue's name, e.g. ``job-id``."""
    title: str
    why: str
    files: dict[str, str]
    """Path relative to the root to the file's new content, with this part alone."""
    diff: str
    """Unified diff."""
    tempting: bool = False
    """Looks right, and is measured to show whether it is; never proposed."""
    excludes: tuple[str, ...] = ()
    """Keys of parts that edit the same place."""
    needs: tuple[str, ...] = ()
    """Keys of parts that make what this one goes by."""


Outcome = Literal["fails", "holds", "infeasible", "not run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetResult:
    """What one subset of the parts did under each order."""

    parts: tuple[str, ...]
    outcome: Outcome
    """``fails`` if any order failed; ``holds`` if none did and the bound was explored."""
    forced: str = ""
    """Under the schedule that fails: ``failed 5/5``, ``passed 5/5``, ``infeasible``."""
    early: str = ""
    """A redelivery at the same instant."""
    late: str = ""
    """A redelivery after the work was done."""
    infeasible_constraint: Constraint | None = None
    unclear: tuple[str, ...] = ()
    """Names of that schedule that more than one operation of the changed code fits."""
    explored: int = 0
    """Orders explored beyond the three."""
    error: str | None = None
    """The first failure seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What ``repair`` gives."""

    branch: str
    worktree: str
    base: str
    """Commit the branch starts from."""
    parts: tuple[FixPart, ...]
    chosen: tuple[str, ...]
    subsets: tuple[SubsetResult, ...] = ()
    diff: str = ""
    """Of the chosen parts and the test."""
    test_path: str = ""
    test_diff: str = ""
    took_working_state: bool = False
    """The tree was dirty: the worktree holds the working state."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """``failed`` of ``runs``."""

    runs: int
    failed: int
    sample: str = ""
    """Last lines of one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What ``prove`` gives."""

    before: Counted
    """The new test on the old code."""
    after: Counted
    """The new test on the new code."""
    planted: Counted
    """The new test on a check-then-create that passes serially."""
    planted_serial: Counted
    """One delivery at a time on the same planted code."""
    own_tests: Counted
    """The target's own test command on the fixed code."""
    explored: int
    equivalent: int
    """Orders not run because reduction proved them equivalent."""
    failures: int
    exhausted: bool
    bound: str
    statement: str
    """What has been shown and what has not."""
    proven: bool
