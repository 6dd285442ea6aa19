"""Repeats what was chosen before, by name and not by position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redhanded.lab.explorers import Step, Taken, keep_going


class Replay:
    """An explorer that makes the choices with these identities, then goes on without preemption."""

    def __init__(self, identities: Iterable[str]) -> None:
        self.prefix = tuple(identities)
        self._left = list(self.prefix)
        self.diverged = False
        """A choice was not offered again; from there on nothing was repeated."""

    def choose(self, step: Step) -> int | None:
        if not self._left:
            return keep_going(step)
        for position, candidate in enumerate(step.candidates):
            if candidate.identity == self._left[0]:
                del self._left[0]
                return position
        return None

    def give_up(self, step: Step) -> int:
        """What was chosen here before does not come this time."""
        self.diverged = True
        self._left = []
        return keep_going(step)


def identities(trace: Sequence[Taken]) -> list[str]:
    """What a finished trial chose, for ``Replay``."""
    return [taken.step.candidates[taken.chosen].identity for taken in trace]
