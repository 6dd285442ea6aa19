"""What may be wrong, what would show it, and what the lab said."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.evidence import Evidence, Location
from redhanded.case.schedule import Schedule
from redhanded.case.symptom import Rate
from redhanded.case.verdict_word import VerdictWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What would decide a hypothesis."""

    question: str
    prediction: str
    """What is seen if the hypothesis is right."""
    refuted_if: str
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the lab said of a hypothesis, and why it stopped looking."""

    word: VerdictWord
    why: str
    trials: int = 0
    failures: int = 0
    replays: Rate | None = None
    schedule: Schedule | None = None
    uncontrolled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One possible cause."""

    mechanism: str
    """The catalogue's name, e.g. ``missing-job-deduplication``."""
    title: str
    claim: str
    """What happens, with this system's own names."""
    rank: int
    score: float
    """0 to 1; orders the list, is not a probability."""
    verdict: VerdictWord = "UNDECIDED"
    why: str = ""
    """Of the verdict."""
    evidence: tuple[Evidence, ...] = ()
    experiment: Experiment | None = None
    locations: tuple[RootLocation, ...] = ()
    """Lines that take part, as the source shows them; as measured once it is CONFIRMED."""
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RootLocation:
    """A line that takes part in the cause."""

    path: str
    line: int
    role: str
    """``enqueue``, ``consume``, ``call``, ``create``, ``look-up``, ``constraint``; where a cause is
    read from a run ``change``, ``write``, ``lease``, ``lock``, ``statement``, ``done``, ``missing``
    too."""
    text: str = ""
    function: str | None = None

    @property
    def location(self) -> Location:
        return Location(path=self.path, line=self.line, function=self.function)
