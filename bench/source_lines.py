"""The share of operations whose application line is right, unknown or wrong, for each driver.

A program per driver (``line_programs``) does operations that carry the name of their line, also
concurrently, pipelined and with more work than connections, by way of a relay. What it sent is cut
into units as the lab does, and each unit that carries a name is looked up as the lab does: right
is the line with the comment ``line: <name>``, and a unit without a line is unknown.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter_ns
from typing import Literal

from tls_relay import TlsRelay

from redhanded.case.errors import LabError, WireError
from redhanded.case.evidence import Location
from redhanded.lab.authority import Authority, in_tls
from redhanded.lab.services import PostgresServer, RedisServer
from redhanded.lab.tracers import TraceReader, environment
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.unit import Unit

PROGRAMS = Path(__file__).with_name("line_programs")
TIMEOUT_S = 60.0
BAR = 0.95
TAG = re.compile(rb"@([a-z0-9_]+)-\d+@")
COMMENT = re.compile(r"(?:#|//) line: ([a-z0-9_]+)\s*$")
HANDSHAKES = frozenset({"STARTUP", "AUTH", "TLS", "SSLREQUEST", "GSSENCREQUEST"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A program and what it needs."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    services: tuple[Literal["postgres", "redis"], ...] = ("postgres",)
    modules: tuple[str, ...] = ()
    """Of Python; without one of them the row is left out."""
    environment: tuple[tuple[str, str], ...] = ()


PYTHON: tuple[Driver, ...] = (
    Driver(name="psycopg 3", program="psycopg_sync.py", modules=("psycopg",)),
    Driver(name="psycopg 3, asyncio", program="psycopg_async.py", modules=("psycopg",)),
    Driver(name="psycopg2", program="psycopg2_program.py", modules=("psycopg2",)),
    Driver(name="asyncpg", program="asyncpg_program.py", modules=("asyncpg",)),
    Driver(
        name="asyncpg, uvloop",
        program="asyncpg_program.py",
        arguments=("uvloop",),
        modules=("asyncpg", "uvloop"),
    ),
    *(
        Driver(
            name=f"SQLAlchemy {way}, {driver}",
            program="sqlalchemy_program.py",
            arguments=(driver, way),
            modules=(driver, "greenlet") if way == "async" else (driver,),
        )
        for driver, way in (
            ("psycopg", "sync"),
            ("psycopg", "async"),
            ("asyncpg", "async"),
            ("psycopg2", "sync"),
        )
    ),
    Driver(name="Django ORM", program="django_program.py", modules=("django",)),
    Driver(name="redis-py", program="redis_sync.py", services=("redis",), modules=("redis",)),
    Driver(
        name="redis-py, asyncio", program="redis_async.py", services=("redis",), modules=("redis",)
    ),
    Driver(
        name="redis-py, uvloop",
        program="redis_async.py",
        arguments=("uvloop",),
        services=("redis",),
        modules=("redis", "uvloop"),
    ),
    Driver(
        name="Celery",
        program="celery_program.py",
        services=("postgres", "redis"),
        modules=("celery",),
    ),
    Driver(name="RQ", program="rq_program.py", services=("postgres", "redis"), modules=("rq",)),
)
NODE: tuple[Driver, ...] = (
    Driver(name="node-postgres", program="node_postgres.cjs"),
    Driver(name="Knex", program="knex.cjs"),
    Driver(name="Sequelize", program="sequelize.cjs"),
    Driver(name="ioredis", program="ioredis.cjs", services=("redis",)),
    Driver(
        name="ioredis, auto-pipelining",
        program="ioredis.cjs",
        arguments=("auto",),
        services=("redis",),
    ),
    Driver(name="node-redis 5", program="node_redis.cjs", services=("redis",)),
    Driver(name="Bull", program="bull.cjs", services=("redis",)),
    Driver(name="BullMQ", program="bullmq.cjs", services=("redis",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One driver's operations."""

    driver: str
    version: str
    right: int
    unknown: int
    wrong: int
    mistakes: tuple[str, ...] = ()
    """The first few that were not right: what was due, and what was said."""
    in_tls: int = 0
    in_plain: int = 0
    """Connections of a program that was told to use TLS."""

    @property
    def operations(self) -> int:
        return self.right + self.unknown + self.wrong

    @property
    def share(self) -> float:
        return self.right / self.operations if self.operations else 0.0


def measure(
    drivers: Sequence[Driver],
    *,
    postgres: PostgresServer,
    redis: RedisServer,
    folder: Path,
    rounds: int,
    node: Path | None = None,
    packages: Path | None = None,
    authority: Authority | None = None,
) -> tuple[Row, ...]:
    """A row for each driver that is installed; ``packages`` holds the ``node_modules``.

    With an ``authority`` the programs are told to use TLS.
    Raises ``LabError`` with the output of a program that failed.
    """
    rows = []
    for number, driver in enumerate(drivers):
        if not installed(driver):
            continue
        place = folder / f"{number}-{driver.program.rpartition('.')[0]}"
        shutil.copytree(PROGRAMS, place, ignore=shutil.ignore_patterns("__pycache__"))
        if packages is not None:
            (place / "node_modules").symlink_to(packages / "node_modules")
        database = "lines_" + re.sub(r"\W+", "_", driver.name.lower())
        if "postgres" in driver.services:
            postgres.create_database(database)
        if "redis" in driver.services:
            _empty(redis)
        rows.append(_run(driver, place, postgres, redis, database, rounds, node, authority))
    return tuple(rows)


