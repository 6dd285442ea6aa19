"""Holds operations back until nothing else can happen."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.operation import OperationName
from redhanded.lab.explorers import Step, keep_going, keep_going_among


class Hold:
    """An explorer that lets everything go before the operations that ``wanted`` accepts.

    Only the first that comes is held; it goes when nothing else is left.
    """

    def __init__(self, wanted: Callable[[OperationName], bool]) -> None:
        self._wanted = wanted
        self.held: OperationName | None = None
        """What was held, once it was seen."""
        self._let_go = False

    def choose(self, step: Step) -> int | None:
        if self._let_go:
            return keep_going(step)
        allowed = []
        for position, candidate in enumerate(step.candidates):
            if self.held is None and self._wanted(candidate.name):
                self.held = candidate.name
            if candidate.name != self.held:
                allowed.append(position)
        return keep_going_among(step, allowed)

    def give_up(self, step: Step) -> int:
        """Nothing else can happen: what was held goes now."""
        self._let_go = True
        return keep_going(step)
