"""How often the specimens fail by themselves: past the proxies, and through them.

Each specimen that fails in at least a fifth of its trials when everything is sent at the same
instant runs in two labs side by side, which take turns: one whose processes talk to the servers
themselves, and one with an idle proxy on every connection. Rates are compared as a ratio.

Both have run as often when counting begins, since a program is slower before it has been compiled.
A turn begins with a few trials that do not count: caches are cold, and pools have closed what was
idle, while the other lab had its turn. Who begins changes from turn to turn.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from part import Part, body

from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.natural import run_naturally

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, lay_out, specimens

PILOT_TRIALS = 40
WORTH_COMPARING = 0.2
WITHIN = 0.25
BLOCK = 25
FIRST = 3
"""Trials at the beginning of a turn that do not count."""
WAYS = ("direct", "proxy")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One specimen by both ways."""

    specimen: str
    trials: int
    """By each way."""
    direct: int
    """Trials that failed with nothing between processes and servers."""
    proxy: int

    @property
    def ratio(self) -> float:
        """Through the proxy over direct."""
        return self.proxy / self.direct if self.direct else math.inf

    @property
    def error(self) -> float:
        """Standard error of ``ratio`` by the delta method."""
        if not self.direct or not self.proxy:
            return math.inf
        parts = [(1 - count / self.trials) / count for count in (self.direct, self.proxy)]
        return self.ratio * math.sqrt(sum(parts))

    @property
    def is_worth_comparing(self) -> bool:
        return self.direct >= WORTH_COMPARING * self.trials

    @property
    def within(self) -> bool:
        return abs(self.ratio - 1) <= WITHIN


def measure(*, trials: int, seed: int, say: Progress) -> Part:
    """All specimens; those that fail more rarely are named and left out."""
    rates, rare = [], []
    for specimen in specimens():
        found = _compare(specimen, trials=trials, seed=seed, say=say)
        if isinstance(found, Rates):
            rates.append(found)
        else:
            rare.append(f"{specimen.name} ({found} of {PILOT_TRIALS})")
    return page(rates, rare)


def page(measured: list[Rates], rare: list[str]) -> Part:
    """What was measured; a specimen that failed too rarely after all is named and left out."""
    rates = [each for each in measured if each.is_worth_comparing]
    left_out = rare + [
        f"{each.specimen} ({each.direct} of {each.trials})"
        for each in measured
        if not each.is_worth_comparing
    ]
    within = sum(each.within for each in rates)
    return Part(
        title="How often the specimens fail by themselves, directly and through the idle proxy",
        body=body(
            "Everything sent at the same instant, one trial after the other, each from the same "
            f"rows and keys; both ways in turns of {BLOCK}, and {FIRST} before each turn that do "
            f"not count. Left out, because fewer than {WORTH_COMPARING:.0%} of the first "
            f"{PILOT_TRIALS} trials, or of all of them, failed directly: "
            f"{', '.join(left_out) or 'none'}.",
            ("specimen", "direct", "through the idle proxy", "ratio", "standard error", ""),
            [
                (
                    each.specimen,
                    f"{each.direct}/{each.trials}",
                    f"{each.proxy}/{each.trials}",
                    f"{each.ratio:.2f}",
                    f"{each.error:.2f}",
                    "met" if each.within else "missed",
                )
                for each in rates
            ],
            f"Within ±{WITHIN:.0%} of direct: **{within} of {len(rates)}** (bar: all).",
        ),
        raw={"rates": measured, "left out": rare},
    )


def _compare(specimen: Specimen, *, trials: int, seed: int, say: Progress) -> Rates | int:
    """Rates, or how many trials of the pilot failed if those are too few."""
    with tempfile.TemporaryDirectory(prefix="bench-natural-") as name, ExitStack() as undo:
        system = read(lay_out(specimen, Path(name) / "tree"))
        folder = Path(name) / "direct"
        direct = undo.enter_context(open_lab(system, folder=folder, seed=seed, direct=True))
        say(f"{specimen.name}: {PILOT_TRIALS} trials to see how often it fails")
        _failures(direct, BLOCK, seed)  # not counted, as below
        pilot = _failures(direct, PILOT_TRIALS, seed + 1)
        if pilot < WORTH_COMPARING * PILOT_TRIALS:
            return pilot
        folder = Path(name) / "proxy"
        proxy = undo.enter_context(open_lab(system, folder=folder, seed=seed))
        for trials_before in (BLOCK, PILOT_TRIALS):
            _failures(proxy, trials_before, seed)
        labs = {"direct": direct, "proxy": proxy}
        counts = dict.fromkeys(WAYS, 0)
        for begun in range(0, trials, BLOCK):
            say(f"{specimen.name}: {begun} of {trials} by each way, failed {counts}")
            count = min(BLOCK, trials - begun)
            for way in WAYS if begun % (2 * BLOCK) == 0 else WAYS[::-1]:
                _failures(labs[way], FIRST, seed + 1 + begun)
                counts[way] += _failures(labs[way], count, seed + 2 + begun)
    return Rates(
        specimen=specimen.name, trials=trials, direct=counts["direct"], proxy=counts["proxy"]
    )


def _failures(lab: Lab, trials: int, seed: int) -> int:
    run = run_naturally(
        lab, name="the same instant", trials=trials, gaps_ms=(0.0,), per_second=None, seed=seed
    )
    return run.failures
