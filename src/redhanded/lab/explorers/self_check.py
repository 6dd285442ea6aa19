"""Runs the same order a second time, and complains if the second run differs.

A search that is called exhaustive, a schedule that is said to replay: both hold only if the same
choices lead to the same offers. What differs is named, since it is what the lab does not control.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.case.run import Run
from redhanded.lab.explorers import Explorer, Step, Taken
from redhanded.lab.explorers.replay import Replay, identities

Play = Callable[[Explorer], tuple[Run, tuple[Taken, ...]]]


class SelfCheck:
    """An explorer that repeats a finished trial and compares what it is offered at each step."""

    def __init__(self, trace: Sequence[Taken]) -> None:
        self._trace = trace
        self._replay = Replay(identities(trace))
        self._place = 0
        self.differences: list[str] = []
        """The first one is the one to look at: the others may follow from it."""

    def choose(self, step: Step) -> int | None:
        chosen = self._replay.choose(step)
        if chosen is not None:
            self._compare(step)
        return chosen

    def give_up(self, step: Step) -> int:
        self._compare(step)
        return self._replay.give_up(step)

    def ended(self) -> tuple[str, ...]:
        """All differences, to be asked when the second trial is over."""
        missing = len(self._trace) - self._place
        short = (f"it ended {missing} steps earlier",) if missing > 0 else ()
        return (*self.differences, *short)

    def _compare(self, step: Step) -> None:
        place, self._place = self._place, self._place + 1
        now = {candidate.identity for candidate in step.candidates}
        if place >= len(self._trace):
            self.differences.append(f"step {place + 1} is new: {_listed(now)}")
            return
        then = {candidate.identity for candidate in self._trace[place].step.candidates}
        if now != then:
            gone = f", no longer {_listed(then - now)}" if then - now else ""
            more = f", now also {_listed(now - then)}" if now - then else ""
            self.differences.append(f"step {place + 1} offers something else{gone}{more}")


def self_check(play: Play, explorer: Explorer) -> tuple[Run, tuple[str, ...]]:
    """One trial with ``explorer``, the same choices once more, and what was different.

    The second run has to offer the same at each step, to last as long, and to fail or pass alike.
    """
    run, trace = play(explorer)
    check = SelfCheck(trace)
    again, _ = play(check)
    differences = check.ended()
    if run.failed != again.failed:
        words = ("failed", "passed") if run.failed else ("passed", "failed")
        differences += (f"it {words[0]} first and {words[1]} then",)
    return run, differences


def _listed(identities_: set[str]) -> str:
    return "; ".join(sorted(identities_))
