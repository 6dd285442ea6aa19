"""Mixed log lines of several made-up services, with the template that each came from.

Seeded: the same arguments give the same lines. ``mixed`` is what raw-line figures are measured on
(text with levels, ids, numbers, paths, durations, SQL, access logs, some JSON); ``plain`` is text
of one layout with stack traces; ``pino`` is JSON as pino writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import numpy as np

START = datetime(2026, 3, 14, 6, 0, tzinfo=UTC)
STEP_MS = (1, 30)
T = TypeVar("T")


class LogLine(NamedTuple):
    """A line, its template and where the entry starts."""

    text: str
    template: str
    """The message as written in the program, with its slots; equal for equal statements."""
    starts: bool = True
    """False for further lines of an entry: stack traces."""


class Statement(NamedTuple):
    level: str
    message: str
    weight: int


STATEMENTS: dict[str, tuple[Statement, ...]] = {
    "checkout": (
        Statement("INFO", "request {req} POST {path} completed {status} in {ms} ms", 30),
        Statement("INFO", "cart {small} of user {user} has {small} items, total {money}", 12),
        Statement("DEBUG", "cache miss for key cart:{number}:{hex}", 14),
        Statement("DEBUG", "cache hit for key cart:{number}:{hex}", 14),
        Statement("WARN", "slow query took {ms}ms rows={small} pool={small}/20", 3),
        Statement("ERROR", "payment {hex} declined by {provider}: insufficient funds", 1),
    ),
    "billing": (
        Statement("INFO", "job {number} started attempt={small} queue={queue}", 16),
        Statement("INFO", "job {number} finished in {seconds}s", 16),
        Statement("INFO", "invoice INV-{number} sent to {email}", 8),
        Statement("WARN", "lock on order {number} held by worker-{small} for {ms} ms", 3),
        Statement("ERROR", "job {number} failed: timeout after {ms}ms waiting for {host}", 1),
    ),
    "store": (
        Statement("INFO", "connection received: host={ip} port={port}", 10),
        Statement("INFO", "checkpoint complete: wrote {number} buffers ({float}%)", 2),
        Statement(
            "INFO",
            'duration: {float} ms  statement: SELECT * FROM "orders" '
            "WHERE id = {number} AND tenant = '{user}'",
            14,
        ),
        Statement(
            "INFO",
            "duration: {float} ms  statement: UPDATE stock SET count = {small} WHERE sku = '{hex}'",
            8,
        ),
        Statement(
            "INFO",
            "duration: {float} ms  statement: INSERT INTO events (id, kind, at) "
            "VALUES ({number}, '{queue}', {number})",
            8,
        ),
        Statement("ERROR", 'duplicate key value violates unique constraint "orders_ref_key"', 1),
    ),
    "search": (
        Statement("INFO", "indexed {number} documents of {path} in {seconds} s", 8),
        Statement("INFO", "segment /var/lib/search/{hex}/part-{small} merged, {number} bytes", 8),
        Statement("DEBUG", "shard {small} of node {host} is green", 10),
        Statement("DEBUG", "shard {small} of node {host} is relocating to {host}", 3),
        Statement("WARN", "heap usage {float}% above limit, evicting {number} entries", 2),
    ),
}
ACCESS = '{ip} - - [{nginx}] "{method} {path} HTTP/1.1" {status} {number} "-" "probe/{small}.0"'
USERS = ("anna", "bruno", "chen", "dora", "emil", "fatou", "goran", "hana", "iris", "jonas",
         "karim", "lena", "mei", "nils", "olga", "pavel")  # fmt: skip
QUEUES = ("mail", "invoices", "refunds", "exports", "reminders", "webhooks", "thumbnails")
PROVIDERS = ("acme-pay", "northbank", "quickcard", "paywell", "cardlane", "zipcash", "euroswift")
PLACES = ("orders", "users", "carts", "products", "reviews", "sessions")
PINO_LEVELS = {"DEBUG": 20, "INFO": 30, "WARN": 40, "ERROR": 50}
FRAMES = ("loadOrder (/srv/app/src/orders.js:{small}:{small})",
          "processTicksAndRejections (node:internal/process/task_queues:{small}:{small})",
          "async run (/srv/app/src/worker.js:{small}:{small})")  # fmt: skip


class Draw:
    """Values for the slots of a message, from one seeded generator."""

    def __init__(self, seed: int, uuid_share: float = 0.0) -> None:
        self._numbers = _numbers(seed)
        self.uuid_share = uuid_share
        self.at = START
        integer = self.integer
        self.slots: dict[str, Callable[[], object]] = {
            "small": lambda: integer(1, 20),
            "number": lambda: integer(1, 10 ** integer(2, 9)),
            "port": lambda: integer(1024, 65536),
            "ms": lambda: integer(1, 10 ** integer(1, 5)),
            "seconds": lambda: f"{integer(1, 90_000) / 1000:g}",
            "float": lambda: f"{integer(1, 99_999) / 1000:.3f}",
            "money": lambda: f"{integer(100, 99_999) / 100:.2f} EUR",
            "hex": lambda: f"{integer(1 << 31, 1 << 32):08x}",
            "req": lambda: f"req_{integer(1 << 47, 1 << 48):x}",
            "uuid": self.uuid,
            "ip": lambda: f"10.{integer(256)}.{integer(256)}.{integer(256)}",
            "host": lambda: f"node-{integer(1, 40)}.eu-west.example.net",
            "status": lambda: self.pick((200, 200, 200, 201, 204, 302, 404, 500)),
            "method": lambda: self.pick(("GET", "GET", "GET", "POST")),
            "user": lambda: self.pick(USERS),
            "email": lambda: f"{self.pick(USERS)}{integer(100)}@example.org",
            "queue": lambda: self.pick(QUEUES),
            "provider": lambda: self.pick(PROVIDERS),
            "path": lambda: f"/api/v1/{self.pick(PLACES)}/{integer(1, 10**6)}",
            "nginx": lambda: self.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        }

    def integer(self, low: int, high: int | None = None) -> int:
        """From ``low`` to below ``high``, or from 0 to below ``low``."""
        if high is None:
            low, high = 0, low
        return low + next(self._numbers) % (high - low)

    def share(self) -> float:
        return next(self._numbers) / 2**63

    def pick(self, values: tuple[T, ...]) -> T:
        return values[next(self._numbers) % len(values)]

    def uuid(self) -> str:
        drawn = f"{next(self._numbers) << 64 | next(self._numbers):032x}"
        return f"{drawn[:8]}-{drawn[8:12]}-{drawn[12:16]}-{drawn[16:20]}-{drawn[20:]}"

    def fill(self, message: str) -> str:
        parts = message.split("{")
        for place in range(1, len(parts)):
            name, _, rest = parts[place].partition("}")
            parts[place] = f"{self.slots[name]()}{rest}"
        return "".join(parts)

    def step(self) -> str:
        self.at += timedelta(milliseconds=self.integer(*STEP_MS))
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mixed(count: int, seed: int, uuid_share: float = 0.0) -> Iterator[LogLine]:
    """``count`` lines of four services, an access log among them and one in six as JSON."""
    draw, statements = Draw(seed), _statements()
    for _ in range(count):
        at, kind = draw.step(), draw.share()
        if kind < 0.1:
            yield LogLine(draw.fill(ACCESS), ACCESS)
            continue
        service, statement = draw.pick(statements)
        message = draw.fill(statement.message)
        if draw.share() < uuid_share:
            message += f" trace={draw.uuid()}"
        if kind < 0.25:
            text = _pino(draw, at, service, statement.level, message)
        elif kind < 0.6:
            text = f"{at} {statement.level:5} [{service}] {message}"
        else:
            clock = at.replace("T", " ").replace(".", ",").rstrip("Z")
            text = f"{clock} {statement.level} {service}.worker - {message}"
        yield LogLine(text, statement.message)


def plain(count: int, seed: int) -> Iterator[LogLine]:
    """``count`` lines of text; about one entry in a hundred has a stack trace of three lines."""
    draw, statements = Draw(seed), _statements()
    made = 0
    while made < count:
        service, statement = draw.pick(statements)
        text = f"{draw.step()} {statement.level:5} [{service}] {draw.fill(statement.message)}"
        yield LogLine(text, statement.message)
        made += 1
        if draw.share() < 0.01:
            for frame in FRAMES[: count - made]:
                yield LogLine(f"    at {draw.fill(frame)}", statement.message, starts=False)
                made += 1


def pino(count: int, seed: int) -> Iterator[LogLine]:
    draw, statements = Draw(seed), _statements()
    for _ in range(count):
        at = draw.step()
        service, statement = draw.pick(statements)
        message = draw.fill(statement.message)
        yield LogLine(_pino(draw, at, service, statement.level, message), statement.message)


def _numbers(seed: int) -> Iterator[int]:
    generator = np.random.default_rng(seed)
    while True:
        yield from generator.integers(0, 2**63, size=1 << 16).tolist()


def _statements() -> tuple[tuple[str, Statement], ...]:
    """Each as often as its weight says, so that a draw is one index."""
    return tuple(
        (service, statement)
        for service, said in STATEMENTS.items()
        for statement in said
        for _ in range(statement.weight)
    )


def _pino(draw: Draw, at: str, service: str, level: str, message: str) -> str:
    at_ms = int(draw.at.timestamp() * 1000)
    escaped = message.replace('"', '\\"')
    return (
        f'{{"level":{PINO_LEVELS[level]},"time":{at_ms},"pid":{draw.integer(10, 99)},'
        f'"hostname":"{service}-7d9f","name":"{service}","reqId":"{draw.slots["req"]()}",'
        f'"jobId":{draw.integer(10**6)},"msg":"{escaped}"}}'
    )
