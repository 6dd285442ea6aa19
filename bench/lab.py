"""Measures the lab on the specimens, one file each in ``results/lab/``, one table; see ``--help``.

A specimen can be measured again alone: the table is written anew from all files, and says of each
when it was measured. Then, unless ``--no-ablation``, ``ablation.py`` compares its search with other
ways to see the failure, within the limits that are its own defaults.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import ablation
from machine import Machine, facts
from part import Part, body, write
from specimen_runs import Effort, Found, measure

from redhanded.case.document import decode, encode
from redhanded.case.errors import RedhandedError
from redhanded.lab.clock import timestamp
from redhanded.lab.search import Budget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, specimens

RESULTS = Path(__file__).with_name("results")
TRIALS_BAR = 5
RARE = 0.01
SHORT = 6
WARM_MS = 500.0
SHRINK_S = 10.0
HEADER = (
    *("specimen", "by itself", "at one instant", "trials to first failure", "by", "predictions"),
    *("constraints", "shrunk / optimal", "replays", "loaded", "replay, ms", "shrink, s"),
    *("twin by itself", "twin", "predictions that fail on the twin", "measured"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one file of ``results/lab/`` holds."""

    at: str
    machine: Machine
    effort: Effort
    found: Found


def main() -> int:
    arguments = _arguments()
    effort = Effort(
        seeds=arguments.seeds,
        natural=arguments.natural,
        replays=arguments.replays,
        new_processes=not arguments.same_processes,
        loaded=arguments.loaded,
        budget=Budget(systematic=arguments.orders, random=arguments.random, seconds=60.0),
    )
    every = specimens()
    unknown = set(arguments.only) - {each.name for each in every}
    if unknown:
        say(f"there is no specimen {', '.join(sorted(unknown))}")
        return 2
    folder = arguments.out / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    troubled = False
    for specimen in every:
        if arguments.only and specimen.name not in arguments.only:
            continue
        try:
            found, machine = measure(specimen, effort, say=say)
        except RedhandedError as error:
            say(f"{specimen.name} could not be measured: {error}")
            troubled = True
            continue
        kept = Kept(at=timestamp(), machine=machine, effort=effort, found=found)
        (folder / f"{specimen.name}.json").write_bytes(encode(kept) + b"\n")
        say(str(_page(folder, every, arguments.out)))
    if not arguments.no_ablation:
        limits = ablation.Limits(seeds=arguments.ablation_seeds)
        troubled = not ablation.compare(arguments.only, limits, arguments.out, say=say) or troubled
    return 1 if troubled else 0


def _page(folder: Path, every: tuple[Specimen, ...], out: Path) -> Path:
    """The table of everything that was measured so far."""
    files = [folder / f"{each.name}.json" for each in every]
    kept = [decode(file.read_bytes(), Kept) for file in files if file.exists()]
    machine = kept[0].machine
    for each in kept[1:]:
        machine = machine.or_used(each.machine)
    missing = [each.name for each, file in zip(every, files, strict=True) if not file.exists()]
    part = Part(
        title="The lab on the specimens",
        body=body(
            _how(kept[0].effort),
            HEADER,
            [_row(each) for each in kept],
            "\n".join(f"- {sentence}" for sentence in _sentences(kept, missing)),
        ),
        raw=[each.found for each in kept],
    )
    return write(part, facts(machine, kept[0].effort.seeds), out, "lab")


def _how(effort: Effort) -> str:
    how = "new processes before each, " if effort.new_processes else ""
    return (
        "Told start commands, workload and symptom. By itself: failures of "
        f"{effort.natural} natural trials, one after the other, with realistic gaps and with "
        "everything at the same instant; of the twin half as many. The search with "
        f"{effort.seeds} seeds, each in a lab of its own. Replays of the smallest schedule: {how}PostgreSQL and Redis new every "
        "25; loaded: with every core busy otherwise, in processes that go on running, and its time "
        "is that of a replay in such processes while nothing else was run by the bench. "
        "Predictions: those of one serial run (orders, ends of leases, overlaps, and faults where "
        "the contract says that they may happen) that fail when forced. Constraints: and events. "
        "Optimal: all sets of them tried, where 14 operations or fewer conflict. What differs from "
        "these numbers for one specimen shows in its row."
    )


