"""Follows a schedule: what a constraint forbids waits, everything else runs without preemption."""

from __future__ import annotations

from collections.abc import Sequence

from redhanded.case.operation import OperationName
from redhanded.case.schedule import Constraint, Followed, Schedule
from redhanded.lab.explorers import Step, keep_going_among
from redhanded.lab.matching import WRITE_KINDS, is_now, may_mean, meaning
from redhanded.lab.repertoire import Repertoire

SHOWN_MAX = 120
"""Characters of a statement."""


class Follow:
    """An explorer that meets the constraints of a schedule, and says which it could not.

    ``repertoire`` is what the program was seen to send: what its names mean there is settled
    before the first choice (``matching``), what it was not seen to send is recognised as it comes.
    """

    def __init__(self, schedule: Schedule, repertoire: Repertoire | None = None) -> None:
        self.schedule = schedule
        self._repertoire = repertoire or Repertoire()
        self._meanings = {name: meaning(name, self._repertoire) for name in schedule.names()}
        self.missed: list[Constraint] = []
        self._answered: list[OperationName] = []
        self._unseen: frozenset[OperationName] = frozenset()

    def choose(self, step: Step) -> int | None:
        self._answered, self._unseen = list(step.answered), step.unseen
        allowed = [
            position
            for position, candidate in enumerate(step.candidates)
            if not self._waits(candidate.name, uncommitted=candidate.uncommitted)
        ]
        return keep_going_among(step, allowed)

    def names(self, name: OperationName) -> bool:
        """Whether a constraint speaks of this operation."""
        return any(
            self.means(wanted, name, uncommitted=False)
            for constraint in self.schedule.constraints
            for wanted in (constraint.before, constraint.after)
        )

    def give_up(self, step: Step) -> int:
        """Nothing else can happen: drops the constraints that hold the first candidate back."""
        first = step.candidates[0]
        for constraint in self.schedule.constraints:
            if constraint not in self.missed and self.means(
                constraint.after, first.name, uncommitted=first.uncommitted
            ):
                self.missed.append(constraint)
        return 0

    def followed(
        self, answered: Sequence[OperationName], unseen: frozenset[OperationName] = frozenset()
    ) -> Followed:
        """Whether every constraint was met: both operations happened, in the order demanded.

        ``unseen`` are those of ``answered`` whose writes only a later COMMIT shows to others.
        """
        for constraint in self.schedule.constraints:
            if constraint not in self.missed and not self._in_order(constraint, answered, unseen):
                self.missed.append(constraint)
        unclear = tuple(each.unclear for each in self._meanings.values() if each.unclear)
        if not self.missed:
            return Followed(following="followed", unclear=unclear)
        return Followed(
            following="infeasible",
            missed=tuple(self.missed),
            why=self._why(self.missed[0], answered, unseen),
            unclear=unclear,
        )

    def _waits(self, name: OperationName, *, uncommitted: bool) -> bool:
        return any(
            constraint not in self.missed
            and self.means(constraint.after, name, uncommitted=uncommitted)
            and not self._places(constraint.before, self._answered, self._unseen)
            for constraint in self.schedule.constraints
        )

    def means(self, wanted: OperationName, seen: OperationName, *, uncommitted: bool) -> bool:
        """Whether an operation is what the schedule calls ``wanted``."""
        known = self._meanings[wanted].name
        if known is not None:
            return is_now(wanted, known, seen, self._repertoire)
        if may_mean(wanted, seen, self._repertoire):
            return True
        # Of the same name, and yet another statement: that is no effect of it.
        return wanted != seen and same(wanted, seen, uncommitted=uncommitted)

    def _places(
        self,
        wanted: OperationName,
        answered: Sequence[OperationName],
        unseen: frozenset[OperationName],
    ) -> list[int]:
        return [
            place
            for place, name in enumerate(answered)
            if self.means(wanted, name, uncommitted=name in unseen)
        ]

    def _in_order(
        self,
        constraint: Constraint,
        answered: Sequence[OperationName],
        unseen: frozenset[OperationName],
    ) -> bool:
        before = self._places(constraint.before, answered, unseen)
        after = self._places(constraint.after, answered, unseen)
        return bool(before and after) and before[0] < after[0]

    def _why(
        self,
        constraint: Constraint,
        answered: Sequence[OperationName],
        unseen: frozenset[OperationName],
    ) -> str:
        missing = [
            f"{name}{self._instead(name)}"
            for name in (constraint.before, constraint.after)
            if not self._places(name, answered, unseen)
        ]
        if missing:
            return "never happened: " + "; ".join(missing)
        return "the two could only happen the other way round"

    def _instead(self, name: OperationName) -> str:
        other = self._meanings[name].instead
        return f" (only another statement: {other[:SHOWN_MAX]})" if other else ""


def same(wanted: OperationName, seen: OperationName, *, uncommitted: bool = False) -> bool:
    """Whether ``seen`` is what the schedule calls ``wanted``, also on edited code.

    A write that was committed on its own and one committed by a transaction count as the same
    effect on the same table; one that is still ``uncommitted`` has no effect on others yet.
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
    if not alike or wanted.protocol != "postgres" or uncommitted:
        return False
    if wanted.kind == "COMMIT" or seen.kind == "COMMIT":
        effects = {wanted.kind, seen.kind} <= WRITE_KINDS
        return effects and bool(set(wanted.target.split("+")) & set(seen.target.split("+")))
    return False
