"""What a proxy of the lab adds to one operation when it lets everything pass.

One client in this process sends one operation after the other: directly, by way of a bare relay on
epoll, by way of one on asyncio, and by way of the lab's proxy. Relays and proxy are processes of
their own, reach the server in the same way, and take turns in blocks. Client, relay and server
share one core: only one of them has something to do at any time, and where the kernel puts them
otherwise moves the median by more than the proxy costs.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter_ns
from typing import Literal

from psycopg import pq
from spread import Spread, spread

from redhanded.case.errors import LabError
from redhanded.lab.services import PostgresServer, RedisServer

Way = Literal["direct", "epoll", "asyncio", "proxy"]
WAYS: tuple[Way, ...] = ("direct", "epoll", "asyncio", "proxy")
FOLDER = Path(__file__).parent
VALUE = b"v" * 64
SET = b"*3\r\n$3\r\nSET\r\n$5\r\nbench\r\n$64\r\n" + VALUE + b"\r\n"
GET = b"*2\r\n$3\r\nGET\r\n$5\r\nbench\r\n"
STOP_TIMEOUT_S = 5.0
Progress = Callable[[str], None]
Operation = Callable[[int], None]
"""Does operation number N and returns when its answer is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayCost:
    """Operations of one kind by one way."""

    operation: str
    way: Way
    each_us: Spread
    mean_us: float
    """With what the way does only now and then, such as reading what it let go by."""


def measure(
    postgres: PostgresServer, redis: RedisServer, *, operations: int, block: int, say: Progress
) -> tuple[WayCost, ...]:
    """``operations`` of each kind by each way, in turns of ``block``, the first one extra."""
    file = str(postgres.socket_folder / f".s.PGSQL.{postgres.port}")
    found: list[WayCost] = []
    with ExitStack() as undo:
        undo.enter_context(_on_one_core(postgres.pid, redis.pid))
        clients = {
            way: undo.enter_context(_postgres_client(postgres, port))
            for way, port in _ports(undo, "postgres", file, postgres.port).items()
        }
        found += _in_turns("PostgreSQL: SELECT 1, prepared", clients, operations, block, say)
    with ExitStack() as undo:
        undo.enter_context(_on_one_core(postgres.pid, redis.pid))
        address = f"{redis.host}:{redis.port}"
        clients = {
            way: undo.enter_context(_redis_client(port))
            for way, port in _ports(undo, "redis", address, redis.port).items()
        }
        found += _in_turns("Redis: SET and GET in turn", clients, operations, block, say)
    return tuple(found)


def _in_turns(
    operation: str,
    clients: dict[Way, Operation],
    operations: int,
    block: int,
    say: Progress,
) -> list[WayCost]:
    samples: dict[Way, list[float]] = {way: [] for way in clients}
    for client in clients.values():
        _block(client, block)
    while len(samples["direct"]) < operations:
        say(f"{operation}: {len(samples['direct'])} of {operations} by each way")
        for way, client in clients.items():
            samples[way] += _block(client, min(block, operations - len(samples[way])))
    return [
        WayCost(operation=operation, way=way, each_us=spread(found), mean_us=fmean(found))
        for way, found in samples.items()
    ]


def _block(client: Operation, count: int) -> list[float]:
    """Microseconds of each operation."""
    found = []
    for number in range(count):
        started = perf_counter_ns()
        client(number)
        found.append((perf_counter_ns() - started) / 1000.0)
    return found


@contextmanager
def _on_one_core(*servers: int) -> Iterator[None]:
    """Keeps this thread, what it starts, and what ``servers`` start from now on on one core."""
    allowed = os.sched_getaffinity(0)
    for pid in (0, *servers):
        os.sched_setaffinity(pid, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _ports(undo: ExitStack, kind: str, address: str, direct: int) -> dict[Way, int]:
    return {
        way: direct if way == "direct" else undo.enter_context(_relay(way, kind, address))
        for way in WAYS
    }


@contextmanager
def _relay(way: Way, kind: str, address: str) -> Iterator[int]:
    """A relay process, by its port."""
    program = ("proxy_relay.py", kind) if way == "proxy" else ("bare_relay.py", way)
    process = subprocess.Popen(
        [sys.executable, str(FOLDER / program[0]), program[1], address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise LabError(f"the relay {way} for {kind} did not start; run {program[0]} by itself")
        yield int(line)
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _postgres_client(server: PostgresServer, port: int) -> Iterator[Operation]:
    """libpq, one prepared statement: Bind, Describe, Execute, Sync."""
    connection = pq.PGconn.connect(
        f"host=127.0.0.1 port={port} user={server.user} password={server.password} "
        "dbname=postgres sslmode=disable gssencmode=disable".encode()
    )
    try:
        if connection.status != pq.ConnStatus.OK:
            raise LabError(f"no connection to PostgreSQL: {connection.get_error_message()}")
        connection.prepare(b"one", b"SELECT 1")

        def select_one(_number: int) -> None:
            result = connection.exec_prepared(b"one", [])
            if result.get_value(0, 0) != b"1":
                raise LabError(f"SELECT 1 gave no 1: {result.error_message!r}")

        yield select_one
    finally:
        connection.finish()


@contextmanager
def _redis_client(port: int) -> Iterator[Operation]:
    """A socket: SET where the number is even, GET where it is odd."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        get_answer = b"$64\r\n" + VALUE + b"\r\n"

        def set_or_get(number: int) -> None:
            request, answer = (GET, get_answer) if number % 2 else (SET, b"+OK\r\n")
            connection.sendall(request)
            got = b""
            while len(got) < len(answer):
                data = connection.recv(4096)
                if not data:
                    break
                got += data
            if got != answer:
                raise LabError(f"Redis answered {got[:80]!r} where {answer[:80]!r} was due")

        yield set_or_get
