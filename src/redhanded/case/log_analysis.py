"""What ``redhanded logs`` says about log files."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.evidence import Evidence
from redhanded.case.symptom import Difference, Symptom

LOGS_VERSION = 1
LOGS_SCHEMA = f"redhanded/logs/v{LOGS_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message that may be the symptom."""

    template: str
    """The message with its variable parts as ``<*>``."""
    text: str
    """A part of it that stands so in the log: what to give to ``--symptom``."""
    entries: int
    level: str
    """error, fatal or warn."""
    first_ms: float | None
    """Epoch."""
    why: str
    """What speaks for it, in one clause."""
    example: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sets of files against each other: a run that was good, one that was bad."""

    good: tuple[str, ...]
    """Files, as they were named."""
    bad: tuple[str, ...]
    good_entries: int
    bad_entries: int
    unit: str
    """What was counted: requests, windows of time or entries."""
    differences: tuple[Difference, ...]
    """The least likely by chance first; empty where nothing is significant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlwaysInOrder:
    """Two messages that may come in either order, and were always seen in one: an order for the lab
    to try."""

    first: str
    """Message with its variable parts as ``<*>``."""
    then: str
    key: str
    """The identifier that both have to do with."""
    seen: int
    closest_ms: float
    """How near it was to the other order."""
    examples: tuple[Evidence, ...]
    """The closest pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnalysis:
    """The symptom and what is different about it, or two runs compared."""

    schema: str = LOGS_SCHEMA
    symptom: Symptom | None = None
    """None where nothing in the logs looks like a failure, or where two runs are compared."""
    candidates: tuple[Candidate, ...] = ()
    """Other messages that may be the symptom, the likeliest first."""
    differences: tuple[Difference, ...] = ()
    """Between what fails and what does not, the least likely by chance first."""
    unit: str = ""
    """What was compared: requests, jobs or windows of time."""
    orders: tuple[AlwaysInOrder, ...] = ()
    """Pairs that were always seen in one order, those that came nearest to the other one first."""
    comparison: Comparison | None = None
    files: tuple[str, ...] = ()
    entries: int = 0
    size_bytes: int = 0
    """Of the files as they lie on disk."""
    first_ms: float | None = None
    """Epoch, of the earliest entry with a time."""
    last_ms: float | None = None
    templates: int = 0
    """Distinct messages; 0 where they were not counted."""
    files_from_index: int = 0
    """Files that an earlier question had read, so that this one had not to."""
    next_command: str = ""
    """What to run next, one line for a shell."""
    limits: tuple[str, ...] = ()
