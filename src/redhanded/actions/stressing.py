"""The workload without control, as often as asked: what plain load testing sees."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redhanded.case.errors import UsageError
from redhanded.case.reproduction import NaturalRun
from redhanded.case.request import Listener
from redhanded.case.symptom import Rate
from redhanded.contract import read
from redhanded.lab import open_lab
from redhanded.lab.natural import run_naturally
from redhanded.stats.intervals import rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """What came of it."""

    run: NaturalRun
    rate: Rate


def stress(
    target: Path,
    listener: Listener,
    *,
    trials: int,
    gaps_ms: Sequence[float],
    per_second: float | None,
    symptom: str | None = None,
    seed: int = 0,
    allow_remote: bool = False,
    allow_existing: bool = False,
) -> Stress:
    """Runs the contract's workload ``trials`` times with nothing held, and counts failures.

    Raises ``UsageError`` where nothing says what a failure is, ``LabError`` if the system does not
    run.
    """
    system = read(target, allow_remote=allow_remote)
    pattern = replace(system.symptom, log=symptom or system.symptom.log)
    told = (pattern.log, pattern.sqlstate, pattern.status, system.invariants or None)
    if not any(told) or not system.workload:
        raise UsageError(
            f"{target} says not enough: a failure is told by --symptom TEXT, by [symptom] or "
            "[invariants], and what to send by a [[workload]] in redhanded.toml"
        )
    listener.stage("stress", "the workload without any control, counted trial by trial")
    with (
        tempfile.TemporaryDirectory(prefix="redhanded-stress-") as folder,
        open_lab(
            system,
            folder=Path(folder),
            root=target,
            symptom=pattern,
            seed=seed,
            allow_existing=allow_existing,
            say=listener.step,
        ) as lab,
    ):
        run = run_naturally(
            lab,
            name="stress",
            trials=trials,
            gaps_ms=gaps_ms,
            per_second=per_second,
            seed=seed,
            on_progress=lambda done, total: listener.progress(done, total, "trials begun"),
        )
    return Stress(run=run, rate=rate(run.failures, run.trials, unit="trials"))
