"""What happens from an entry on, as a tree that can be drawn; and who touches a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.case.symptom import Marker

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
class SuspiciousCall:
    """A line that a rule of `redhanded scan` finds fault with, and who changed it."""

    rule: str
    title: str
    location: Location
    commits: tuple[Commit, ...] = ()
    """Newest first; empty where git cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A commit made before failures began."""

    commit: Commit
    """With the lines shown that it changed, if any."""
    before_ms: float
    """How long before they began. It was deployed later, and git does not know when."""
    files: tuple[str, ...] = ()
    """Files with lines shown that it changed, other lines of them included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What was deployed or committed just before failures began."""

    symptom: str
    """The message that fails, with its variable parts as ``<*>``."""
    at_ms: float
    """Epoch."""
    is_onset: bool
    """False where no change of the rate can be told: it is the first one that the logs show."""
    source: str
    """Where it is taken from: log files, or a case."""
    markers: tuple[Marker, ...] = ()
    """Deploys and starts that the logs show before it, the nearest of each, in order of time."""
    commits: tuple[Recent, ...] = ()
    """What changed lines shown first, then their files, then the rest; the latest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Who changed what is shown, and when."""

    suspicious: tuple[SuspiciousCall, ...] = ()
    commits: tuple[Commit, ...] = ()
    """Newest first, each with the lines shown that it changed."""
    beginning: Beginning | None = None
    """None without logs and without a case whose logs have times."""
    limits: tuple[str, ...] = ()
    """What git could not tell, or was not asked for in the time there is."""


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
    history: History | None = None
    """None where it was not asked for."""
    limits: tuple[str, ...] = ()
    schema: str = JOURNEYS_SCHEMA
