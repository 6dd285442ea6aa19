"""What ``redhanded scan`` is asked, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.verdict_word import VerdictWord

SCAN_VERSION = 1
SCAN_SCHEMA = f"redhanded/scan/v{SCAN_VERSION}"

State = Literal["new", "weak", "suppressed", "known", "elsewhere"]
"""Why a finding is shown or not: ``weak``, its score is below the threshold of its rule;
``suppressed`` by a comment; ``known`` from the baseline; ``elsewhere``, it touches nothing that
has changed since the revision that was asked for. Otherwise ``new``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """Everything a person may ask of one scan."""

    paths: tuple[Path, ...]
    """Files and folders; findings are those in them, the map is that of the project around."""
    rules: tuple[str, ...] = ()
    """Names; all where there are none."""
    fail_on: float | None = None
    """Findings of this score or more fail; None: those at or above the threshold of their rule."""
    never_fails: bool = False
    shows_all: bool = False
    """Show what is weak, suppressed or known, too."""
    baseline: Path | None = None
    write_baseline: Path | None = None
    changed_since: str | None = None
    """A revision of git."""
    keeps: bool = True
    """What was read is kept in the cache for the next time."""
    confirms: bool = False
    """Hand each finding to the lab."""
    confirms_for_s: float | None = None
    """How long, for all findings; None: ten minutes."""
    only_confirmed: bool = False
    """Leave out what the lab did not make happen; how many these are is told."""
    follows_packages: bool = True
    """Look into the packages that the program uses and that hold state."""
    packages_in: Path | None = None
    """Where they are installed, beside the project's own places."""
    packages: tuple[str, ...] = ()
    """Look at these packages alone, as libraries, whoever uses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRule:
    """What a rule says of itself."""

    name: str
    title: str
    wrong: str
    safe: tuple[str, ...]
    needs: str
    experiment: str
    remedy: str
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the lab made of a finding."""

    word: VerdictWord
    why: str
    schedule: str = ""
    """File of the order that makes it fail, relative to the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A finding and what becomes of it."""

    rank: int
    """From 1, over all that are shown."""
    finding: Finding
    title: str
    """Of its rule."""
    remedy: str
    score: float
    fingerprint: str
    """The same when lines move; see `redhanded.hunt.scan.fingerprints`."""
    state: State
    fails: bool
    """It makes the scan end with 1."""
    because: str = ""
    """The reason given with a suppression."""
    confirmation: Confirmation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about a comment that speaks to redhanded: it does not do what it says."""

    kind: Literal["no-reason", "unused-suppression", "unknown-rule", "unreadable"]
    location: Location
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A finding in a baseline. Lines are not kept, so that the file changes with findings only."""

    fingerprint: str
    moved: str
    """The same without the path, by which a renamed file's findings are known."""
    rule: str
    path: str
    subject: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many findings there are of each state."""

    new: int = 0
    weak: int = 0
    suppressed: int = 0
    known: int = 0
    elsewhere: int = 0
    not_confirmed: int = 0
    """Of the new ones, left out because the lab did not make them happen, as was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan found, and what it could not look at."""

    root: str
    """Absolute; paths of locations are relative to it."""
    repository: str
    """Top of the git repository around the root; empty where there is none."""
    paths: tuple[str, ...]
    """What was asked for, relative to the root."""
    files: int
    """That were read for the map."""
    entries: int
    """Paths through the program that were looked at."""
    findings: tuple[Reported, ...]
    """Those to show, most certain first."""
    counts: Counts
    rules: tuple[ScanRule, ...]
    """Those that were asked."""
    remarks: tuple[Remark, ...] = ()
    gone: tuple[Known, ...] = ()
    """In the baseline and no longer found."""
    written: str = ""
    """The baseline that was written."""
    limits: tuple[str, ...] = ()
    """What was not read or not followed."""
    seconds: float = 0.0
    schema: str = SCAN_SCHEMA

    @property
    def fails(self) -> bool:
        return any(one.fails for one in self.findings)
