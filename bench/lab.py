"""Measures the lab on the specimens, a table for all of them in ``results/``; see ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from statistics import median

from machine import Machine, facts
from part import Part, body, write
from specimen_runs import Effort, Found, measure

from redhanded.case.errors import RedhandedError
from redhanded.lab.search import Budget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, specimens

RESULTS = Path(__file__).with_name("results")
HEADER = (
    *("specimen", "by itself", "at one instant", "trials to first failure", "by", "predictions"),
    *("constraints", "replays", "loaded", "replay, ms", "shrink, s", "twin by itself", "twin"),
)


def main() -> int:
    arguments = _arguments()
    effort = Effort(
        seeds=arguments.seeds,
        natural=arguments.natural,
        replays=arguments.replays,
        new_processes=arguments.new_processes,
        loaded=arguments.loaded,
        budget=Budget(systematic=arguments.orders, random=arguments.random, seconds=60.0),
    )
    chosen = [each for each in specimens() if not arguments.only or each.name in arguments.only]
    found: list[Found] = []
    troubles: list[tuple[str, str]] = []
    machine: Machine | None = None
    for specimen in chosen:
        try:
            one, here = measure(specimen, effort, say=say)
            found.append(one)
            machine = here if machine is None else machine.or_used(here)
        except RedhandedError as error:
            troubles.append((specimen.name, str(error)))
        if machine is not None:
            part = _part(found, troubles, chosen, effort)
            say(str(write(part, facts(machine, effort.seeds), arguments.out, "lab")))
    return 0 if not troubles else 1


def _part(
    found: list[Found],
    troubles: list[tuple[str, str]],
    chosen: list[Specimen],
    effort: Effort,
) -> Part:
    caught = [each for each in found if all(trial is not None for trial in each.trials)]
    counts = [trial for each in found for trial in each.trials if trial is not None]
    quiet = sum(each.twin_quiet for each in found)
    raw, confirmed = sum(each.predicted for each in found), sum(each.confirmed for each in found)
    sentences = [
        f"Caught with every seed: **{len(caught)} of {len(chosen)}**; twins quiet: **{quiet} of "
        f"{len(chosen)}**.",
        f"Controlled trials to the first failure: median {median(counts):g}, largest {max(counts)}."
        if counts
        else "",
        f"Raw predictions confirmed: {confirmed} of {raw}.",
        *(f"{name} could not be measured: {why}" for name, why in troubles),
    ]
    how = "new processes before each, " if effort.new_processes else ""
    return Part(
        title="The lab on the specimens",
        body=body(
            "Told start commands, workload and symptom. By itself: failures of "
            f"{effort.natural} natural trials, one after the other, with realistic gaps and with "
            f"everything at the same instant. The search with {effort.seeds} seeds, each in a lab "
            f"of its own. Replays of the smallest schedule: {how}PostgreSQL and Redis new every "
            "25; loaded: with every core busy otherwise. Predictions: those of one serial run that "
            "fail when forced.",
            HEADER,
            [_row(each) for each in found],
            "\n".join(sentence for sentence in sentences if sentence),
        ),
        raw=found,
    )


def _row(found: Found) -> tuple[str, ...]:
    trials = ", ".join("–" if trial is None else str(trial) for trial in found.trials)
    natural, twin = found.natural, found.twin_natural
    return (
        found.specimen,
        f"{natural.gaps}/{natural.trials}",
        f"{natural.instant}/{natural.trials}",
        trials,
        found.means or "–",
        f"{found.confirmed}/{found.predicted}",
        "–" if found.constraints is None else str(found.constraints),
        f"{found.replayed}/{found.replays}",
        f"{found.loaded_failed}/{found.loaded}",
        "–" if found.replay_ms is None else f"{found.replay_ms.median:.0f}",
        f"{found.shrink_s:.1f}",
        f"{twin.gaps}/{twin.trials} and {twin.instant}/{twin.trials}",
        found.twin,
    )


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="SPECIMEN")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--natural", type=int, default=100)
    parser.add_argument("--replays", type=int, default=100)
    parser.add_argument("--loaded", type=int, default=20)
    parser.add_argument("--new-processes", action="store_true")
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the page")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main())
