"""How often the specimens fail by themselves: past the proxies, and through them.

Each specimen that fails in at least a fifth of its trials when everything is sent at the same
instant runs in labs whose processes talk to the servers themselves, and in labs with an idle proxy
on every connection. Rates are compared as a ratio.

There is one lab at a time, since a second one that only waits changes how often the first one fails
(``knex-migration-lock`` failed directly in 25 to 33 % of the trials beside another lab, in 56 %
without), and several of each kind, since rates differ more between labs than within one. Which kind
comes first changes. In each lab some trials do not count: a program is slower before it has been
compiled.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, variance

from part import Part, body

from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.clock import timestamp
from redhanded.lab.natural import run_naturally

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, lay_out, specimens

PILOT_TRIALS = 40
WORTH_COMPARING = 0.2
WITHIN = 0.25
FIRST = 25
"""Trials at the beginning of a lab that do not count."""
WAYS = ("direct", "proxy")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rare:
    """A specimen that fails too rarely to be compared."""

    specimen: str
    failures: int
    """Of ``PILOT_TRIALS``, directly."""
    at: str
    """When it was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One specimen by both ways."""

    specimen: str
    at: str
    """When it was measured."""
    trials: int
    """By each way."""
    direct: int
    """Trials that failed with nothing between processes and servers."""
    proxy: int
    by_lab: dict[str, list[int]]
    """Failures of each lab, by way."""

    @property
    def ratio(self) -> float:
        """Through the proxy over direct."""
        return self.proxy / self.direct if self.direct else math.inf

    @property
    def error(self) -> float:
        """Standard error of ``ratio`` by the delta method, from how labs of one kind differ."""
        if not self.direct or not self.proxy:
            return math.inf
        parts = [
            variance(labs) / len(labs) / fmean(labs) ** 2 if len(labs) > 1 else math.inf
            for labs in self.by_lab.values()
        ]
        return self.ratio * math.sqrt(sum(parts))

    @property
    def is_worth_comparing(self) -> bool:
        return self.direct >= WORTH_COMPARING * self.trials

    @property
    def within(self) -> bool:
        return abs(self.ratio - 1) <= WITHIN


def measure(
    *, trials: int, labs: int, seed: int, only: Sequence[str], known: Path, say: Progress
) -> Part:
    """All specimens, ``trials`` in ``labs`` labs of each kind; those that fail more rarely are
    named and left out. With ``only`` those alone, the others as they stand in ``known``."""
    before = _known(known) if only else {}
    found = [
        before[specimen.name]
        if only and specimen.name not in only and specimen.name in before
        else _compare(specimen, trials=trials, labs=labs, seed=seed, say=say)
        for specimen in specimens()
    ]
    return page(found, labs)


def _known(written: Path) -> dict[str, Rates | Rare]:
    """What was measured before, by specimen."""
    if not written.exists():
        return {}
    raw = json.loads(written.read_text(encoding="utf-8"))["raw"]
    found: list[Rates | Rare] = [Rates(**each) for each in raw["rates"]]
    found += [Rare(**each) for each in raw["rare"]]
    return {each.specimen: each for each in found}


def page(found: Sequence[Rates | Rare], labs: int) -> Part:
    """What was measured; a specimen that failed too rarely after all is named and left out."""
    measured = [each for each in found if isinstance(each, Rates)]
    rare = [each for each in found if isinstance(each, Rare)]
    rates = [each for each in measured if each.is_worth_comparing]
    left_out = [f"{each.specimen} ({each.failures} of {PILOT_TRIALS})" for each in rare] + [
        f"{each.specimen} ({each.direct} of {each.trials})"
        for each in measured
        if not each.is_worth_comparing
    ]
    within = sum(each.within for each in rates)
    return Part(
        title="How often the specimens fail by themselves, directly and through the idle proxy",
        body=body(
            "Everything sent at the same instant, one trial after the other, each from the same "
            f"rows and keys; {labs} labs each way, one at a time, and {FIRST} trials at the "
            "beginning of each that do not count. The standard error is from how the labs of one "
            f"way differ. Left out, because fewer than {WORTH_COMPARING:.0%} of the first "
            f"{PILOT_TRIALS} trials, or of all of them, failed directly: "
            f"{', '.join(left_out) or 'none'}.",
            (
                "specimen",
                "direct",
                "through the idle proxy",
                "ratio",
                "standard error",
                "",
                "measured",
            ),
            [
                (
                    each.specimen,
                    _counted(each, "direct"),
                    _counted(each, "proxy"),
                    f"{each.ratio:.2f}",
                    f"{each.error:.2f}",
                    "met" if each.within else "missed",
                    each.at[:16],
                )
                for each in rates
            ],
            f"Within ±{WITHIN:.0%} of direct: **{within} of {len(rates)}** (bar: all).",
        ),
        raw={"rates": measured, "rare": rare},
    )


def _counted(rates: Rates, way: str) -> str:
    labs = rates.by_lab[way]
    return f"{sum(labs)}/{rates.trials} ({', '.join(map(str, labs))})"


def _compare(
    specimen: Specimen, *, trials: int, labs: int, seed: int, say: Progress
) -> Rates | Rare:
    """Rates, or the pilot where too few of its trials failed."""
    with tempfile.TemporaryDirectory(prefix="bench-natural-") as name:
        system = read(lay_out(specimen, Path(name) / "tree"))
        say(f"{specimen.name}: {PILOT_TRIALS} trials to see how often it fails")
        with open_lab(system, folder=Path(name) / "pilot", seed=seed, direct=True) as lab:
            _failures(lab, FIRST, seed)
            pilot = _failures(lab, PILOT_TRIALS, seed + 1)
        if pilot < WORTH_COMPARING * PILOT_TRIALS:
            return Rare(specimen=specimen.name, failures=pilot, at=timestamp())
        by_lab: dict[str, list[int]] = {way: [] for way in WAYS}
        count = trials // labs
        for number in range(labs):
            for way in WAYS if number % 2 else WAYS[::-1]:
                say(f"{specimen.name}: lab {number + 1} of {labs}, {way}, failed {by_lab}")
                folder = Path(name) / f"{way}-{number}"
                with open_lab(system, folder=folder, seed=seed, direct=way == "direct") as lab:
                    _failures(lab, FIRST, seed + 1 + number)
                    by_lab[way].append(_failures(lab, count, seed + 2 + number))
    return Rates(
        specimen=specimen.name,
        at=timestamp(),
        trials=count * labs,
        direct=sum(by_lab["direct"]),
        proxy=sum(by_lab["proxy"]),
        by_lab=by_lab,
    )


def _failures(lab: Lab, trials: int, seed: int) -> int:
    run = run_naturally(
        lab, name="the same instant", trials=trials, gaps_ms=(0.0,), per_second=None, seed=seed
    )
    return run.failures
