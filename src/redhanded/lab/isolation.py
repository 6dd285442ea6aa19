"""Whether a later trial still behaves as the first one did, and what to do if not.

Between trials rows, sequences and keys are put back, which costs milliseconds; the processes go on,
with whatever they remember. A serial run now and then is compared with the first one; once it
differs, the processes are started anew before every trial, which costs their start-up.
"""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.operation import Operation, OperationName
from redhanded.case.run import Run

CHECK_EVERY = 200
"""Trials between two self-checks: one half of a per cent of the time."""

CARRIED_OVER = (
    "Isolation between trials: rows, sequences and keys are put back to what they were after "
    "migration; the processes go on running, so their memory is carried over."
)
STARTED_ANEW = (
    "Isolation between trials: rows, sequences and keys are put back to what they were after "
    "migration, and the processes are started anew before every trial."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What two serial runs of the same system have in common."""

    names: tuple[OperationName, ...]
    answers: tuple[int, ...]
    failed: bool

    @classmethod
    def of(cls, run: Run) -> Behaviour:
        return cls(
            names=tuple(each.name for each in run.operations if _does_something(each)),
            answers=run.answers,
            failed=run.failed,
        )

    def difference(self, other: Behaviour) -> str:
        """The first thing in which ``other`` differs, for a sentence; empty: nothing."""
        if self.answers != other.answers:
            return f"it answered {_list(other.answers)} instead of {_list(self.answers)}"
        for place in range(max(len(self.names), len(other.names))):
            mine = self.names[place] if place < len(self.names) else None
            theirs = other.names[place] if place < len(other.names) else None
            if mine != theirs:
                return f"{theirs or 'nothing'} came where {mine or 'nothing'} had come"
        return "" if self.failed == other.failed else "it failed" if other.failed else "it passed"


@dataclass(slots=True)
class Isolation:
    """How the trials of one lab are kept apart."""

    restarts: bool = False
    """Every trial starts new processes."""
    first: Behaviour | None = None
    checks: int = 0
    """Serial runs that were compared with the first."""
    drifted: str = ""
    """Since when and how the system behaved otherwise, for a sentence."""
    last_check: int = 0

    def due(self, trials: int) -> bool:
        """Whether the next trial should be preceded by a check."""
        return self.first is not None and trials - self.last_check >= CHECK_EVERY

    def compare(self, run: Run, trials: int) -> bool:
        """Takes note of a serial run; False if it differs from the first one."""
        now = Behaviour.of(run)
        self.last_check = trials
        if self.first is None:
            self.first = now
            return True
        self.checks += 1
        difference = self.first.difference(now)
        if difference and not self.drifted:
            self.drifted = f"after {trials} trials, in a serial run, {difference}"
        return not difference

    def sentences(self) -> tuple[str, ...]:
        """What a verdict says about it."""
        if not self.drifted:
            return (CARRIED_OVER,)
        if self.restarts:
            return (
                STARTED_ANEW,
                f"At first they went on running, and the system changed with them: {self.drifted}.",
            )
        return (
            CARRIED_OVER,
            f"The system did not behave as it did at first, with new processes neither: "
            f"{self.drifted}.",
        )


def _does_something(operation: Operation) -> bool:
    """Whether it is work. A driver prepares a statement once it was sent a few times, and asks
    from time to time whether a connection is there: what touches no table is left out."""
    nothing = operation.name.protocol == "postgres" and not operation.touches
    return not operation.ambient and not nothing


def _list(answers: tuple[int, ...]) -> str:
    return ", ".join(str(answer) for answer in answers) or "nothing"
