"""Every candidate as likely, at every step: the random walk that others are measured against."""

from __future__ import annotations

from redhanded.lab.choices import Choices
from redhanded.lab.explorers import Step


class Uniform:
    """An explorer that draws each step for itself.

    Orders are not as likely as each other: one in which a task waits long needs many draws that
    all go against it.
    """

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def choose(self, step: Step) -> int | None:
        return self._choices.index(len(step.candidates))

    def give_up(self, step: Step) -> int:
        return self._choices.index(len(step.candidates))
