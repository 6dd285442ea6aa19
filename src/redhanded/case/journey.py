"""What happens from an entry on, as a tree that can be drawn; and who touches a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.case.evidence import Location

JOURNEYS_VERSION = 1
JOURNEYS_SCHEMA = f"redhanded/explore/v{JOURNEYS_VERSION}"

HopKind = Literal[
    "entry",
    "call",
    "read",
    "write",
    "statement",
    "key",
    "lock",
    "transaction",
    "enqueue",
    "job",
    "send",
    "constraint",
    "unresolved",
    "limit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step, and what happens inside of it."""

    kind: HopKind
    says: str
    location: Location | None = None
    marks: tuple[str, ...] = ()
    """What is around it: ``in a transaction``, ``FOR UPDATE``, ``not awaited``."""
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A place that reads or writes a table."""

    kind: Literal["read", "write"]
    says: str
    location: Location
    marks: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    """From which it is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUse:
    """Everything that touches a table."""

    table: str
    location: Location | None
    constraints: tuple[Hop, ...]
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeys:
    """What ``redhanded explore`` says of an entry or a table."""

    root: str
    files: int
    entries: tuple[str, ...]
    """All that there are."""
    journeys: tuple[Hop, ...] = ()
    """The entries that were asked for."""
    table: TableUse | None = None
    limits: tuple[str, ...] = ()
    schema: str = JOURNEYS_SCHEMA
