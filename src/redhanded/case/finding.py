"""A fault that the source allows, as a rule states it: values that need no program to be read."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.evidence import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A place on the way to the fault, and what happens there."""

    location: Location
    says: str
    via: tuple[Location, ...] = ()
    """The calls that lead there from the entry, outermost first; empty where it stands in the
    entry itself, or where they are not known."""


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
    also_from: tuple[str, ...] = ()
    """Other entries from which the same lines are reached."""
    package: str = ""
    """Name and version of the package that it lies in; empty where it is the program's own."""

    @property
    def score(self) -> float:
        """The sum of the weights, within 0 and 1. It orders and says nothing about probability."""
        return round(min(1.0, max(0.0, sum(one.weight for one in self.reasons))), 3)
