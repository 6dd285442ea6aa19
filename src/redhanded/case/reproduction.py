"""The failure, caught: the order that makes it happen and the ones that do not."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.hypothesis import RootLocation
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class NaturalRun:
    """The workload without any control."""

    name: str
    """``log`` (the log's gaps and concurrency) or ``simultaneous``."""
    trials: int
    failures: int
    seconds: float
    how: str
    """Gaps, concurrency and length in a sentence."""
    sample: str = ""
    """The first line that showed a failure, at most 2,000 characters."""
    broke: tuple[str, ...] = ()
    """The invariants that failing trials broke, where none of them showed the symptom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """The schedule with one constraint flipped, or without one of its events."""

    flipped: Constraint | None = None
    without: Event | None = None
    dropped: tuple[Constraint, ...] = ()
    """Constraints that contradict the flip."""
    runs: int = 0
    failures: int = 0
    infeasible: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A condition that was suspected to be necessary, taken away."""

    question: str
    """e.g. ``Must two workers run at the same time?``"""
    answer: str
    necessary: bool
    runs: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What ``reproduce`` gives."""

    trials_to_first_failure: int | None
    """Controlled trials up to and including the first failure, the serial one not counted."""
    serial_trials: int = 1
    schedule: Schedule | None = None
    """The smallest one."""
    shrunk_from: int = 0
    """Constraints and events before shrinking."""
    replays: int = 0
    replays_failed: int = 0
    """Replays that showed the failure: all of them, when the schedule holds."""
    counterfactuals: tuple[Counterfactual, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    same_error: bool = False
    """The error and constraint are those of the log."""
    constraint: str | None = None
    run: Run | None = None
    """The smallest failing run."""
    passing: Run | None = None
    """The counterfactual run shown beside it."""
    happened: tuple[str, ...] = ()
    """Kinds of events that a search without a failure made happen."""
    unseen: bool = False
    """Nothing that the lab runs could have shown the failure: that none was seen says nothing."""
    explored: int = 0
    """Orders tried where nothing failed."""
    exhausted: bool = False
    bound: str = ""
    seconds_to_first_failure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """What was replayed, and where it stands in the code."""

    mechanism: str
    title: str
    sentence: str
    locations: tuple[RootLocation, ...]
