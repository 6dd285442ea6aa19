"""How soon a failure is seen in each way, side by side: one file for each specimen, one table.

Natural runs, random delays, random orders and the lab's own search, each until the first failure.
The files are in ``results/ablation/``; a specimen can be measured again alone: the table is written
anew from all files, and says of each when it was measured.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from machine import Machine, facts
from part import Part, body, table, write
from ways import OURS, WAYS, Attempt, Limits, Progress, measure, shown

from redhanded.case.document import decode, encode
from redhanded.case.errors import RedhandedError
from redhanded.lab.clock import timestamp
from redhanded.lab.explorers.registry import RANDOM

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, specimens

RESULTS = Path(__file__).with_name("results")
USUAL = Limits()
UNSEEN = math.inf
CONTROLLED = {OURS, *(known.name for known in RANDOM)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one file of ``results/ablation/`` holds."""

    at: str
    machine: Machine
    limits: Limits
    specimen: str
    attempts: tuple[Attempt, ...]


def main() -> int:
    arguments = _arguments()
    unknown = set(arguments.only) - {each.name for each in specimens()}
    if unknown:
        say(f"there is no specimen {', '.join(sorted(unknown))}")
        return 2
    limits = Limits(
        seeds=arguments.seeds,
        trials=arguments.trials,
        seconds=arguments.seconds,
        late_ms=arguments.late_ms,
    )
    return 0 if compare(arguments.only, limits, arguments.out, say=say) else 1


def compare(only: Sequence[str], limits: Limits, out: Path, *, say: Progress) -> bool:
    """Measures the specimens of these names (all, if there are none); False if one could not be."""
    folder = out / "ablation"
    folder.mkdir(parents=True, exist_ok=True)
    every, fine = specimens(), True
    for specimen in every:
        if only and specimen.name not in only:
            continue
        try:
            kept = _kept(specimen, limits, say)
        except RedhandedError as error:
            say(f"{specimen.name} could not be measured: {error}")
            fine = False
            continue
        (folder / f"{specimen.name}.json").write_bytes(encode(kept) + b"\n")
        say(str(page(folder, every, out)))
    return fine


def page(folder: Path, every: Sequence[Specimen], out: Path) -> Path:
    """The table of everything that was measured so far."""
    files = [folder / f"{each.name}.json" for each in every]
    kept = [decode(file.read_bytes(), Kept) for file in files if file.exists()]
    missing = [each.name for each, file in zip(every, files, strict=True) if not file.exists()]
    machine = kept[0].machine
    for each in kept[1:]:
        machine = machine.or_used(each.machine)
    limits = kept[0].limits
    summary = table(
        ("way", "specimens, every seed", "at least one seed", "attempts", "trials", "seconds"),
        [_summed(way, kept) for way in WAYS],
    )
    part = Part(
        title="How soon each way sees the failure",
        body=body(
            _how(limits),
            ("specimen", *map(shown, WAYS), "measured"),
            [_row(each, limits) for each in kept],
            "\n\n".join(
                (
                    "On how many specimens, and in how many attempts, the failure was seen; "
                    "medians over all attempts, one without a failure taken as the latest "
                    "(–: not seen in at least half of them).",
                    summary,
                    "\n".join(f"- {sentence}" for sentence in sentences(kept, missing)),
                )
            ),
        ),
        raw=kept,
    )
    seeds = ("seeds", ", ".join(map(str, range(limits.seeds))))
    return write(part, [*facts(machine, 0)[:-1], seeds], out, "ablation")


def _kept(specimen: Specimen, limits: Limits, say: Progress) -> Kept:
    attempts, machine = measure(specimen, limits, say=say)
    return Kept(
        at=timestamp(),
        machine=machine,
        limits=limits,
        specimen=specimen.name,
        attempts=attempts,
    )


def _how(limits: Limits) -> str:
    return (
        "Told start commands, workload and symptom. Trials up to and including the first failure, "
        "by seed, and in brackets the median of the seconds that they took (–: not seen with at "
        f"least half of the seeds). An attempt ends after {limits.trials} trials, or with the "
        f"first one that is done after {limits.seconds:g} s: > means so many trials and no "
        "failure. One lab for each seed; all ways in it, one after the other, the first another "
        "one with each seed; opening it is not counted. Natural: nothing held, one trial after "
        "the other, the gaps of specimen.toml in an order drawn for each seed. Random delay: "
        "everything at the same instant, but each delivery and each message from a process to a "
        f"service late by a time of its own, 0 to {limits.late_ms:g} ms (the idea of NACD, not "
        "its code). Uniform walk, PCT, POS: every message held, the order drawn anew in each "
        "trial; PCT is told the steps of a serial run that is not counted. Ours: the whole "
        "search with the faults that the contract allows, its serial run counted. Any failure "
        "counts, not only the one that was put in: the symptom, a broken invariant, a program "
        "that ends otherwise than it has to, and in controlled trials an answer that never comes; "
        "the JSON file says what failed."
    )


