"""Follows a schedule: what a constraint forbids waits, everything else runs without preemption."""

from __future__ import annotations

from collections.abc import Sequence

from redhanded.case.operation import OperationName
from redhanded.case.schedule import Constraint, Followed, Schedule
from redhanded.lab.explorers import Step, keep_going

WRITE_KINDS = {"COMMIT", "INSERT", "UPDATE", "DELETE", "MERGE"}


class Follow:
    """An explorer that meets the constraints of a schedule, and says which it could not."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.missed: list[Constraint] = []
        self._answered: list[OperationName] = []

    def choose(self, step: Step) -> int | None:
        self._answered = list(step.answered)
        allowed = [
            position
            for position, candidate in enumerate(step.candidates)
            if not self._waits(candidate.name)
        ]
        if not allowed:
            return None
        among = Step(
            candidates=tuple(step.candidates[position] for position in allowed),
            current=step.current,
            answered=step.answered,
        )
        return allowed[keep_going(among)]

    def give_up(self, step: Step) -> int:
        """Nothing else can happen: drops the constraints that hold the first candidate back."""
        first = step.candidates[0].name
        for constraint in self.schedule.constraints:
            if constraint not in self.missed and same(constraint.after, first):
                self.missed.append(constraint)
        return 0

    def followed(self, answered: Sequence[OperationName]) -> Followed:
        """Whether every constraint was met: both operations happened, in the order demanded."""
        for constraint in self.schedule.constraints:
            if constraint not in self.missed and not _in_order(constraint, answered):
                self.missed.append(constraint)
        if not self.missed:
            return Followed(following="followed")
        return Followed(
            following="infeasible",
            missed=tuple(self.missed),
            why=_why(self.missed[0], answered),
        )

    def _waits(self, name: OperationName) -> bool:
        return any(
            constraint not in self.missed
            and same(constraint.after, name)
            and not any(same(constraint.before, done) for done in self._answered)
            for constraint in self.schedule.constraints
        )


def same(wanted: OperationName, seen: OperationName) -> bool:
    """Whether ``seen`` is what the schedule calls ``wanted``, also on edited code.

    A write that was committed on its own and one committed by a transaction count as the same
    effect on the same table.
    """
    if wanted == seen:
        return True
    alike = (
        wanted.task == seen.task
        and wanted.role == seen.role
        and wanted.protocol == seen.protocol
        and wanted.access == seen.access
        and wanted.occurrence == seen.occurrence
    )
    if not alike or wanted.protocol != "postgres":
        return False
    if wanted.kind == "COMMIT" or seen.kind == "COMMIT":
        effects = {wanted.kind, seen.kind} <= WRITE_KINDS
        return effects and bool(set(wanted.target.split("+")) & set(seen.target.split("+")))
    return False


def _in_order(constraint: Constraint, answered: Sequence[OperationName]) -> bool:
    before = [place for place, name in enumerate(answered) if same(constraint.before, name)]
    after = [place for place, name in enumerate(answered) if same(constraint.after, name)]
    return bool(before and after) and before[0] < after[0]


def _why(constraint: Constraint, answered: Sequence[OperationName]) -> str:
    missing = [
        str(name)
        for name in (constraint.before, constraint.after)
        if not any(same(name, done) for done in answered)
    ]
    if missing:
        return "never happened: " + "; ".join(missing)
    return "the two could only happen the other way round"
