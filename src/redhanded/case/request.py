"""What a hunt is asked to do, and whom it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redhanded.case.case import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntRequest:
    """Everything a person may ask of one hunt."""

    target: Path
    """The tree to hunt in, absolute."""
    logs: tuple[Path, ...] = ()
    symptom: str | None = None
    """Text of the failure, or the name of an invariant; None takes ``[symptom]`` of
    ``redhanded.toml`` or, where that says nothing, all its invariants, or else what the logs show
    by themselves."""
    quick: bool = False
    """Fewer trials, runs and replays; the case's limits say which."""
    yes: bool = False
    """Every gate is passed without asking."""
    resume: bool = False
    """Go on with ``case``, or with the latest one, after its last finished stage."""
    case: str | None = None
    """Identifier of the case to go on with."""
    until: Stage | None = None
    """The last stage to run; None runs all."""
    seed: int = 0
    natural_trials: int | None = None
    """Uncontrolled trials at the log's gaps; None takes the stage's own number."""
    allow_remote: bool = False
    """Services by URL may stand on other machines."""
    allow_existing: bool = False
    """A database that is not empty may be written."""
    allow_egress: tuple[str, ...] = ()
    """Hosts that the system may reach outside the lab."""
    redact: bool = True
    """Personal and secret values of log lines are masked."""
    decided_by: str = ""
    """Who passes the gates: a user's name, or ``--yes``."""


class Listener(Protocol):
    """Whoever watches a hunt: a terminal, a log, a test."""

    def stage(self, name: str, sentence: str) -> None:
        """A stage begins; ``sentence`` says what it does and why."""

    def step(self, sentence: str) -> None:
        """What is being done now; replaces the last one."""

    def progress(self, done: int, total: int | None, sentence: str) -> None:
        """``done`` of ``total``; None where the end is not known."""

    def finding(self, sentence: str) -> None:
        """Something that was found and stays on the screen."""

    def gate(self, number: int, name: str, card: Sequence[str]) -> bool:
        """Asks a person to read ``card``; False stops the hunt here."""


class SilentListener:
    """Tells nobody, and passes every gate only if told to."""

    def __init__(self, *, passes: bool = True) -> None:
        self.passes = passes

    def stage(self, name: str, sentence: str) -> None:
        """Not shown."""

    def step(self, sentence: str) -> None:
        """Not shown."""

    def progress(self, done: int, total: int | None, sentence: str) -> None:
        """Not shown."""

    def finding(self, sentence: str) -> None:
        """Not shown."""

    def gate(self, number: int, name: str, card: Sequence[str]) -> bool:
        return self.passes
