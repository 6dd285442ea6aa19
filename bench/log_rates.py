"""How many lines a second: ours and the baselines, each run in a process of its own, in turns."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from log_lines import LogLine
from part import Part, body

WAYS = Path(__file__).with_name("log_ways.py")
NEEDS = {"drain3 defaults": "drain3", "orjson alone": "orjson"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One way on one log; medians over the rounds."""

    log: str
    way: str
    lines: int
    templates: int
    wall_s: tuple[float, ...]
    processor_s: tuple[float, ...]
    """Of all its threads and child processes."""
    peak_mib: float

    @property
    def per_second(self) -> float:
        """Lines per second of one processor: what somebody else used meanwhile is not counted."""
        return self.lines / median(self.processor_s)

    @property
    def per_second_wall(self) -> float:
        return self.lines / median(self.wall_s)


class Run(NamedTuple):
    """What is to be measured: a way, on so many lines of a log."""

    log: str
    path: Path
    way: str
    lines: int


def write_log(path: Path, lines: Iterable[LogLine]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line.text}\n" for line in lines)
    return path


def measure(runs: Sequence[Run], *, rounds: int, say: Callable[[str], None]) -> list[Rate]:
    """Every run, in turns, ``rounds`` times; ways that are not installed are left out, and said."""
    here = [run for run in runs if _installed(run.way, say)]
    spent: dict[Run, list[dict[str, float]]] = {run: [] for run in here}
    for _ in range(rounds):
        for run in here:
            spent[run].append(_once(run))
    rates = []
    for run, found in spent.items():
        rate = Rate(
            log=run.log,
            way=run.way,
            lines=int(found[0]["lines"]),
            templates=int(found[0]["templates"]),
            wall_s=tuple(one["wall_s"] for one in found),
            processor_s=tuple(one["processor_s"] for one in found),
            peak_mib=max(one["peak_mib"] for one in found),
        )
        say(f"{rate.log}, {rate.way}, {rate.lines:,} lines: {rate.per_second:,.0f} per second")
        rates.append(rate)
    return rates


def part(title: str, text: str, rates: Sequence[Rate], verdict: str) -> Part:
    header = ("log", "way", "lines", "lines/s, one processor", "lines/s, by the clock",
              "peak memory, MiB", "templates")  # fmt: skip
    rows = [
        (
            rate.log,
            rate.way,
            f"{rate.lines:,}",
            f"{rate.per_second:,.0f}",
            f"{rate.per_second_wall:,.0f}",
            f"{rate.peak_mib:.0f}",
            str(rate.templates or ""),
        )
        for rate in rates
    ]
    raw = [
        asdict(rate) | {"per_second": rate.per_second, "per_second_wall": rate.per_second_wall}
        for rate in rates
    ]
    return Part(title=title, body=body(text, header, rows, verdict), raw=raw)


def said(figure: float, bar: float) -> str:
    """The figure with its bar, for a verdict."""
    return f"**{figure:,.0f}** (bar: {bar:,.0f}, {'met' if figure >= bar else 'missed'})"


def at_most(figure: float, bar: float) -> str:
    return f"**{figure:,.0f}** (bar: {bar:,.0f}, {'met' if figure <= bar else 'missed'})"


def _installed(way: str, say: Callable[[str], None]) -> bool:
    package = NEEDS.get(way)
    if package is None or importlib.util.find_spec(package):
        return True
    say(f"{package} is not installed: {way} is left out; install the extra [bench]")
    return False


def _once(run: Run) -> dict[str, float]:
    command = [sys.executable, str(WAYS), run.way, str(run.path), str(run.lines)]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=one_thread)
    found: dict[str, float] = json.loads(done.stdout)
    return found
