"""What the source shows of an entry, laid over what a lab saw of it."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.evidence import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A line and what happens there."""

    location: Location
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What reading and measuring say of the same deliveries."""

    entries: tuple[str, ...]
    """What was delivered to, as the source names it, and the jobs that followed."""
    met: int
    """Calls that were read and ran."""
    ran_unseen: tuple[Laid, ...] = ()
    """What ran and was not seen in the source: lines that sent something of which nothing is
    known. What was suspected from the source says nothing of them."""
    seen_idle: tuple[Laid, ...] = ()
    """What was seen in the source and did not run in the order that failed."""
    without_line: int = 0
    """Operations whose line is not known; nothing can be said of them."""
