"""Partial order sampling: random priorities of operations, drawn anew where the order matters.

Yuan, Yang and Gu, CAV 2018. Each operation gets a random priority when it is first offered, and the
highest goes. Those that depend on what went have lost a race and draw again; without that, whoever
loses the first race is likely to lose the next ones too. Orders that differ only in independent
operations are not sampled apart.
"""

from __future__ import annotations

from redhanded.lab.choices import Choices
from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Step

PRIORITIES = 1 << 30
"""So many that two are hardly ever equal; the first offered goes then."""


class Pos:
    """An explorer that samples orders of dependent operations."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._priorities: dict[str, int] = {}
        """By identity of a candidate."""

    def choose(self, step: Step) -> int | None:
        for candidate in step.candidates:
            if candidate.identity not in self._priorities:
                self._priorities[candidate.identity] = self._choices.index(PRIORITIES)
        chosen = max(
            range(len(step.candidates)),
            key=lambda place: (self._priorities[step.candidates[place].identity], -place),
        )
        self._draw_again(step, chosen)
        return chosen

    def give_up(self, step: Step) -> int:
        return self.choose(step) or 0

    def _draw_again(self, step: Step, chosen: int) -> None:
        went = step.candidates[chosen]
        self._priorities.pop(went.identity)
        for place, other in enumerate(step.candidates):
            if place != chosen and dependent(went, other):
                self._priorities.pop(other.identity, None)
