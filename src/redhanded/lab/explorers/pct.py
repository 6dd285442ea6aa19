"""Probabilistic concurrency testing: random priorities, and few points at which they change.

Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010. Of n tasks the highest goes for as long
as it can; at d - 1 steps drawn beforehand the task that would go falls below all others. A bug that
needs d ordering constraints is met with a probability of at least 1 / (n k^(d-1)) in each run of
at most k steps. The paper knows its threads at the start; here tasks turn up as their deliveries
and jobs do, and each takes a random place among those that have not fallen.
"""

from __future__ import annotations

from redhanded.lab.choices import Choices
from redhanded.lab.explorers import Step


class Pct:
    """An explorer for bugs of ``depth`` ordering constraints in runs of about ``steps`` steps."""

    def __init__(self, choices: Choices, *, depth: int, steps: int) -> None:
        self._choices = choices
        self._changes = [choices.index(max(1, steps)) for _ in range(depth - 1)]
        self._standing: list[str] = []
        """Tasks with their first priority, the highest first."""
        self._fallen: dict[str, int] = {}
        """Task to the number of the change at which it fell last; the smaller, the lower."""
        self._taken = 0

    def choose(self, step: Step) -> int | None:
        self._meet(step)
        highest = self._highest(step)
        for change, at in enumerate(self._changes):
            if at == self._taken:
                self._fall(step.candidates[highest].name.task, change)
                highest = self._highest(step)
        self._taken += 1
        return highest

    def give_up(self, step: Step) -> int:
        return self._highest(step)

    def _meet(self, step: Step) -> None:
        for candidate in step.candidates:
            task = candidate.name.task
            if task not in self._standing and task not in self._fallen:
                self._standing.insert(self._choices.index(len(self._standing) + 1), task)

    def _fall(self, task: str, change: int) -> None:
        if task in self._standing:
            self._standing.remove(task)
        self._fallen[task] = change

    def _highest(self, step: Step) -> int:
        """The first candidate of the task with the highest priority."""
        places = range(len(step.candidates))
        return min(places, key=lambda place: self._depth(step.candidates[place].name.task))

    def _depth(self, task: str) -> tuple[bool, int]:
        if task in self._fallen:
            return (True, -self._fallen[task])
        return (False, self._standing.index(task) if task in self._standing else 0)
