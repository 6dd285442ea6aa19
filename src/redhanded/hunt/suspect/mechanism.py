"""What a mechanism is, and what it is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence, Location
from redhanded.case.hypothesis import Experiment, Hypothesis, RootLocation
from redhanded.case.reproduction import NaturalRun, Reproduction
from redhanded.case.symptom import Symptom
from redhanded.case.verdict_word import VerdictWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the lab saw; ``reproduction`` is None when it could not run."""

    reproduction: Reproduction | None
    natural: NaturalRun | None
    code: CodeMap


class Mechanism(Protocol):
    """One way in which such a failure comes about. A module is one."""

    name: str
    """As remedies, reports and tools refer to it."""
    title: str
    wrong: str
    """Why it is a defect, with the reference."""
    safe: str
    """What a program has that does not suffer from it."""

    def suspect(self, symptom: Symptom, code: CodeMap) -> Hypothesis | None:
        """The hypothesis for this program, or None where the program rules it out."""
        ...

    def judge(self, hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
        """The same with verdict, reason and locations."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Evidence and what it adds to the score (takes away, when it is against)."""

    weight: float
    evidence: Evidence


def hypothesis(
    *,
    mechanism: str,
    title: str,
    claim: str,
    base: float,
    weighed: Iterable[Weighed],
    experiment: Experiment,
    remedies: tuple[str, ...] = (),
    locations: tuple[RootLocation, ...] = (),
    verdict: VerdictWord = "UNDECIDED",
    why: str = "not yet tried",
) -> Hypothesis:
    """A hypothesis with its score.

    The score is ``base``, plus the weights of the evidence for, minus those of the evidence
    against, kept within 0 and 1. It orders the list and says nothing about probability.
    """
    given = tuple(weighed)
    score = base + sum(each.weight * (1 if each.evidence.supports else -1) for each in given)
    return Hypothesis(
        mechanism=mechanism,
        title=title,
        claim=claim,
        rank=0,
        score=round(min(1.0, max(0.0, score)), 3),
        verdict=verdict,
        why=why,
        evidence=tuple(replace(each.evidence, weight=round(each.weight, 3)) for each in given),
        experiment=experiment,
        locations=locations,
        remedies=remedies,
    )


def line_text(code: CodeMap, path: str, line: int) -> str:
    """The source line, stripped; empty where it cannot be read."""
    try:
        text = Path(code.root, path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = text.splitlines()
    return lines[line - 1].strip()[:400] if 1 <= line <= len(lines) else ""


def at(code: CodeMap, location: Location, says: str, *, supports: bool = True) -> Evidence:
    """Evidence that is a source line."""
    return Evidence(
        path=location.path,
        line=location.line,
        text=line_text(code, location.path, location.line),
        says=says,
        supports=supports,
    )


def measured_evidence(index: int, text: str, says: str, *, supports: bool = True) -> Evidence:
    """Evidence that is an operation of the failing run."""
    return Evidence(path="lab", line=index, text=text[:400], says=says, supports=supports)
