"""Ways to see a failure that nobody pointed at, each tried until it shows or the limit is reached.

Left alone, as far apart as in production or all at the same instant; all messages late by random
times; controlled, in orders drawn at random in five ways; and the search that the lab makes. All of
them in one lab, which begins anew (rows, keys) before each.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from machine import Machine, describe

from redhanded.case.run import Run
from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.explorers.registry import RANDOM, Known
from redhanded.lab.natural import run_until_failure
from redhanded.lab.search import Budget, search

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, lay_out

GAPS, INSTANT, LATE, OURS = "natural, realistic gaps", "natural, same instant", "late", "ours"
WAYS = (GAPS, INSTANT, LATE, *(known.name for known in RANDOM), OURS)
SHOWN = {LATE: "random delay", "uniform": "uniform walk", "pos": "POS"} | {
    f"pct {depth}": f"PCT, d = {depth}" for depth in (1, 2, 3)
}
"""Names that people use, where they are other ones."""
NATURAL_SEED = 1_000
"""Apart from each other and from the lab's own, so that no value of ``{unique}`` comes twice."""
TRIAL_SEEDS = 100_000
"""More than there are trials."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is spent on one specimen."""

    seeds: int = 5
    trials: int = 100
    """Of one attempt; so many without a failure end it."""
    seconds: float = 30.0
    """After so many, an attempt begins no further trial."""
    late_ms: float = 10.0
    """The most by which a message is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way, once."""

    way: str
    seed: int
    trials: int
    """Begun up to the first failure, it included; the serial run of the search is one of them."""
    seconds: float
    failed: bool
    """False: the limit was reached."""
    sample: str
    """What failed; empty if nothing did."""
    means: str = ""
    """How the search found it."""


@dataclass(slots=True, kw_only=True)
class Subject:
    """An open lab, and what all attempts on it are told."""

    lab: Lab
    gaps_ms: tuple[float, ...]
    limits: Limits
    seed: int
    deliveries: int
    steps: int
    """That a serial run takes: PCT has to be told."""


def measure(
    specimen: Specimen, limits: Limits, *, say: Progress
) -> tuple[tuple[Attempt, ...], Machine]:
    """All ways with all seeds, a lab for each seed; what it refuses is raised as ``LabError``.

    Each seed begins with another way, so that none is always the one that finds the lab unused.
    """
    load = os.getloadavg()
    attempts: list[Attempt] = []
    with tempfile.TemporaryDirectory(prefix="bench-ablation-") as name:
        folder = Path(name)
        system = read(lay_out(specimen, folder / "service"))
        for seed in range(limits.seeds):
            with open_lab(system, folder=folder / f"lab-{seed}", seed=seed) as lab:
                machine = describe(lab, load)
                subject = _subject(lab, specimen, limits, seed)
                first = seed % len(WAYS)
                for way in (*WAYS[first:], *WAYS[:first]):
                    say(f"{specimen.name}: seed {seed + 1} of {limits.seeds}, {shown(way)}")
                    lab.reset()
                    attempts.append(attempt(subject, way))
    return tuple(attempts), machine


def shown(way: str) -> str:
    """As people write it."""
    return SHOWN.get(way, way)


def attempt(subject: Subject, way: str) -> Attempt:
    """One way, until it fails or the limit is reached."""
    if way == OURS:
        return _searched(subject)
    known = next((known for known in RANDOM if known.name == way), None)
    return _natural(subject, way) if known is None else _random(subject, known)


def _subject(lab: Lab, specimen: Specimen, limits: Limits, seed: int) -> Subject:
    deliveries = max(entry.deliveries for entry in lab.system.workload)
    return Subject(
        lab=lab,
        gaps_ms=shuffled(specimen.gaps_ms, Choices(seed)),
        limits=limits,
        seed=seed,
        deliveries=deliveries,
        steps=len(lab.serial(deliveries).order),
    )


def shuffled(gaps_ms: tuple[float, ...], choices: Choices) -> tuple[float, ...]:
    """In an order that is drawn: specimens may list the gap first that fails most often."""
    left = list(gaps_ms)
    return tuple(left.pop(choices.index(len(left))) for _ in gaps_ms)


def _natural(subject: Subject, way: str) -> Attempt:
    limits = subject.limits
    run = run_until_failure(
        subject.lab,
        name=way,
        trials=limits.trials,
        seconds=limits.seconds,
        gaps_ms=subject.gaps_ms if way == GAPS else (0.0,),
        seed=NATURAL_SEED * (1 + WAYS.index(way)) + subject.seed,
        late_ms=limits.late_ms if way == LATE else 0.0,
    )
    return Attempt(
        way=way,
        seed=subject.seed,
        trials=run.trials,
        seconds=run.seconds,
        failed=run.failures > 0,
        sample=run.sample,
    )


def _random(subject: Subject, known: Known) -> Attempt:
    """Orders drawn at random, each trial from a seed of its own."""
    began, trials, run = monotonic_ms(), 0, Run()
    while trials < subject.limits.trials and not fails(run):
        if trials and _since(began) > subject.limits.seconds:
            break
        choices = Choices(TRIAL_SEEDS * subject.seed + trials)
        run = subject.lab.play(known.make(choices, subject.steps), subject.deliveries).run
        trials += 1
    return _controlled(subject, known.name, trials, _since(began), run)


def _searched(subject: Subject) -> Attempt:
    """The search goes on where a failure does not come again: what counts is when the first was
    seen."""
    limits, began, last = subject.limits, monotonic_ms(), Run()
    first: Attempt | None = None

    def on_run(number: int, _what: str, run: Run) -> None:
        nonlocal last, first
        last = run
        if first is None and fails(run):
            first = _controlled(subject, OURS, number, _since(began), run)
        if number >= limits.trials and not fails(run):
            raise _SpentError

    budget = Budget(seconds=limits.seconds)
    try:
        found = search(
            subject.lab,
            deliveries=subject.deliveries,
            faults=subject.lab.system.faults or (),
            budget=budget,
            seed=subject.seed,
            on_run=on_run,
        )
    except _SpentError:
        return first or _controlled(subject, OURS, limits.trials, _since(began), last)
    run, means = found.run or Run(), found.means or ""
    return _controlled(subject, OURS, 1 + found.trials, found.seconds, run, means)


class _SpentError(Exception):
    """The search has used the trials of an attempt."""


def fails(run: Run) -> bool:
    """As the search has it: what never came to rest proves nothing."""
    return run.quiescent and run.failed


def _controlled(
    subject: Subject, way: str, trials: int, seconds: float, run: Run, means: str = ""
) -> Attempt:
    return Attempt(
        way=way,
        seed=subject.seed,
        trials=trials,
        seconds=round(seconds, 3),
        failed=fails(run),
        sample=run.failures[0].text[:200] if fails(run) else "",
        means=means,
    )


def _since(began_ms: float) -> float:
    return (monotonic_ms() - began_ms) / 1000.0
