"""What a rule is, and what it finds: one mechanism as it shows in the source alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Path
from redhanded.source.flow.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A place on the way to the fault, and what happens there."""

    location: Location
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A fact and what it adds to the score; negative weights are reasons against."""

    weight: float
    says: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault that the source allows."""

    rule: str
    """Name of the `Rule`."""
    location: Location
    """The line to change."""
    message: str
    """What goes wrong, with the names of this program, in one or two sentences."""
    steps: tuple[Step, ...]
    """The order of events that makes it fail, two runs of the path told apart by the words."""
    reasons: tuple[Reason, ...]
    subject: str = ""
    """Table, key pattern, queue or variable that it is about."""
    entry: str = ""
    """The entry it is reached from."""

    @property
    def score(self) -> float:
        """The sum of the weights, within 0 and 1. It orders and says nothing about probability."""
        return round(min(1.0, max(0.0, sum(one.weight for one in self.reasons))), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What rules look at."""

    paths: tuple[Path, ...]
    schema: Schema
    text: Callable[[Location], str]
    """The source line, stripped."""


class Rule(Protocol):
    """A module in this folder with these names, and a line in ``RULES``."""

    name: str
    """The mechanism's name, as reports, suppressions and baselines refer to it."""
    title: str
    wrong: str
    """Why it is a fault, with the reference."""
    safe: tuple[str, ...]
    """What makes it safe, each a sentence; ``look`` knows all of them."""
    needs: str
    """The evidence that log and map must give before a hunt believes it."""
    experiment: str
    """What the lab does to decide it."""
    remedy: str
    """Name of the remedy."""
    threshold: float
    """Findings with a lower score are shown on demand only."""

    def look(self, reading: Reading) -> Iterable[Finding]:
        """The faults of a program."""
        ...
