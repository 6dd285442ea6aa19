"""The figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from first_failure import FirstFailure
from machine import Machine
from pass_through import WayCost
from trial_cost import SideCost

from redhanded.case.symptom import Rate

BAR = 3.0
"""A controlled trial may take this many times as long as a natural one."""
WAY_NAMES = {
    "direct": "direct connection",
    "epoll": "bare byte relay, epoll",
    "asyncio": "bare byte relay, asyncio",
    "proxy": "the lab's proxy, passing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that one run of the bench measured."""

    at: str
    seeds: tuple[int, ...]
    machine: Machine
    trial_cost: tuple[SideCost, ...]
    gap_ms: tuple[float, ...]
    """Between the two deliveries of each failure in the log."""
    log_rate: Rate | None
    """Failures among all of the log's requests, most of them delivered once."""
    open_lab_s: tuple[float, ...]
    """Starting servers and processes, for each seed."""
    first_failure: tuple[FirstFailure, ...]
    pass_through: tuple[WayCost, ...]
    seconds: float


def markdown(results: Results) -> str:
    """The whole page."""
    parts = [
        "# The first hunt: how fast",
        f"Written by `make bench` at {results.at} in {results.seconds:.0f} s; raw figures in the "
        "JSON file of the same name. Times are medians with quartiles.",
        _machine(results.machine, results.seeds),
        "## A controlled trial against the same trial run naturally",
        *_trial_cost(results.trial_cost),
        "## The first failure",
        *_first_failure(results),
        "## What a proxy adds to one operation",
        *_pass_through(results.pass_through),
    ]
    return "\n\n".join(parts) + "\n"


def ratio(costs: Sequence[SideCost]) -> float:
    """Median controlled trial over median natural trial, each until the system is at rest."""
    by_side = {cost.side: cost for cost in costs}
    return by_side["controlled"].settled_ms.median / by_side["natural"].settled_ms.median


def _machine(machine: Machine, seeds: Sequence[int]) -> str:
    load = ", ".join(f"{value:.1f}" for value in machine.load)
    return _table(
        ("machine", ""),
        [
            ("processor", f"{machine.processor}, {machine.cores} cores"),
            ("memory", f"{machine.memory_gb:g} GB"),
            ("kernel", f"Linux {machine.kernel}"),
            ("Python", machine.python),
            ("Node", machine.node),
            ("PostgreSQL", machine.postgresql),
            ("Valkey", machine.valkey),
            ("load average at the start (1, 5, 15 min)", load),
            ("seeds", ", ".join(map(str, seeds))),
        ],
    )


def _trial_cost(costs: Sequence[SideCost]) -> list[str]:
    natural = next(cost for cost in costs if cost.side == "natural")
    rows = [
        (
            cost.side,
            str(len(cost.timings)),
            str(cost.settled_ms),
            f"{cost.settled_ms.median / natural.settled_ms.median:.2f}",
            str(cost.answered_ms),
            f"{cost.answered_ms.median / natural.answered_ms.median:.2f}",
            f"{cost.operations.median:g} ({cost.operations.low:g} to {cost.operations.high:g})",
            f"{cost.operation_ms.median:.2f} ({cost.operation_ms.low:.2f} to "
            f"{cost.operation_ms.high:.2f})",
            str(cost.reset_ms),
            str(cost.failures),
        )
        for cost in costs
    ]
    header = (
        "side",
        "trials",
        "until at rest, ms",
        "times natural",
        "until last answer, ms",
        "times natural",
        "operations",
        "per operation, ms",
        "reset before, ms",
        "failures",
    )
    found = ratio(costs)
    verdict = "met" if found <= BAR else "missed"
    return [
        "The same two deliveries of one event, one after the other, each until its work is over: "
        "answered, no message without its answer, every process asleep, no byte under way. Held "
        "and released one message at a time, or passed on at once by the same proxies; the same "
        "running system, in turns; what the proxies themselves cost is in the last table. Stubs "
        "answer at once on both sides; the last row shows what their recorded latency adds to the "
        "natural side. Reset puts rows and keys back and is part of neither.",
        _table(header, rows),
        f"Controlled over natural: **{found:.2f}** (bar: at most {BAR:g}, {verdict}).",
    ]


def _first_failure(results: Results) -> list[str]:
    attempts: dict[str, list[FirstFailure]] = {}
    for attempt in results.first_failure:
        attempts.setdefault(attempt.how, []).append(attempt)
    rows = [
        (
            how,
            f"{sum(each.failed for each in found)} of {len(found)}",
            ", ".join(_runs(each) for each in found),
            ", ".join(_seconds(each) for each in found),
            f"{median(each.seconds for each in found):.2f}",
        )
        for how, found in attempts.items()
    ]
    gaps = ", ".join(f"{gap:.0f}" for gap in results.gap_ms) or "none known"
    opening = ", ".join(f"{seconds:.1f}" for seconds in results.open_lab_s)
    return [
        "One lab for each seed, all three kinds in it. `> N` means: N trials without a failure. "
        "The serial run that predictions come from is counted. Starting the lab, which all need "
        f"and none has on its clock: {opening} s.",
        f"The gaps are those between the two deliveries of each failure in the log: {gaps} ms; the "
        "pace is that of the seconds in which it failed. Where everything is delivered twice, a "
        f"trial fails far more often than a request in production{_log_rate(results.log_rate)}.",
        _table(
            ("how", "failure seen", "runs to the first failure", "seconds", "median, s"),
            rows,
        ),
    ]


def _log_rate(rate: Rate | None) -> str:
    if rate is None or not rate.failures:
        return ""
    return (
        f" ({rate.failures} of {rate.trials} {rate.unit} in the log: one in "
        f"{rate.trials / rate.failures:.0f})"
    )


def _runs(attempt: FirstFailure) -> str:
    return str(attempt.runs) if attempt.failed else f"> {attempt.runs}"


def _seconds(attempt: FirstFailure) -> str:
    return f"{attempt.seconds:.2f}" if attempt.failed else f"> {attempt.seconds:.2f}"


def _pass_through(costs: Sequence[WayCost]) -> list[str]:
    medians = {(cost.operation, cost.way): cost.each_us.median for cost in costs}
    rows = [
        (
            cost.operation,
            WAY_NAMES[cost.way],
            str(cost.each_us.count),
            str(cost.each_us),
            f"{cost.each_us.median - medians[cost.operation, 'direct']:+.1f}",
            f"{cost.each_us.median - medians[cost.operation, 'epoll']:+.1f}",
        )
        for cost in costs
    ]
    header = (
        "operation",
        "way",
        "operations",
        "each, µs",
        "over direct, µs",
        "over epoll relay, µs",
    )
    return [
        "One client, one operation after the other, ways in turns. Relays and proxy are Python "
        "processes of their own and reach the server in the same way; all share one core, so that "
        "where the kernel puts them is not what is measured.",
        _table(header, rows),
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
