"""Findings, rules and programs made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.case.scan import Scan, ScanRequest
from redhanded.hunt import scan
from redhanded.hunt.scan.reading import Source
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.module import Note
from redhanded.source.flow.schema import Schema
from redhanded.source.project import Project


def finding(
    line: int = 7,
    *,
    path: str = "src/seats.js",
    function: str | None = "book",
    subject: str = "seats",
    rule: str = "check-then-create",
    weight: float = 0.9,
    message: str = "Two requests may both find no seat and both add one.",
    entry: str = "POST /seats",
) -> Finding:
    return Finding(
        rule=rule,
        location=Location(path=path, line=line, function=function),
        message=message,
        steps=(
            Step(
                location=Location(path=path, line=line - 1, function=function),
                says="run 1 looks for a row of seats and finds none",
            ),
            Step(
                location=Location(path=path, line=line, function=function),
                says="run 2 adds a row that run 1 adds, too",
            ),
        ),
        reasons=(
            Reason(
                weight=weight + 0.05,
                says="looks for the row and adds it in two statements",
                location=Location(path=path, line=line - 1),
            ),
            Reason(weight=-0.05, says="the form is shown to one person"),
        ),
        subject=subject,
        entry=entry,
    )


@dataclass(frozen=True, kw_only=True)
class MadeRule:
    """A rule that finds what it was given."""

    finds: tuple[Finding, ...] = ()
    name: str = "check-then-create"
    title: str = "A row is looked for and then added"
    wrong: str = "Between the two statements another run may add it."
    safe: tuple[str, ...] = ("A unique constraint on the columns.", "ON CONFLICT.")
    needs: str = "two requests at about the same time"
    experiment: str = "hold the first run between its two statements"
    remedy: str = "find-or-create"
    threshold: float = 0.5

    def look(self, reading: Reading) -> Iterable[Finding]:
        return self.finds


TEXT: Mapping[int, str] = {
    6: "const seat = await Seat.findOne({ where: { number } });",
    7: "if (!seat) await Seat.create({ number });",
}


@dataclass(frozen=True, kw_only=True)
class Program:
    """What stands on the lines of a file, and the comments."""

    text: Mapping[int, str] = field(default_factory=lambda: dict(TEXT))
    notes: tuple[tuple[str, tuple[Note, ...]], ...] = ()
    span: tuple[int, int] = (5, 9)
    limits: tuple[str, ...] = ()

    def source(self) -> Source:
        return Source(
            reading=Reading(
                paths=(),
                schema=Schema(tables={}, has_migrations=False),
                text=lambda at: self.text.get(at.line, ""),
            ),
            files=3,
            notes=self.notes,
            span=lambda at: self.span,
            limits=self.limits,
        )


def scanned(
    *finds: Finding,
    program: Program | None = None,
    root: Path = Path("/project"),
    repository: Path | None = None,
    asked: tuple[str, ...] = (".",),
    rules: tuple[MadeRule, ...] = (),
    **request: object,
) -> Scan:
    """What becomes of these findings of one rule."""
    rules = rules or (MadeRule(finds=finds),)
    return scan.weigh(
        Project(root=root, asked=asked, repository=repository),
        (program or Program()).source(),
        ScanRequest(paths=(), **{k: v for k, v in request.items() if k not in ("old", "changed")}),  # type: ignore[arg-type]
        asked=rules,
        known=rules,
        old=request.get("old", ()),  # type: ignore[arg-type]
        changed=request.get("changed"),  # type: ignore[arg-type]
    )
