"""Measures the first hunt and writes ``results/first-hunt.md`` and ``.json``; see ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import first_failure
import pass_through
import trial_cost
from example import lay_out, symptom_of
from machine import describe

from redhanded.case.document import encode
from redhanded.case.errors import RedhandedError
from redhanded.lab import open_lab
from redhanded.lab.clock import monotonic_ms, timestamp
from redhanded.lab.services import start_postgres, start_redis
from report import BAR, Results, markdown, ratio

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much is measured."""

    trials: int = 100
    """Of each side."""
    trial_block: int = 10
    repetitions: int = 5
    """Of the search for the first failure, each with its own seed and lab."""
    natural_trials: int = 1000
    operations: int = 4000
    """By each way."""
    operation_block: int = 200


def main() -> int:
    arguments = parser().parse_args()
    counts = Counts(
        trials=arguments.trials,
        repetitions=arguments.repetitions,
        natural_trials=arguments.natural_trials,
        operations=arguments.operations,
    )
    try:
        results = measure(counts, first_seed=arguments.seed)
    except RedhandedError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    write(results, arguments.out)
    say(f"controlled over natural: {ratio(results.trial_cost):.2f} (bar {BAR:g})")
    print(arguments.out / "first-hunt.md")
    return 0


def parser() -> argparse.ArgumentParser:
    usual = Counts()
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--trials", type=int, default=usual.trials)
    made.add_argument("--repetitions", type=int, default=usual.repetitions)
    made.add_argument("--natural-trials", type=int, default=usual.natural_trials)
    made.add_argument("--operations", type=int, default=usual.operations)
    made.add_argument("--seed", type=int, default=1, help="the first one; repetitions add 1 each")
    made.add_argument("--out", type=Path, default=RESULTS, help="folder for the two files")
    return made


def measure(counts: Counts, *, first_seed: int) -> Results:
    """Everything, on labs that are gone afterwards. Raises ``LabError`` where one cannot be run."""
    started = monotonic_ms()
    load = os.getloadavg()
    seeds = tuple(range(first_seed, first_seed + counts.repetitions))
    failures: list[first_failure.FirstFailure] = []
    opening: list[float] = []
    with tempfile.TemporaryDirectory(prefix="redhanded-bench-") as name:
        folder = Path(name)
        system = lay_out(folder / "example")
        symptom = symptom_of(system)
        for seed in seeds:
            begun = monotonic_ms()
            with open_lab(system, folder=folder / f"lab-{seed}", seed=seed, say=say) as lab:
                opening.append((monotonic_ms() - begun) / 1000.0)
                if seed == first_seed:
                    machine = describe(lab, load)
                    costs = trial_cost.measure(
                        lab, trials=counts.trials, block=counts.trial_block, seed=seed, say=say
                    )
                failures += first_failure.measure(
                    lab, symptom, seed=seed, natural_trials=counts.natural_trials, say=say
                )
        services = folder / "services"
        with start_postgres(services) as postgres, start_redis(services) as redis:
            ways = pass_through.measure(
                postgres,
                redis,
                operations=counts.operations,
                block=counts.operation_block,
                say=say,
            )
    return Results(
        at=timestamp(),
        seeds=seeds,
        machine=machine,
        trial_cost=costs,
        gap_ms=symptom.gap_ms,
        log_rate=symptom.rate,
        open_lab_s=tuple(round(seconds, 2) for seconds in opening),
        first_failure=tuple(failures),
        pass_through=ways,
        seconds=(monotonic_ms() - started) / 1000.0,
    )


def write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "first-hunt.md").write_text(markdown(results), encoding="utf-8")
    (folder / "first-hunt.json").write_bytes(encode(results) + b"\n")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
