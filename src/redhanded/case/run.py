"""One trial: what was done, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.errors import InputError
from redhanded.case.operation import Operation
from redhanded.case.schedule import Followed


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLine:
    """A line that a process wrote during the run."""

    process: str
    text: str
    at_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The symptom, or a broken invariant, as it showed."""

    kind: Literal["symptom", "invariant", "status", "error"]
    """``error``: an error line that no serial run wrote; counted only where asked for."""
    text: str
    """The log line, the violated row or the status; redacted."""
    process: str | None = None
    code: str | None = None
    """SQLSTATE where one was seen on the wire."""
    constraint: str | None = None
    table: str | None = None
    operation: int | None = None
    """Index of the operation whose answer was the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One controlled or natural trial."""

    operations: tuple[Operation, ...] = ()
    failures: tuple[Failure, ...] = ()
    answers: tuple[int, ...] = ()
    """HTTP status of each delivery, exit code of a program; 0 where there was no answer."""
    output: tuple[OutputLine, ...] = ()
    followed: Followed = field(default_factory=lambda: Followed(following="followed"))
    order: tuple[int, ...] = ()
    """Choices in the order in which they were made: index among the enabled ones."""
    widths: tuple[int, ...] = ()
    """How many were enabled at each choice."""
    values: dict[str, str | int | float | bool] = field(default_factory=dict)
    """What was drawn for the workload's ``values``."""
    preemptions: int = 0
    quiescent: bool = True
    """False: the system never came to rest, the run counts for nothing."""
    egress: tuple[str, ...] = ()
    """Addresses outside the lab that a process tried to reach."""
    duration_ms: float = 0.0
    moved_ms: float = 0.0
    """By how much lab time was moved forward in it, instead of waiting for timers."""

    @property
    def failed(self) -> bool:
        return bool(self.failures)

    def find(self, kind: str, target: str, *, task: str | None = None) -> Operation:
        """The first operation with that kind and target, of that task or of any.

        InputError names what there is.
        """
        for operation in self.operations:
            name = operation.name
            if (name.kind, name.target) == (kind, target) and task in (None, name.task):
                return operation
        who = task or "any delivery"
        raise InputError(f"There is no {kind} {target} of {who}, but: {self.names()}")

    def names(self) -> str:
        """The operations of all tasks in their order, one after the other, for a sentence."""
        return "; ".join(str(each.name) for each in self.operations if not each.ambient)
