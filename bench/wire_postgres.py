"""Whether drivers of PostgreSQL behave through the lab's proxy as they do without it.

Each program in ``drivers/postgres`` does what its driver is for and prints what it got. It is run
on an empty database directly and through the proxy, which passes everything; both outputs have to
be the same, and the proxy has to have understood every byte.
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

from postgres_versions import VERSIONS, start_version

from redhanded.case.errors import LabError
from redhanded.lab.embedded.postgres import find_postgres
from redhanded.lab.services import PostgresServer, find_node

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "drivers" / "postgres"
DATABASE = "conformance"
PROGRAM_TIMEOUT_S = 60.0
LONG_BYTES = 64 * 1024 * 1024
"""Of the longest row, the longest value sent, and so on."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One program, by the driver it is written for."""

    name: str
    program: str
    words: tuple[str, ...] = ()


DRIVERS = (
    Driver(name="node-postgres, cursors, streams", program="node_postgres.cjs"),
    Driver(name="Sequelize", program="sequelize.cjs"),
    Driver(name="Knex", program="knex.cjs"),
    Driver(name="psycopg 3", program="psycopg_sync.py"),
    Driver(name="psycopg 3, asyncio", program="psycopg_async.py"),
    Driver(name="asyncpg", program="asyncpg_driver.py"),
    Driver(name="SQLAlchemy", program="sqlalchemy_core_and_orm.py"),
    Driver(name="Django ORM", program="django_orm.py"),
    Driver(name="pgbench, simple", program="pgbench.py", words=("simple",)),
    Driver(name="pgbench, extended", program="pgbench.py", words=("extended",)),
    Driver(name="pgbench, prepared", program="pgbench.py", words=("prepared",)),
    Driver(name="pgbench, pipeline script", program="pgbench.py", words=("pipeline",)),
    Driver(name="sign-in: SCRAM, md5, password, trust", program="signing_in.py"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One driver on one server."""

    driver: str
    version: int
    equal: bool
    """Both outputs are the same, and both programs ended well."""
    lines: int
    """Of the output."""
    connections: int
    units: int
    cancels: int
    unread: tuple[str, ...]
    """Bytes that the proxy did not understand."""
    unanswered: tuple[str, ...]
    """Kinds of units whose connection ended before their answer was there."""
    cancels_of_nobody: int
    """Cancel requests that the proxy could not tell whom they are meant for."""
    peak_mb: float
    """The most memory that the proxy's process had."""
    direct_s: float
    through_s: float
    difference: str = ""
    """The first lines that differ."""

    @property
    def understood(self) -> bool:
        return not (self.unread or self.cancels_of_nobody)


def measure(
    packages: Path,
    *,
    versions: Sequence[int] = VERSIONS,
    drivers: Sequence[Driver] = DRIVERS,
    long_bytes: int = LONG_BYTES,
    held: bool = False,
    say: Progress,
) -> tuple[Comparison, ...]:
    """Every driver on every version; ``packages`` is a folder with the drivers' node_modules."""
    found: list[Comparison] = []
    for version in versions:
        with (
            tempfile.TemporaryDirectory(prefix="redhanded-wire-") as folder,
            start_version(Path(folder), version) as server,
        ):
            for driver in drivers:
                say(f"PostgreSQL {version}: {driver.name}")
                row = compare(server, driver, packages, long_bytes=long_bytes, held=held)
                found.append(row)
    return tuple(found)


def compare(
    server: PostgresServer,
    driver: Driver,
    packages: Path,
    *,
    long_bytes: int,
    held: bool = False,
) -> Comparison:
    """Runs one program directly and through the proxy, on empty databases.

    With ``held`` the proxy parks every unit and lets one go at a time.
    """
    direct, direct_s = _run(server, driver, server.port, packages, long_bytes)
    with watched(server, held=held) as (port, finish):
        through, through_s = _run(server, driver, port, packages, long_bytes)
        seen = finish()
    difference = _difference(direct, through)
    return Comparison(
        driver=driver.name,
        version=server.version,
        equal=not difference and direct[-1] == through[-1] == "ended with 0",
        lines=len(direct),
        connections=seen["connections"],
        units=sum(seen["kinds"].values()),
        cancels=seen["cancels"],
        unread=tuple(seen["unread"]),
        unanswered=tuple(seen["unanswered"]),
        cancels_of_nobody=seen["cancels_of_nobody"],
        peak_mb=round(seen["peak_kb"] / 1024, 1),
        direct_s=round(direct_s, 2),
        through_s=round(through_s, 2),
        difference=difference or ("" if direct[-1] == "ended with 0" else direct[-1]),
    )


@contextmanager
def watched(
    server: PostgresServer, *, held: bool = False
) -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    """A relay to ``server`` by its port, and a function that ends it and gives what it saw."""
    words = ["postgres", f"127.0.0.1:{server.port}", *(["held"] if held else [])]
    with subprocess.Popen(
        [sys.executable, str(FOLDER / "watching_relay.py"), *words],
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


def _run(
    server: PostgresServer, driver: Driver, port: int, packages: Path, long_bytes: int
) -> tuple[list[str], float]:
    """The lines that the program wrote and how it ended, and the seconds it took."""
    server.create_database(DATABASE)
    program = PROGRAMS / driver.program
    interpreter = str(find_node()) if program.suffix == ".cjs" else sys.executable
    started = perf_counter()
    try:
        done = subprocess.run(
            [interpreter, str(program), *driver.words],
            env=os.environ
            | {
                "DATABASE_URL": server.url(DATABASE, port=port),
                "ADMIN_URL": f"postgresql:///{DATABASE}?host={server.socket_folder}"
                f"&port={server.port}&user={server.user}",
                "NODE_PATH": str(packages / "node_modules"),
                "LONG_BYTES": str(long_bytes),
                "PGBENCH": str(find_postgres(18).with_name("pgbench")),
            },
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
    finally:
        server.drop_database(DATABASE)
    return lines, perf_counter() - started


def _difference(direct: list[str], through: list[str]) -> str:
    if len(direct) != len(through) and direct[: len(through)] == through[: len(direct)]:
        return f"{len(direct)} lines directly, {len(through)} through the proxy"
    for one, other in zip(direct, through, strict=False):
        if one != other:
            return f"directly: {one}\nthrough the proxy: {other}"
    return ""


def markdown(rows: Sequence[Comparison]) -> str:
    """A table of drivers and versions, and what was not equal or not understood."""
    versions = sorted({row.version for row in rows})
    names = list(dict.fromkeys(row.driver for row in rows))
    cells = {(row.driver, row.version): row for row in rows}
    lines = [
        "| driver | " + " | ".join(f"PostgreSQL {version}" for version in versions) + " | units |",
        "| --- |" + " --- |" * len(versions) + " ---: |",
    ]
    for name in names:
        found = [cells[name, version] for version in versions if (name, version) in cells]
        said = ["equal" if row.equal and row.understood else "**not equal**" for row in found]
        lines.append(f"| {name} | " + " | ".join(said) + f" | {max(row.units for row in found)} |")
    for row in rows:
        if not (row.equal and row.understood):
            lines += [
                "",
                f"{row.driver} on PostgreSQL {row.version}: {row.difference or row.unread}",
            ]
    peak = max(row.peak_mb for row in rows)
    lines += ["", f"Most memory that the proxy's process had: {peak:g} MB."]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, help="folder with the Node drivers' node_modules")
    parser.add_argument("--version", type=int, action="append", choices=VERSIONS)
    parser.add_argument("--driver", action="append", help="part of a name; may be repeated")
    parser.add_argument("--long-bytes", type=int, default=LONG_BYTES)
    parser.add_argument("--held", action="store_true", help="release one unit at a time")
    arguments = parser.parse_args()
    wanted = arguments.driver or [""]
    rows = measure(
        arguments.packages,
        versions=arguments.version or VERSIONS,
        drivers=[driver for driver in DRIVERS if any(part in driver.name for part in wanted)],
        long_bytes=arguments.long_bytes,
        held=arguments.held,
        say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )
    print(markdown(rows))
    return 0 if all(row.equal and row.understood for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
