"""Measures how logs are read and understood, one page for each part; see ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import log_clocks
import log_grouping
import log_incidents
import log_lines
import log_rates
import log_shards
from log_rates import Rate, Run
from machine import describe_host, host_facts
from part import Part, write

from redhanded.case.errors import RedhandedError, UsageError

RESULTS = Path(__file__).with_name("results")
MINER_BAR = 500_000
UUID_BAR = 200_000
STEADY_BAR = 0.9
PLAIN_BAR = 120_000
PINO_BAR = 250_000
MEMORY_BAR_MIB = 300
MANY_BAR_MIB = 1024
UUID_SHARE = 0.3
GROUPING = "logs-grouping"
COMMAND = "redhanded logs"
NO_LOGHUB = (
    "The labelled samples of loghub are not part of this project: name their folder with --loghub "
    "(make bench-logs LOGHUB=…) to measure grouping."
)


def grouping(arguments: argparse.Namespace, _folder: Path) -> Part:
    if arguments.loghub is None:
        raise UsageError(NO_LOGHUB)
    found = log_grouping.measure(arguments.loghub, say=say)
    if not found:
        raise UsageError(
            f"{arguments.loghub} holds no *{log_grouping.SUFFIX}; name the folder of the samples."
        )
    return log_grouping.part(found)


def templates(arguments: argparse.Namespace, folder: Path) -> Part:
    """Raw line → template id."""
    lines = arguments.lines
    mixed = log_rates.write_log(folder / "mixed.log", log_lines.mixed(lines, arguments.seed))
    uuids = log_rates.write_log(
        folder / "uuid.log", log_lines.mixed(lines, arguments.seed + 1, UUID_SHARE)
    )
    few = min(arguments.drain_lines, lines)
    runs = [
        Run("mixed", mixed, "plain line loop", lines),
        Run("mixed", mixed, "one regex", lines),
        Run("mixed", mixed, "drain3 defaults", few // 10),
        Run("mixed", mixed, "drain3 defaults", few),
        Run("mixed", mixed, "redhanded miner", lines // 10),
        Run("mixed", mixed, "redhanded miner", lines),
        Run("UUID in 30 %", uuids, "one regex", lines),
        Run("UUID in 30 %", uuids, "redhanded miner", lines),
    ]
    rates = log_rates.measure(runs, rounds=arguments.rounds, say=say)
    ours = [rate for rate in rates if rate.way == "redhanded miner"]
    short, whole, with_uuid = ours
    steady = whole.per_second / short.per_second
    return log_rates.part(
        "Raw line to template id",
        "Whole lines of several services (text, access log, SQL, JSON) as bytes from a file; the "
        "template of each line known at the end. One process, one core, medians of "
        f"{arguments.rounds} rounds in turns. Per second of one processor: other programs ran on "
        "this machine meanwhile, the load is in the table above.",
        rates,
        f"Mixed lines {log_rates.said(whole.per_second, MINER_BAR)}; with UUIDs "
        f"{log_rates.said(with_uuid.per_second, UUID_BAR)}; speed at {whole.lines:,} lines over "
        f"speed at {short.lines:,}: **{steady:.2f}** (bar: {STEADY_BAR:g}, "
        f"{'met' if steady >= STEADY_BAR else 'missed'}).{_times_drain(whole, rates)}",
    )


def columns(arguments: argparse.Namespace, folder: Path) -> Part:
    """The whole way, for text and for pino's JSON."""
    lines, seed = arguments.lines, arguments.seed
    plain = log_rates.write_log(folder / "plain.log", log_lines.plain(lines, seed + 2))
    pino = log_rates.write_log(folder / "pino.log", log_lines.pino(lines, seed + 3))
    both = ("redhanded columns", "redhanded columns, two processes")
    runs = [
        Run("plain text", plain, "plain line loop", lines),
        Run("plain text", plain, "redhanded record reader", lines // 20),
        *(Run("plain text", plain, way, lines) for way in both),
        Run("pino", pino, "orjson alone", lines),
        Run("pino", pino, "msgspec alone", lines),
        Run("pino", pino, "redhanded record reader", lines // 20),
        *(Run("pino", pino, way, lines) for way in both),
    ]
    rates = log_rates.measure(runs, rounds=arguments.rounds, say=say)
    by_log = {rate.log: rate for rate in rates if rate.way == both[0]}
    return log_rates.part(
        "Log to columns",
        "Bytes of a file to columns in memory: time, level, identifiers, template of each entry, "
        "further lines joined (in the text one entry in a hundred has a stack trace of three "
        "lines). orjson and msgspec only decode. Per second of one processor, those of all "
        "processes counted; by the clock two processes are faster where two cores are free. "
        f"Medians of {arguments.rounds} rounds in turns.",
        rates,
        f"One process: plain text {log_rates.said(by_log['plain text'].per_second, PLAIN_BAR)}, "
        f"pino {log_rates.said(by_log['pino'].per_second, PINO_BAR)} lines per second.",
    )


def memory(arguments: argparse.Namespace, folder: Path) -> Part:
    """Peak memory, and whether it grows with the log."""
    lines = arguments.lines
    plain = log_rates.write_log(folder / "plain.log", log_lines.plain(lines, arguments.seed + 2))
    pino = log_rates.write_log(folder / "pino.log", log_lines.pino(lines, arguments.seed + 3))
    runs = [
        Run("plain text", plain, "drain3 defaults", min(arguments.drain_lines, lines)),
        Run("plain text", plain, "redhanded columns", lines),
        Run("pino", pino, "redhanded columns", lines),
        Run("plain text", plain, COMMAND, lines),
        Run("pino", pino, COMMAND, lines),
        Run("plain text", plain, "redhanded streamed", lines),
        *(
            Run("plain text", plain, "redhanded streamed", lines * times)
            for times in arguments.memory_times
        ),
    ]
    rates = log_rates.measure(runs, rounds=1, say=say)
    kept, whole = (
        max(rate.peak_mib for rate in rates if rate.way == way)
        for way in ("redhanded columns", COMMAND)
    )
    flow = [rate for rate in rates if rate.way == "redhanded streamed"]
    least, most = flow[0], flow[-1]
    growth = most.peak_mib - least.peak_mib
    return log_rates.part(
        "Memory",
        "Peak resident memory of the process. In memory: all columns of all entries. redhanded "
        "logs: the whole command, with what fails, since when and in what it differs; all its "
        "processes together, looked at every 50 ms; lines are entries here. Streamed: "
        "the same columns block by block, nothing kept but what the miner and the tables of names "
        "know; longer logs are the same log several times over.",
        rates,
        f"In memory, {lines:,} lines: {log_rates.at_most(kept, MEMORY_BAR_MIB)} MiB, the whole "
        f"command {log_rates.at_most(whole, MEMORY_BAR_MIB)} MiB. Streamed, "
        f"{most.lines:,} lines: **{most.peak_mib:.0f}** MiB, {growth:+.0f} MiB from "
        f"{least.lines:,} lines on"
        + (
            f" (bar at 100,000,000 lines: {MANY_BAR_MIB} MiB, "
            + (f"{'met' if most.peak_mib <= MANY_BAR_MIB else 'missed'}).")
            if most.lines >= 99_000_000
            else "; 100,000,000 lines were not run here."
        ),
    )


def _times_drain(ours: Rate, rates: list[Rate]) -> str:
    drain = [rate for rate in rates if rate.way == "drain3 defaults"]
    if not drain:
        return ""
    return f" {ours.per_second / drain[-1].per_second:.0f} times drain3's speed in the same run."


PARTS: dict[str, Callable[[argparse.Namespace, Path], Part]] = {
    GROUPING: grouping,
    "logs-templates": templates,
    "logs-columns": columns,
    "logs-memory": memory,
    "logs-incidents": log_incidents.part,
    "logs-clocks": log_clocks.part,
    "logs-shards": log_shards.part,
}
"""To add one: a function that measures, and its name here."""


def main() -> int:
    arguments = parser().parse_args()
    unknown = set(arguments.only) - set(PARTS)
    if unknown:
        say(f"there is no part {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
        return 2
    try:
        for name in arguments.only or PARTS:
            say(f"== {name}")
            if name == GROUPING and arguments.loghub is None and not arguments.only:
                say(f"left out: {NO_LOGHUB}")
                continue
            print(measured(name, arguments))
    except RedhandedError as error:
        say(str(error))
        return error.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--only", nargs="*", default=[], metavar="PART", help=", ".join(PARTS))
    made.add_argument("--loghub", type=Path, help="folder of the labelled samples of loghub")
    made.add_argument("--lines", type=int, default=1_000_000, help="of each generated log")
    made.add_argument("--drain-lines", type=int, default=100_000, help="of those that drain3 reads")
    made.add_argument("--rounds", type=int, default=3, help="of each way on each log")
    made.add_argument(
        "--memory-times",
        type=int,
        nargs="*",
        default=[10],
        help="how many times over the log is streamed for its memory",
    )
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--out", type=Path, default=RESULTS, help="folder for the pages")
    return made


def measured(name: str, arguments: argparse.Namespace) -> Path:
    """Measures one part and writes its page."""
    machine = describe_host(os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="bench-logs-") as folder:
        part = PARTS[name](arguments, Path(folder))
    return write(part, host_facts(machine, arguments.seed), arguments.out, name)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
