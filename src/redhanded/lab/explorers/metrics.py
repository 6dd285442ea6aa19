"""Counts what another explorer does, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Candidate, Explorer, Step


@dataclass(slots=True, kw_only=True)
class Counts:
    """Sums over all trials that were counted into it."""

    steps: int = 0
    choices: int = 0
    """Steps at which there was more than one candidate."""
    preemptions: int = 0
    """Another task was released although the current one had an operation parked."""
    given_up: int = 0
    """Steps at which no candidate was allowed to go, and one went all the same."""
    widest: int = 0
    """The most candidates at one step."""
    met: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of dependent operations of different tasks, in the order in which they went."""


class Metrics:
    """An explorer that asks ``inner`` and counts into ``counts``, which trials may share."""

    def __init__(self, inner: Explorer, counts: Counts) -> None:
        self.inner = inner
        self.counts = counts
        self._went: list[Candidate] = []

    def choose(self, step: Step) -> int | None:
        chosen = self.inner.choose(step)
        if chosen is not None:
            self._count(step, chosen)
        return chosen

    def give_up(self, step: Step) -> int:
        chosen = self.inner.give_up(step)
        self.counts.given_up += 1
        self._count(step, chosen)
        return chosen

    def _count(self, step: Step, chosen: int) -> None:
        counts, went = self.counts, step.candidates[chosen]
        counts.steps += 1
        counts.choices += len(step.candidates) > 1
        counts.widest = max(counts.widest, len(step.candidates))
        counts.preemptions += went.name.task != step.current and any(
            other.name.task == step.current for other in step.candidates
        )
        for earlier in self._went:
            if earlier.name.task != went.name.task and dependent(earlier, went):
                counts.met.add((str(earlier.name), str(went.name)))
        self._went.append(went)
