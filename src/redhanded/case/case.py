"""A case: everything that one hunt found, in one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.codemap import CodeMap
from redhanded.case.fix import Fix, Proof
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.overlay import Overlay
from redhanded.case.reproduction import NaturalRun, Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.case.verdict_word import VerdictWord

CASE_VERSION = 1
CASE_SCHEMA = f"redhanded/case/v{CASE_VERSION}"

Stage = Literal["observe", "explore", "suspect", "reproduce", "repair", "prove"]
STAGES: tuple[Stage, ...] = ("observe", "explore", "suspect", "reproduce", "repair", "prove")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A point where a person decides."""

    number: int
    name: str
    decision: Literal["passed", "stopped"]
    by: str
    """The user's name, or ``--yes``."""
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What ``redhanded hunt --format json`` prints."""

    schema: str = CASE_SCHEMA
    identifier: str
    target: str
    """Absolute path of the tree that was hunted in."""
    outcome: VerdictWord = "UNDECIDED"
    """CONFIRMED: a failure was caught; REFUTED: none within a bound that was exhausted."""
    summary: str = ""
    symptom: Symptom
    code: CodeMap | None = None
    natural: NaturalRun | None = None
    """The log's gaps."""
    simultaneous: NaturalRun | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    root_cause: RootCause | None = None
    reproduction: Reproduction | None = None
    overlay: Overlay | None = None
    """The source laid over the run that failed."""
    fix: Fix | None = None
    proof: Proof | None = None
    gates: tuple[Gate, ...] = ()
    limits: tuple[str, ...] = ()
    """What was not controlled, not read, not run, or reduced."""
    timings_s: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    finished: tuple[Stage, ...] = ()
