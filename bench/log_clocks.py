"""Two clocks up to 5 s apart: is the order of concurrent events told right? See ``--help``.

A part of ``make bench-logs``; alone it writes ``results/logs-clocks.md`` and ``.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from clock_maker import OFFSET_MS_MAX, WAYS, Case, make
from machine import describe_host, host_facts
from part import Part, table, write

from redhanded.logs.correlation.clocks import clocks, first_of_rows
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import join

RESULTS = Path(__file__).with_name("results")
BAR = 0.95
_KEYS = ("req", "job")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One pair of clocks."""

    seed: int
    way: str
    offset_ms: float
    pairs: int
    told: int
    """Pairs whose order was told, not marked uncertain."""
    right: int
    raw_right: int
    """Pairs in the right order by the times as logged."""
    low_ms: float | None
    """The interval of the offset in the middle of the log; None if it is open."""
    high_ms: float | None
    holds: bool
    """Whether the true offset lies in it, at the beginning, in the middle and at the end."""


def measure(cases: int, seed: int, say: Callable[[str], None]) -> Part:
    """``cases`` pairs of clocks."""
    outcomes = [_one(seed + number, make(seed + number)) for number in range(cases)]
    say(f"{sum(each.told for each in outcomes):,} pairs told in {cases} cases")
    return _part(outcomes, seed)


def events_of(case: Case) -> Events:
    """The case as a log's columns; requests and jobs are named on the lines that know them."""
    rows, keys, values = [], [], []
    for key, numbers in enumerate((case.request, case.job)):
        named = np.flatnonzero(numbers >= 0)
        rows.append(named)
        keys.append(np.full(len(named), key))
        values.append(numbers[named] + key * 10_000_000)
    count = len(case.at_ms)
    nothing = np.zeros(count, np.int64)
    return Events(
        file=nothing,
        line=np.arange(1, count + 1),
        at_ms=case.at_ms,
        level=nothing - 1,
        template=nothing,
        source=case.source,
        id_row=np.concatenate(rows),
        id_key=np.concatenate(keys),
        id_value=np.concatenate(values).astype(np.uint64),
        files=("both.log",),
        sources=("one", "other"),
        templates=("<*>",),
        keys=_KEYS,
        numeric=(True, True),
    )


def _one(seed: int, case: Case) -> Outcome:
    events = events_of(case)
    known = clocks(events, join(events, 0))
    one, other = case.pairs[:, 0], case.pairs[:, 1]
    told = first_of_rows(events, known, one, other)
    truth = np.where(case.true_ms[one] < case.true_ms[other], 1, -1)
    raw = np.where(case.at_ms[one] < case.at_ms[other], 1, -1)
    at_ms = np.quantile(case.at_ms[case.source == 0], [0.0, 0.5, 1.0])
    sign = 1.0 if known.reference == 0 else -1.0
    low, high = known.between(1 if known.reference == 0 else 0, at_ms)
    true = sign * (case.offset_ms + case.drift * (at_ms - np.min(at_ms)))
    return Outcome(
        seed=seed,
        way=case.way,
        offset_ms=case.offset_ms,
        pairs=len(told),
        told=int((told != 0).sum()),
        right=int((told == truth).sum()),
        raw_right=int((raw == truth).sum()),
        low_ms=round(float(low[1]), 3) if np.isfinite(low[1]) else None,
        high_ms=round(float(high[1]), 3) if np.isfinite(high[1]) else None,
        holds=bool(((low <= true + 0.5) & (true - 0.5 <= high)).all()),
    )


def _part(outcomes: Sequence[Outcome], seed: int) -> Part:
    rows = []
    for way in (*WAYS, "all"):
        own = [each for each in outcomes if way in (each.way, "all")]
        pairs, told = sum(each.pairs for each in own), sum(each.told for each in own)
        right, raw = sum(each.right for each in own), sum(each.raw_right for each in own)
        widths = sorted(
            each.high_ms - each.low_ms
            for each in own
            if each.high_ms is not None and each.low_ms is not None
        )
        rows.append(
            (
                way,
                str(len(own)),
                f"{pairs:,}",
                f"{told:,} ({told / max(1, pairs):.1%})",
                f"{right:,} ({right / max(1, told):.2%})",
                f"{raw:,} ({raw / max(1, pairs):.1%})",
                f"{widths[len(widths) // 2] / 2:.1f}" if widths else "open",
                f"{sum(each.holds for each in own)} of {len(own)}",
            )
        )
    header = (
        "messages", "cases", "concurrent pairs", "order told", "of these right",
        "right by the times as logged", "half interval, ms (median)", "true offset inside",
    )  # fmt: skip
    told = sum(each.told for each in outcomes)
    share = sum(each.right for each in outcomes) / max(1, told)
    lowest = min((each.right / each.told for each in outcomes if each.told), default=0.0)
    verdict = (
        f"Of the pairs whose order is told, {share:.2%} are right (bar {BAR:.0%}; in the worst "
        f"case {lowest:.1%}); the others are marked uncertain: "
        f"{'met' if share >= BAR else 'missed'}."
    )
    text = (
        f"Cases {seed} to {seed + len(outcomes) - 1} of `clock_maker.py`: two processes, clocks up "
        f"to {OFFSET_MS_MAX / 1000:g} s apart and drifting by up to 50 parts in a million, 200 to "
        "2,000 requests in half an hour, delays with long tails, a few lines lost and a few joined "
        "to a wrong request. Asked is the order of events of different requests that came within a "
        "quarter of a second in the two processes. With jobs only, no message comes back, so that "
        "the offset is bounded on one side and half of the pairs stay uncertain."
    )
    body = "\n\n".join((text, table(header, rows), verdict))
    return Part(title="Two clocks: the order of concurrent events", body=body, raw=outcomes)


def part(arguments: argparse.Namespace, _folder: Path) -> Part:
    """As a part of ``make bench-logs``."""
    return measure(150, arguments.seed, say)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Measures alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    load = os.getloadavg()
    page = measure(arguments.cases, arguments.seed, say)
    rows = host_facts(describe_host(load), arguments.seed)
    print(write(page, rows, arguments.out, "logs-clocks"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
