"""Measures the lab as an instrument, one page each in ``results/``; see ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import controlled
import fuzz_http
import fuzz_postgres
import fuzz_redis
import fuzzing
import isolation
import natural_rate
import pass_through
import released
import source_lines
import wire_http
import wire_postgres
import wire_redis
from example import lay_out
from machine import describe, facts
from part import Part, body, write

from redhanded.case.errors import RedhandedError
from redhanded.lab import Lab, open_lab
from redhanded.lab.services import find_node, start_postgres, start_redis
from report import WAY_NAMES

RESULTS = Path(__file__).with_name("results")
TESTS = Path(__file__).resolve().parent.parent / "tests" / "lab"
RELAY_BAR = 1.5


def packages() -> Path:
    """Node packages of the drivers, installed once."""
    sys.path.insert(0, str(TESTS))
    try:
        from node_drivers import install
    finally:
        sys.path.pop(0)
    found: Path = install()
    return found


def idle_proxy(arguments: argparse.Namespace) -> Part:
    """What the idle proxy adds beside a bare relay on asyncio."""
    with tempfile.TemporaryDirectory(prefix="bench-proxy-") as name:
        services = Path(name)
        with start_postgres(services) as postgres, start_redis(services) as redis:
            costs = pass_through.measure(
                postgres, redis, operations=arguments.operations, block=200, say=say
            )
    rows, verdicts = [], []
    for operation in dict.fromkeys(cost.operation for cost in costs):
        by_way = {cost.way: cost.each_us for cost in costs if cost.operation == operation}
        added = {way: at.median - by_way["direct"].median for way, at in by_way.items()}
        means = {cost.way: cost.mean_us for cost in costs if cost.operation == operation}
        mean = (means["proxy"] - means["direct"]) / (means["asyncio"] - means["direct"])
        for way, at in by_way.items():
            over = "" if way == "direct" else f"{added[way] / added['asyncio']:.2f}"
            figures = (str(at), f"{added[way]:+.1f}", over, f"{means[way]:.1f}")
            rows.append((operation, WAY_NAMES[way], *figures))
        ratio = added["proxy"] / added["asyncio"]
        said = "met" if ratio <= RELAY_BAR else "missed"
        verdicts.append(
            f"{operation}: **{ratio:.2f}** times the relay's added time ({said}), "
            f"{mean:.2f} in the mean"
        )
    return Part(
        title="What the idle proxy adds to one operation",
        body=body(
            "One client, one operation after the other, ways in turns, everything on one core; "
            f"{arguments.operations} operations by each way, microseconds.",
            (
                *("operation", "way", "each, µs", "over direct, µs", "of the asyncio relay's"),
                "mean, µs",
            ),
            rows,
            f"{'; '.join(verdicts)} (bar: at most {RELAY_BAR:g}). The proxy lets bytes go by and "
            "reads them when it has time, or when there are many: without a pause, as here, that "
            "shows in the mean.",
        ),
        raw=costs,
    )


def controlled_trials(arguments: argparse.Namespace) -> Part:
    return controlled.measure(
        lambda: _opened(arguments),
        labs=arguments.labs,
        trials=arguments.trials,
        seed=arguments.seed,
        say=say,
    )


def released_operations(arguments: argparse.Namespace) -> Part:
    return released.measure(
        lambda: _opened(arguments), labs=arguments.labs, trials=arguments.trials, say=say
    )


def trials_apart(arguments: argparse.Namespace) -> Part:
    return isolation.measure(
        packages(),
        trials=arguments.long_trials,
        seed=arguments.seed,
        only=arguments.systems,
        known=arguments.out / "wire-isolation.json",
        say=say,
    )


def natural_rates(arguments: argparse.Namespace) -> Part:
    return natural_rate.measure(
        trials=arguments.natural_trials,
        labs=arguments.natural_labs,
        seed=arguments.seed,
        only=arguments.systems,
        known=arguments.out / "wire-natural-rate.json",
        say=say,
    )


def postgres_drivers(_arguments: argparse.Namespace) -> Part:
    rows = wire_postgres.measure(packages(), say=say)
    return Part(
        title="Drivers of PostgreSQL, directly and through the idle proxy",
        body=wire_postgres.markdown(rows),
        raw=rows,
    )


def redis_drivers(_arguments: argparse.Namespace) -> Part:
    return wire_redis.part(wire_redis.measure(packages(), say=say))


def http_clients(_arguments: argparse.Namespace) -> Part:
    return wire_redis.part(wire_http.measure(packages(), say=say), what="HTTP clients")


def fuzzed(arguments: argparse.Namespace) -> Part:
    return fuzzing.part(
        [
            module.measure(inputs=arguments.inputs, say=say)
            for module in (fuzz_postgres, fuzz_redis, fuzz_http)
        ]
    )


def lines(arguments: argparse.Namespace) -> Part:
    """The line of each operation, driver by driver."""
    with tempfile.TemporaryDirectory(prefix="bench-lines-") as name:
        folder = Path(name)
        with start_postgres(folder) as postgres, start_redis(folder) as redis:
            rows = source_lines.measure(
                source_lines.PYTHON + source_lines.NODE,
                postgres=postgres,
                redis=redis,
                folder=folder,
                rounds=arguments.rounds,
                node=find_node(),
                packages=packages(),
            )
    return Part(
        title="The line of code of each operation", body=source_lines.markdown(rows), raw=rows
    )


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "wire-idle-proxy": idle_proxy,
    "wire-controlled": controlled_trials,
    "wire-released": released_operations,
    "wire-postgres": postgres_drivers,
    "wire-redis": redis_drivers,
    "wire-http": http_clients,
    "wire-lines": lines,
    "wire-fuzz": fuzzed,
    "wire-isolation": trials_apart,
    "wire-natural-rate": natural_rates,
}


def main() -> int:
    arguments = parser().parse_args()
    unknown = set(arguments.only) - set(PARTS)
    if unknown:
        say(f"there is no part {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
        return 2
    try:
        for name in arguments.only or PARTS:
            say(f"== {name}")
            print(measured(name, arguments))
    except RedhandedError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--only", nargs="*", default=[], metavar="PART", help=", ".join(PARTS))
    made.add_argument("--trials", type=int, default=200)
    made.add_argument("--labs", type=int, default=5, help="in which trials are timed")
    made.add_argument("--long-trials", type=int, default=1000, help="of each system: isolation")
    made.add_argument(
        *("--systems",),
        nargs="*",
        default=[],
        help="isolation and natural rates of these alone, the rest as it stands",
    )
    made.add_argument("--natural-trials", type=int, default=360, help="of each specimen, each way")
    made.add_argument("--natural-labs", type=int, default=6, help="in which they are made")
    made.add_argument("--operations", type=int, default=4000)
    made.add_argument("--rounds", type=int, default=6, help="of each driver: source lines")
    made.add_argument("--inputs", type=int, default=1_000_000, help="of each codec: fuzzing")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--out", type=Path, default=RESULTS, help="folder for the pages")
    return made


def measured(name: str, arguments: argparse.Namespace) -> Path:
    """Measures one part, with no lab open beside it, and writes its page."""
    load = os.getloadavg()
    with _opened(arguments) as lab:
        machine = describe(lab, load)
    part = PARTS[name](arguments)
    return write(part, facts(machine, arguments.seed), arguments.out, name)


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[Lab]:
    """A lab of the example, which is laid out for it."""
    with tempfile.TemporaryDirectory(prefix="bench-wire-") as folder:
        system = lay_out(Path(folder) / "example")
        with open_lab(system, folder=Path(folder) / "lab", seed=arguments.seed, say=say) as lab:
            yield lab


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
