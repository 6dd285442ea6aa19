"""Whether the scanner names the line at fault of each specimen, and is silent on its safe twin.

Three looks at each: at the service with its packages in place, laid out as the lab does it; at the
package at fault alone, where it lies in one, asked for by name; and at the twin, with its packages.
The mechanisms of a specimen are written here by hand, from ``mechanism`` in its ``specimen.toml``;
the scanner is told nothing of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from part import Part, body

from redhanded.case.finding import Finding
from redhanded.contract import read
from redhanded.lab.trees import materialise

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, lay_out, specimens

FIRST_BAR = 0.8
THREE_BAR = 0.95
NEAR = 3
"""Lines between a root cause and a line of a finding that still points at it."""
RACES = ("check-then-create", "create-without-unique-constraint")
MECHANISMS = {
    "bin-moves": ("opposite-lock-order",),
    "bull-processed-twice": ("members-read-then-taken", "lock-looked-at-then-set"),
    "connect-redis-session": ("read-modify-write",),
    "coupon-checkout": ("quota-check", "wrong-isolation-level"),
    "coursedesk": ("job-enqueued-before-commit",),
    "express-brute-redis": ("read-modify-write", "quota-check"),
    "invoice-reminders": ("read-modify-write",),
    "knex-migration-lock": RACES,
    "label-printing": ("entry-renewed-unasked", "out-of-order-event-applied"),
    "meter-statements": ("lease-shorter-than-work",),
    "miles-balance": ("read-modify-write",),
    "node-pg-migrate-lock": (*RACES, "check-then-create-table"),
    "note-tags": ("find-or-create-without-unique-index",),
    "parcel-labels": ("missing-job-deduplication",),
    "parcel-tracking": ("out-of-order-event-applied",),
    "room-bookings": ("wrong-isolation-level", "check-then-create", "quota-check"),
    "seat-prices": ("cache-set-after-invalidation",),
    "sequelize-find-create-find": ("find-or-create-without-unique-index", "check-then-create"),
    "tax-rules": RACES,
    "tide-tables": ("lock-without-expiry", "read-modify-write"),
}
PACKAGES = ("node_modules", "site-packages")
Scan = Callable[[Path], tuple[Finding, ...]]
"""Findings of a tree that stand above their rules' thresholds, the most certain first."""
Alone = Callable[[Path, Sequence[str]], tuple[Finding, ...]]
"""Those of packages that are installed in a tree, asked for by name."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The first finding that points at a root cause."""

    rank: int
    of: int
    """How many findings there are."""
    rule: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the scanner says of one specimen."""

    specimen: str
    in_package: bool
    """All lines at fault are in a published package."""
    service: Hit | None
    findings: int
    package: Hit | None = None
    """In the package asked for by name; it does not count."""
    problem: str = ""
    """Why the packages were not in place."""
    twin: tuple[str, ...] = ()
    """Findings of the mechanism on the safe twin."""

    @property
    def rank(self) -> int | None:
        return None if self.service is None else self.service.rank


def measure(scan: Scan, alone: Alone, *, say: Progress) -> Part:
    """All of them, one page."""
    done = []
    for specimen in specimens():
        say(f"scanning {specimen.name}")
        with tempfile.TemporaryDirectory(prefix="bench-source-") as folder:
            done.append(looked(specimen, scan, alone, Path(folder), say))
    return Part(
        title="The scanner on the specimens",
        body=body(
            "Rank of the first finding that points at a line at fault (its own line or one of its "
            f"steps, within {NEAR} lines), among all findings above their rules' thresholds, in "
            "one scan of the service with its packages in place, which is what it does by default. "
            "By name: the same for the package at fault alone, which counts for nothing here. The "
            "twin: findings of the mechanism that was fixed, its packages in place as well.",
            ("specimen", "fault in", "rank", "by name", "rule and place", "findings", "twin"),
            [_row(each) for each in done],
            _verdict(done),
        ),
        raw=done,
    )


def looked(specimen: Specimen, scan: Scan, alone: Alone, folder: Path, say: Progress) -> Looked:
    """One of them, its package and its twin."""
    own = [each for each in specimen.lines if not each.startswith(PACKAGES)]
    foreign = [each for each in specimen.lines if each.startswith(PACKAGES)]
    problem = ""
    trees = []
    for is_twin in (False, True):
        name = "twin" if is_twin else "app"
        app = lay_out(specimen, folder / name, twin=is_twin)
        try:
            lab = folder / f"{name}-lab" / "tree"
            trees.append(materialise(read(app), app, lab, say=say))
        except Exception as error:  # noqa: BLE001  packages that cannot be had are said
            problem = str(error).splitlines()[0]
            trees.append(app)
    found = scan(trees[0])
    names = tuple(dict.fromkeys(_package(each) for each in foreign))
    package = hit(alone(trees[0], names), foreign) if names and not problem else None
    wanted = MECHANISMS[specimen.name]
    return Looked(
        specimen=specimen.name,
        in_package=not own,
        service=hit(found, specimen.lines),
        findings=len(found),
        package=package,
        problem=problem,
        twin=tuple(_told(each) for each in scan(trees[1]) if each.rule in wanted),
    )


def _package(line: str) -> str:
    """``express-brute`` of ``node_modules/express-brute/index.js:82``."""
    parts = line.split("/")
    return "/".join(parts[1 : 3 if parts[1].startswith("@") else 2])


def hit(found: Sequence[Finding], lines: Sequence[str]) -> Hit | None:
    """The first finding that points at one of the lines."""
    at = [(path, int(line)) for path, _, line in (each.rpartition(":") for each in lines)]
    for rank, finding in enumerate(found, 1):
        for place in (finding.location, *(step.location for step in finding.steps)):
            if any(place.path == path and abs(place.line - line) <= NEAR for path, line in at):
                where = f"{place.path}:{place.line}"
                return Hit(rank=rank, of=len(found), rule=finding.rule, place=where)
    return None


def _told(finding: Finding) -> str:
    return f"{finding.rule} at {finding.location.path}:{finding.location.line}"


def _row(one: Looked) -> tuple[str, ...]:
    return (
        one.specimen,
        "package" if one.in_package else "service",
        one.problem or _rank(one.service),
        _rank(one.package) if one.in_package else "",
        f"{one.service.rule} at {one.service.place}" if one.service else "",
        str(one.findings),
        "; ".join(one.twin) or "none",
    )


def _rank(one: Hit | None) -> str:
    return "missed" if one is None else f"{one.rank} of {one.of}"


def _verdict(done: Sequence[Looked]) -> str:
    sentences = [
        _share("All", done),
        _share("With a fault in the service itself", [e for e in done if not e.in_package]),
        _share("With a fault in a package", [e for e in done if e.in_package]),
    ]
    loud = [each for each in done if each.twin]
    met = "met" if not loud else "missed"
    sentences.append(
        f"Twins with a finding of the fixed mechanism: **{len(loud)}** (bar: 0, {met})."
    )
    return "\n".join(f"- {each}" for each in sentences)


def _share(what: str, done: Sequence[Looked]) -> str:
    three = sum(each.rank is not None and each.rank <= 3 for each in done)
    first = sum(each.rank == 1 for each in done)
    count = max(1, len(done))
    return (
        f"{what}: among the first three **{three} of {len(done)}** (bar {THREE_BAR:.0%}, "
        f"{'met' if three >= THREE_BAR * count else 'missed'}), first **{first}** "
        f"(bar {FIRST_BAR:.0%}, {'met' if first >= FIRST_BAR * count else 'missed'})."
    )
