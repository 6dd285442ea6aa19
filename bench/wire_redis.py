"""Whether drivers of Redis behave through the lab's proxy as they do without it.

Each program in ``drivers/redis`` does what its driver is for and prints what it got. It is run
directly and through the proxy, which passes everything; both outputs have to be the same, and the
proxy has to have understood every byte.

    python wire_redis.py PACKAGES [--server "Redis 7"] [--driver Bull]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import redis_servers
from part import Part
from redis_servers import MAKES, Make, RunningServer, find_benchmark

from redhanded.case.errors import LabError
from redhanded.lab.services import find_node

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "drivers" / "redis"
PROGRAM_TIMEOUT_S = 120.0
MASTER = "master"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One program, by the driver it is written for."""

    name: str
    program: str
    words: tuple[str, ...] = ()
    sentinel: bool = False
    """It is given the port of a Sentinel and the name of what that watches."""


DRIVERS = (
    Driver(name="ioredis", program="ioredis_driver.cjs"),
    Driver(name="ioredis by Sentinel", program="ioredis_sentinel.cjs", sentinel=True),
    Driver(name="node-redis, RESP2", program="node_redis.cjs", words=("2",)),
    Driver(name="node-redis, RESP3", program="node_redis.cjs", words=("3",)),
    Driver(name="Bull and BullMQ", program="bull_and_bullmq.cjs"),
    Driver(name="redis-py, RESP2", program="redis_py.py", words=("2",)),
    Driver(name="redis-py, RESP3", program="redis_py.py", words=("3",)),
    Driver(name="redis-py by Sentinel", program="redis_py_sentinel.py", sentinel=True),
    Driver(name="Celery", program="celery_tasks.py"),
    Driver(name="RQ", program="rq_jobs.py"),
    Driver(name="redis-benchmark -P 16", program="redis_benchmark.py"),
    Driver(name="what clients seldom say", program="seldom_said.py"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One driver on one server."""

    driver: str
    server: str
    equal: bool
    """Both outputs are the same, and both programs ended well."""
    lines: int
    """Of the output."""
    connections: int
    units: int
    unread: tuple[str, ...]
    """Bytes that the proxy did not understand."""
    unanswered: tuple[str, ...]
    """Kinds of units whose connection ended before their answer was there."""
    peak_mb: float
    """The most memory that the proxy's process had."""
    direct_s: float
    through_s: float
    difference: str = ""
    """The first lines that differ."""

    @property
    def understood(self) -> bool:
        return not self.unread


def measure(
    packages: Path,
    *,
    makes: Sequence[Make] = MAKES,
    drivers: Sequence[Driver] = DRIVERS,
    say: Progress,
) -> tuple[Comparison, ...]:
    """Every driver on every server that can be had; ``packages`` has the drivers' node_modules."""
    found: list[Comparison] = []
    for make in makes:
        with tempfile.TemporaryDirectory(prefix="redhanded-wire-") as folder:
            try:
                server = redis_servers.start(make, Path(folder), "--save", "", *_debugging(make))
            except LabError as missing:
                say(f"{make.name}: {missing}")
                continue
            try:
                for driver in drivers:
                    say(f"{make.name} ({server.version}): {driver.name}")
                    found.append(compare(make, server, driver, packages, Path(folder)))
            finally:
                server.stop()
    return tuple(found)


def compare(
    make: Make, server: RunningServer, driver: Driver, packages: Path, folder: Path
) -> Comparison:
    """Runs one program directly and through the proxy."""
    with _entry(make, driver, server.port, folder) as words:
        direct, direct_s = run(PROGRAMS / driver.program, words, packages)
    with watched("redis", server.port) as (port, finish):
        with _entry(make, driver, port, folder) as words:
            through, through_s = run(PROGRAMS / driver.program, words, packages)
        seen = finish()
    unlike = difference(direct, through)
    return Comparison(
        driver=driver.name,
        server=f"{make.name.split()[0]} {server.version}",
        equal=not unlike and direct[-1] == through[-1] == "ended with 0",
        lines=len(direct),
        connections=seen["connections"],
        units=sum(seen["kinds"].values()),
        unread=tuple(each for each in seen["unread"] if not _provoked(driver, each)),
        unanswered=tuple(seen["unanswered"]),
        peak_mb=round(seen["peak_kb"] / 1024, 1),
        direct_s=round(direct_s, 2),
        through_s=round(through_s, 2),
        difference=unlike or ("" if direct[-1] == "ended with 0" else "\n".join(direct[-2:])),
    )


@contextmanager
def watched(kind: str, to: int) -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    """A relay to a port by its own, and a function that ends it and gives what it saw."""
    with subprocess.Popen(
        [sys.executable, str(FOLDER / "watching_relay.py"), kind, f"127.0.0.1:{to}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise LabError("the relay did not start; run watching_relay.py by itself")

        def finish() -> dict[str, Any]:
            rest, _ = process.communicate(timeout=PROGRAM_TIMEOUT_S)
            return dict(json.loads(rest))

        try:
            yield int(line), finish
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def _entry(make: Make, driver: Driver, port: int, folder: Path) -> Iterator[tuple[str, ...]]:
    """What the program is told: the port, or a Sentinel (itself behind a relay) that watches it.

    The Sentinel knows its master by ``port`` only, so what it names is the proxy's address.
    """
    if not driver.sentinel:
        yield (str(port), *driver.words)
        return
    config = folder / f"sentinel-{port}.conf"
    config.write_text(f"sentinel monitor {MASTER} 127.0.0.1 {port} 1\n")
    sentinel = redis_servers.start(make, folder, str(config), "--sentinel")
    try:
        with watched("redis", sentinel.port) as (entry, finish):
            yield (str(entry), MASTER)
            finish()
    finally:
        sentinel.stop()


def run(program: Path, words: Sequence[str], packages: Path) -> tuple[list[str], float]:
    """The lines that a program wrote and how it ended, and the seconds it took."""
    interpreter = str(find_node()) if program.suffix == ".cjs" else sys.executable
    environment = os.environ | {"NODE_PATH": str(packages / "node_modules")}
    if program.name == "redis_benchmark.py":
        environment["REDIS_BENCHMARK"] = str(find_benchmark())
    started = perf_counter()
    try:
        done = subprocess.run(
            [interpreter, str(program), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROGRAM_TIMEOUT_S,
            check=False,
        )
        lines = [*done.stdout.splitlines(), f"ended with {done.returncode}"]
        if done.returncode:
            lines.insert(-1, done.stderr.strip()[-2000:])
    except subprocess.TimeoutExpired as late:
        said = late.stdout.decode() if isinstance(late.stdout, bytes) else ""
        lines = [*said.splitlines(), f"did not end within {PROGRAM_TIMEOUT_S:.0f} s"]
    return lines, perf_counter() - started


def _debugging(make: Make) -> tuple[str, ...]:
    """Types of RESP3 are had by DEBUG, which newer servers refuse unless told."""
    return () if make.name == "Redis 6" else ("--enable-debug-command", "yes")


def _provoked(driver: Driver, sentence: str) -> bool:
    """Whether the program sent these bytes because they are no command."""
    return driver.program == "seldom_said.py" and "a word that is no string" in sentence


def difference(direct: list[str], through: list[str]) -> str:
    if len(direct) != len(through) and direct[: len(through)] == through[: len(direct)]:
        return f"{len(direct)} lines directly, {len(through)} through the proxy"
    for one, other in zip(direct, through, strict=False):
        if one != other:
            return f"directly: {one}\nthrough the proxy: {other}"
    return ""


def markdown(rows: Sequence[Comparison]) -> str:
    """A table of drivers and servers, and what was not equal or not understood."""
    servers = list(dict.fromkeys(row.server for row in rows))
    names = list(dict.fromkeys(row.driver for row in rows))
    cells = {(row.driver, row.server): row for row in rows}
    lines = [
        "| driver | " + " | ".join(servers) + " | units |",
        "| --- |" + " --- |" * len(servers) + " ---: |",
    ]
    for name in names:
        found = [cells[name, server] for server in servers if (name, server) in cells]
        said = ["equal" if row.equal and row.understood else "**not equal**" for row in found]
        lines.append(f"| {name} | " + " | ".join(said) + f" | {max(row.units for row in found)} |")
    for row in rows:
        if not (row.equal and row.understood):
            lines += ["", f"{row.driver} on {row.server}: {row.difference or row.unread}"]
    peak = max(row.peak_mb for row in rows)
    lines += ["", f"Most memory that the proxy's process had: {peak:g} MB."]
    return "\n".join(lines) + "\n"


def part(rows: Sequence[Comparison], what: str = "Drivers of Redis") -> Part:
    """The page of the bench."""
    good = sum(row.equal and row.understood for row in rows)
    text = (
        "Each program does what its driver is for and prints what it got; it is run directly and "
        "through the idle proxy. *Equal*: the same lines, both ended well, and the proxy "
        "understood every byte. Units: messages that could have been held."
    )
    said = "met" if good == len(rows) else "missed"
    verdict = f"**{good} of {len(rows)}** equal (bar: all, {said})."
    return Part(
        title=f"{what} through the idle proxy and directly",
        body="\n\n".join((text, markdown(rows), verdict)),
        raw=rows,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", type=Path, help="folder with the Node drivers' node_modules")
    parser.add_argument("--server", action="append", choices=[make.name for make in MAKES])
    parser.add_argument("--driver", action="append", help="part of a name; may be repeated")
    arguments = parser.parse_args()
    wanted = arguments.driver or [""]
    rows = measure(
        arguments.packages,
        makes=[make for make in MAKES if make.name in (arguments.server or [make.name])],
        drivers=[driver for driver in DRIVERS if any(part in driver.name for part in wanted)],
        say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )
    print(markdown(rows))
    return 0 if rows and all(row.equal and row.understood for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
