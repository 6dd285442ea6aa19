"""Strategies that choose what goes next; each sees the same steps and knows nothing of the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from redhanded.case.operation import OperationName, Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One operation that may be released now."""

    name: OperationName
    process: str
    touches: tuple[Touch, ...] = ()
    uncommitted: bool = False
    cause: int | None = None
    """Index of the operation that caused it."""
    consumes: bool = False
    """Takes work off a queue: may go only while its process has nothing else to do."""

    connection: tuple[str, str, int] | None = None
    """Process, service and number: what is sent on one connection keeps its order there."""

    @property
    def identity(self) -> str:
        """The same in every run that made the same choices."""
        return f"{self.process}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A point at which something has to be chosen."""

    candidates: tuple[Candidate, ...]
    """In a fixed order: by task, then by arrival."""
    current: str | None
    """The task that was chosen last."""
    answered: Sequence[OperationName]
    """All operations that were released and answered so far."""
    unseen: frozenset[OperationName] = frozenset()
    """Those among them whose writes nobody else sees before a later COMMIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step and what was chosen at it; a finished trial's list of them is its trace."""

    step: Step
    chosen: int
    index: int
    """Of the operation in the run."""


class Explorer(Protocol):
    """Chooses; None says that no candidate may go, and why is the explorer's to know."""

    def choose(self, step: Step) -> int | None: ...

    def give_up(self, step: Step) -> int:
        """What goes although it may not, since nothing else comes."""


def keep_going(step: Step) -> int:
    """The choice without preemption: the current task for as long as it can go on."""
    for position, candidate in enumerate(step.candidates):
        if candidate.name.task == step.current:
            return position
    return 0


def keep_going_among(step: Step, allowed: Sequence[int]) -> int | None:
    """The same among some of the candidates; None if there is none."""
    if not allowed:
        return None
    among = replace(step, candidates=tuple(step.candidates[position] for position in allowed))
    return allowed[keep_going(among)]


class Straight:
    """No preemption at all: one delivery and all its work after the other."""

    def choose(self, step: Step) -> int | None:
        return keep_going(step)

    def give_up(self, step: Step) -> int:
        return keep_going(step)
