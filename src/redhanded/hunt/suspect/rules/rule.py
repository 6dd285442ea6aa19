"""What a rule is: one mechanism as it shows in the source alone. What it finds is a `Finding`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.source.flow.events import Path
from redhanded.source.flow.schema import Schema

__all__ = ["Finding", "Reading", "Reason", "Rule", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What rules look at."""

    paths: tuple[Path, ...]
    schema: Schema
    text: Callable[[Location], str]
    """The source line, stripped."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the libraries, as far as a manifest or lock file says."""


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
