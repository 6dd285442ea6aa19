"""What the logs say about the failure."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.evidence import Evidence, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided confidence interval of a rate (exact, Clopper-Pearson)."""

    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Failures of trials."""

    failures: int
    trials: int
    interval: Interval
    unit: str = "requests"
    """What was counted below the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One failing job or request, however many lines it logged."""

    identity: str
    """What makes it one: job, request or trace id with its value, e.g. ``jobId=17``."""
    evidence: tuple[Evidence, ...]
    """Its lines, first one first."""
    at_ms: float | None
    """Epoch, of the first line."""
    entity: str | None = None
    """Field and value that it shares with its partner, e.g. ``accountId=a_1``."""
    partner: tuple[Evidence, ...] = ()
    """The other events that touched the same entity, nearest first."""
    gap_ms: float | None = None
    """Between the two requests that led to it; None without a partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A property that failing requests have and others do not."""

    property: str
    """e.g. ``same entityId requested twice``."""
    failing_with: int
    failing: int
    others_with: int
    others: int
    p_value: float
    """Fisher's exact test, two-sided; the exact hypergeometric tail where ``kind`` is given."""
    kind: str = ""
    """How they differ, e.g. ``present only in``, ``order inverted``; empty for a property."""
    q_value: float | None = None
    """The share of false ones expected among all differences up to this one."""
    also: tuple[str, ...] = ()
    """Other properties that hold for exactly the same ones, and so cannot be told apart from it."""
    examples: tuple[Evidence, ...] = ()
    """Lines that show it."""
    after: bool = False
    """Whether it shows later than the failure, and is rather its consequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Counts in bins of equal length."""

    start_ms: float
    """Epoch, where the first bin begins."""
    step_ms: float
    """Length of a bin."""
    all: tuple[int, ...]
    """What was seen in each bin, ``unit`` says of what."""
    failing: tuple[int, ...]
    """Of these the failing ones."""
    unit: str = "requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When failures became more frequent."""

    at_ms: float
    """Epoch."""
    before: Rate | None
    after: Rate | None
    """None for lines, of which there is no rate, and for what is new."""
    p_value: float
    """That no change at any time would look this large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Something that happened to the system: a deploy, a start of a process, a commit."""

    at_ms: float
    """Epoch."""
    kind: str
    """``deploy``, ``start`` or ``commit``."""
    says: str
    place: Evidence | None = None
    """The log line that shows it; None for a commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """The failure as production showed it; ``rate`` is None without logs."""

    text: str
    """What was asked for."""
    invariants: tuple[str, ...] = ()
    """Names of those of the contract whose breaking is the failure, instead of a text."""
    template: str = ""
    """The line with its variable parts as ``<*>``."""
    sqlstate: str | None = None
    constraint: str | None = None
    """Name in the database."""
    table: str | None = None
    stack: tuple[Location, ...] = ()
    """Application frames in the log, innermost first, relative to the root where they resolve."""
    rate: Rate | None = None
    lines: int = 0
    """Lines that show it; more than failures where jobs are retried."""
    occurrences: tuple[Occurrence, ...] = ()
    differences: tuple[Difference, ...] = ()
    statements: tuple[Evidence, ...] = ()
    """Sentences about the failure, each at a file and line."""
    first_ms: float | None = None
    last_ms: float | None = None
    gap_ms: tuple[float, ...] = ()
    """The gaps between partner requests of the occurrences."""
    repeat_gap_ms: tuple[float, ...] = ()
    """The gaps between all requests that repeat an earlier one, failing or not, at most 1,000."""
    requests_per_s: float | None = None
    """Median arrival rate in the second of a failure."""
    chosen: str = ""
    """Why this failure, where none was asked for."""
    series: Series | None = None
    """Failing ones and all comparable ones over time; None without times."""
    onset: Onset | None = None
    """None where the failures show no change, or too few of them to tell."""
    markers: tuple[Marker, ...] = ()
    """Deploys, starts and commits within the time of the logs."""
    files: tuple[str, ...] = ()
    records: int = 0
    limits: tuple[str, ...] = ()
    """What the logs could not tell: cut files, undecodable bytes, missing times."""
