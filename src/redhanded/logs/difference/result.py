"""What a comparison found."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from redhanded.logs.difference.questions import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference."""

    kind: Kind
    template: str | None
    """The line that shows it, with ``<*>`` for what varies; None for attributes."""
    other: str | None
    """The line before it: of orders, latencies, and ids that change between two lines; for a
    missing line the one that it should have come with."""
    key: str | None
    value: str | None
    """Of attributes; of identifiers only the key."""
    more: bool
    """Whether failing stories have more of it, or fewer."""
    failing_with: int
    failing: int
    """Failing stories that could be asked."""
    passing_with: int
    passing: int
    log_p: float
    """Natural logarithm of the exact tail, corrected for the choice of a threshold; below what a
    double can hold for large comparisons."""
    log_q: float
    """The same, corrected for all that was asked (false discovery rate)."""
    events: tuple[int, ...]
    """Numbers of events that show it, of failing stories, at most five; none for what is absent."""
    offset_ms: float | None
    """When it shows, from the beginning of its chain or story, median over failing ones."""
    after_symptom: bool
    """True if it shows later than the symptom does, and is rather its consequence."""

    @property
    def p(self) -> float:
        return exp(self.log_p)

    @property
    def q(self) -> float:
        return exp(self.log_q)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Differences that the same stories have: the data cannot tell which one matters, so they stand
    in the order of time, where a cause comes before its consequences."""

    findings: tuple[Finding, ...]
    log_p: float
    """Of the strongest."""
    log_q: float

    @property
    def first(self) -> Finding:
        return self.findings[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """The groups, strongest first; none if nothing is beyond what chance gives."""

    groups: tuple[Group, ...]
    noun: str
    failing: int
    passing: int
    asked: dict[str, int]
    """Questions by kind."""
    testable: int
    """Questions that could have come out significant, with so many failing stories; the others
    (lines seen once) cannot, whatever the labels, and do not count among the asked (Tarone)."""
    level: float
    """False discovery rate up to which differences are reported."""
    limits: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not self.groups