def installed(driver: Driver) -> bool:
    """Whether all that its program imports is here."""
    return all(find_spec(module) is not None for module in driver.modules)


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines = [
        "| driver | version | operations | right | unknown | wrong | share |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.driver} | {row.version} | {row.operations} | {row.right} | {row.unknown} | "
        f"{row.wrong} | {row.share:.1%} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _run(
    driver: Driver,
    folder: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    database: str,
    rounds: int,
    node: Path | None,
    authority: Authority | None,
) -> Row:
    servers = {
        "postgres": (postgres.host, postgres.port),
        "redis": (redis.host, redis.port),
    }
    relays = {name: _relay(name, server, authority) for name, server in servers.items()}
    reading, writing = os.pipe()
    reader = TraceReader(folder)
    drain = threading.Thread(target=lambda: [reader.feed(data) for data in _blocks(reading)])
    drain.start()
    url = postgres.url(database).replace(f":{postgres.port}/", f":{relays['postgres'].port}/")
    values = {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": f"redis://127.0.0.1:{relays['redis'].port}",
        **dict(driver.environment),
    }
    if authority is not None:
        for name in ("DATABASE_URL", "REDIS_URL"):
            values[name] = in_tls({"url": values[name]}, authority)["url"]
        values |= authority.variables()
    interpreter = str(node) if driver.program.endswith(".cjs") else sys.executable
    try:
        done = subprocess.run(
            [interpreter, str(folder / driver.program), str(rounds), *driver.arguments],
            env=environment(
                values, trace_fd=writing, ports=[relay.port for relay in relays.values()]
            ),
            pass_fds=(writing,),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    finally:
        os.close(writing)
        drain.join()
        os.close(reading)
        for relay in relays.values():
            relay.close()
    if done.returncode != 0:
        raise LabError(f"{driver.name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    version = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    return _row(driver, version, relays, reader, folder)


def _relay(name: str, server: tuple[str, int], authority: Authority | None) -> Relay | TlsRelay:
    if authority is None:
        return Relay(server)
    return TlsRelay("postgres" if name == "postgres" else "redis", server, authority)


def _row(
    driver: Driver,
    version: str,
    relays: dict[str, Relay | TlsRelay],
    reader: TraceReader,
    folder: Path,
) -> Row:
    right = unknown = wrong = 0
    mistakes: list[str] = []
    for due, unit, stack in _operations(relays, reader):
        if not stack:
            unknown += 1
        elif _name(stack, folder) == due:
            right += 1
            continue
        else:
            wrong += 1
        mistakes.append(f"{due}: {[str(place) for place in stack]} ({unit.raw[:60]!r})")
    return Row(
        driver=driver.name,
        version=version,
        right=right,
        unknown=unknown,
        wrong=wrong,
        mistakes=tuple(mistakes[:12]),
        in_tls=sum(getattr(relay, "in_tls", 0) for relay in relays.values()),
        in_plain=sum(getattr(relay, "in_plain", 0) for relay in relays.values()),
    )


def _operations(
    relays: dict[str, Relay | TlsRelay], reader: TraceReader
) -> Iterator[tuple[str, Unit, tuple[Location, ...]]]:
    """What each unit is called, and its stack. Where a name comes again, a library hands on what
    it was given (a queue moves its jobs); only the first one is the application's."""
    found = []
    for service, relay in relays.items():
        for port, sent in relay.sent.items():
            for unit in _units(service, bytes(sent)):
                tag = TAG.search(unit.raw)
                if tag is not None and unit.kind not in HANDSHAKES:
                    stack = reader.stack(port, *relay.place(port, unit.offset))
                    found.append((relay.arrived_ns(port, unit.offset), tag, unit, stack))
    seen: set[bytes] = set()
    for _, tag, unit, stack in sorted(found, key=lambda each: each[0]):
        if tag[0] not in seen:
            seen.add(tag[0])
            yield tag[1].decode(), unit, stack


def _units(service: str, sent: bytes) -> list[Unit]:
    """What the lab's codecs make of one connection, as far as they read it."""
    stream = PostgresStream() if service == "postgres" else RedisStream()
    units: list[Unit] = []
    with suppress(WireError):
        units += stream.client(sent)
    return units


def _name(stack: tuple[Location, ...], folder: Path) -> str:
    """What the comment on the innermost line says; empty without one."""
    if not stack:
        return ""
    lines = (folder / stack[0].path).read_text().splitlines()
    found = COMMENT.search(lines[stack[0].line - 1])
    return found[1] if found else ""


def _empty(redis: RedisServer) -> None:
    with socket.create_connection((redis.host, redis.port)) as connection:
        connection.sendall(b"*1\r\n$8\r\nFLUSHALL\r\n")
        connection.recv(64)


def _blocks(descriptor: int) -> Iterator[bytes]:
    while data := os.read(descriptor, 65536):
        yield data


@dataclass(slots=True)
class Relay:
    """Forwards connections to a server and keeps the bytes of each client port."""

    server: tuple[str, int]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    sent: dict[int, bytearray] = field(default_factory=dict)
    arrivals: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """By client port: offset, and when it came."""

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def close(self) -> None:
        # A thread that waits in accept() keeps a closed listener open.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def place(self, port: int, offset: int) -> tuple[int, int | None]:
        return offset, None

    def arrived_ns(self, port: int, offset: int) -> int:
        arrivals = self.arrivals[port]
        return arrivals[bisect_right(arrivals, offset, key=lambda each: each[0]) - 1][1]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, (_, port, *_) = self.listener.accept()
                upstream = socket.create_connection(self.server)
                self.sent[port], self.arrivals[port] = bytearray(), []
                for source, target, keep in ((client, upstream, port), (upstream, client, None)):
                    threading.Thread(
                        target=self._copy, args=(source, target, keep), daemon=True
                    ).start()

    def _copy(self, source: socket.socket, target: socket.socket, port: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if port is not None:
                    self.arrivals[port].append((len(self.sent[port]), perf_counter_ns()))
                    self.sent[port] += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