def _row(kept: Kept, usual: Limits) -> tuple[str, ...]:
    limits, at = kept.limits, kept.at[:16]
    if limits != usual:
        at += (
            f" (seeds: {limits.seeds}, at most {limits.trials} trials or {limits.seconds:g} s, "
            f"delays to {limits.late_ms:g} ms)"
        )
    return (kept.specimen, *(_cell(of(kept, way)) for way in WAYS), at)


def of(kept: Kept, way: str) -> list[Attempt]:
    """The attempts in one way, by seed."""
    return sorted((each for each in kept.attempts if each.way == way), key=lambda each: each.seed)


def _cell(attempts: list[Attempt]) -> str:
    counts = ", ".join(f"{'' if each.failed else '> '}{each.trials}" for each in attempts)
    return f"{counts} ({figure(seconds(attempts), '.2f')})"


def trials(attempts: list[Attempt]) -> float:
    """Median; one without a failure took longer than all others."""
    return median([each.trials if each.failed else UNSEEN for each in attempts])


def seconds(attempts: list[Attempt]) -> float:
    return median([each.seconds if each.failed else UNSEEN for each in attempts])


def figure(value: float, form: str) -> str:
    return "–" if value == UNSEEN else format(value, form)


def _summed(way: str, kept: list[Kept]) -> tuple[str, ...]:
    by_specimen = [of(each, way) for each in kept]
    attempts = [each for mine in by_specimen for each in mine]
    return (
        shown(way),
        f"{sum(all(each.failed for each in mine) for mine in by_specimen)} of {len(kept)}",
        f"{sum(any(each.failed for each in mine) for mine in by_specimen)} of {len(kept)}",
        f"{sum(each.failed for each in attempts)} of {len(attempts)}",
        figure(trials(attempts), "g"),
        figure(seconds(attempts), ".2f"),
    )


def sentences(kept: list[Kept], missing: list[str]) -> list[str]:
    """Where the search is not the best, and what was not measured."""
    unseen = [each.specimen for each in kept if not all(a.failed for a in of(each, OURS))]
    elsewhere = [
        f"{each.specimen} ({', '.join(seen)})"
        for each in kept
        if each.specimen in unseen and (seen := _seen_by_others(each))
    ]
    told = [
        f"Not seen by ours with every seed: {_listed(unseen)}; of these, seen in another way with "
        f"every seed: {_listed(elsewhere)}.",
        f"Fewer controlled trials than ours (medians): {_listed(_sooner(kept, in_seconds=False))}.",
        f"Fewer seconds than ours, natural ways too: {_listed(_sooner(kept, in_seconds=True))}.",
    ]
    if missing:
        told.append(f"Not measured: {', '.join(missing)}.")
    return told


def _seen_by_others(kept: Kept) -> list[str]:
    return [shown(way) for way in WAYS if way != OURS and all(a.failed for a in of(kept, way))]


def _sooner(kept: list[Kept], *, in_seconds: bool) -> list[str]:
    """Specimens on which another way was ahead of the search, and the best of these ways."""
    found = []
    for each in kept:
        middle = seconds if in_seconds else trials
        ways = [way for way in WAYS if in_seconds or way in CONTROLLED]
        best = min(ways, key=lambda way: middle(of(each, way)))
        ours, its = middle(of(each, OURS)), middle(of(each, best))
        if its < ours:
            form = ".2f" if in_seconds else "g"
            against = f"{figure(its, form)} against {figure(ours, form)}"
            found.append(f"{each.specimen} ({shown(best)}: {against})")
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="SPECIMEN")
    parser.add_argument("--seeds", type=int, default=USUAL.seeds)
    parser.add_argument("--trials", type=int, default=USUAL.trials, help="of one attempt")
    parser.add_argument("--seconds", type=float, default=USUAL.seconds, help="of one attempt")
    parser.add_argument("--late-ms", type=float, default=USUAL.late_ms, help="random delay")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the page")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main())