def _sentences(kept: list[Kept], missing: list[str]) -> list[str]:
    found = [each.found for each in kept]
    caught = [each for each in found if all(trial is not None for trial in each.trials)]
    counts = [trial for each in found for trial in each.trials if trial is not None]
    quiet = sum(each.twin_quiet for each in found)
    raw, confirmed = sum(each.predicted for each in found), sum(each.confirmed for each in found)
    hit = sum(each.confirmed > 0 for each in found)
    at_once = sum(each.means == "serial" for each in found)
    on_twins = sum(each.twin_confirmed for each in found)
    quick = sum(count <= TRIALS_BAR for count in counts)
    whole = [each for each in found if each.replays and each.replayed == each.replays]
    steady = [each for each in found if each.loaded and each.loaded_failed == each.loaded]
    rare = [each for each in found if each.natural.gaps <= RARE * each.natural.trials]
    with_redis = sum(each.redis for each in rare)
    small = [each.constraints for each in found if each.constraints is not None]
    ratios = [
        each.constraints / each.optimal
        for each in found
        if each.constraints is not None and each.optimal
    ]
    warm = [each.warm_ms.median for each in found if each.warm_ms is not None]
    slow = max((each.shrink_s for each in found), default=0.0)
    sentences = [
        f"Caught with every seed: **{len(caught)} of {len(found)}** (bar: all); twins quiet: "
        f"**{quiet} of {len(found)}** (bar: all).",
        f"Replays: all failed on **{len(whole)} of {len(found)}** (bar: all); loaded: all failed "
        f"on **{len(steady)} of {len(found)}** (bar: all).",
        f"Failing by themselves in at most 1 % of the trials with realistic gaps: **{len(rare)}**, "
        f"{with_redis} of them with Redis (bar: 5 and 4). Gaps were chosen by hand so that faults "
        "are as rare as in production; see specimens/README.md.",
        f"Raw predictions confirmed: **{confirmed} of {raw}** (bar: 80 %); specimens with a "
        f"confirmed prediction: {hit} of {len(found)}, and {at_once} more that the serial run "
        f"itself shows to fail (bar: 95 %); confirmed on twins: {on_twins} (bar: none).",
    ]
    if counts:
        sentences.append(
            f"Controlled trials to the first failure, all specimens and seeds: median "
            f"**{median(counts):g}** (bar: 1), {quick} of {len(counts)} within {TRIALS_BAR} (bar: "
            f"9 of 10), largest {max(counts)} (bar: 20)."
        )
    if small:
        short = sum(count <= SHORT for count in small)
        sentences.append(
            f"Shrunk to {SHORT} constraints or fewer: {short} of {len(small)} (bar: 8 of 10); over "
            f"the optimum, where it is known: at most {max(ratios, default=1):.2f} (bar: 1.25, "
            f"{len(ratios)} known). Longest shrinking: {slow:.1f} s (bar: {SHRINK_S:g} s)."
        )
    if warm:
        sentences.append(
            f"A warm replay: median of the medians **{median(warm):.0f} ms** (bar: {WARM_MS:g}), "
            f"largest {max(warm):.0f} ms."
        )
    if missing:
        sentences.append(f"Not measured: {', '.join(missing)}.")
    return sentences


def _row(kept: Kept) -> tuple[str, ...]:
    found = kept.found
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
        "–" if not found.optimal else f"{found.constraints}/{found.optimal}",
        f"{found.replayed}/{found.replays}",
        f"{found.loaded_failed}/{found.loaded}",
        "–" if found.warm_ms is None else f"{found.warm_ms.median:.0f}",
        f"{found.shrink_s:.1f}",
        f"{twin.gaps}/{twin.trials} and {twin.instant}/{twin.trials}",
        found.twin,
        f"{found.twin_confirmed}/{found.twin_predicted}",
        kept.at[:16],
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
    parser.add_argument("--same-processes", action="store_true", help="between replays")
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--no-ablation", action="store_true", help="only what the lab does")
    parser.add_argument("--ablation-seeds", type=int, default=ablation.USUAL.seeds)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the page")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main())
