"""Drivers of Redis, and clients of HTTP, through the idle proxy and directly: the same lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.lab.wire.http import HttpStream
from redhanded.lab.wire.redis import RedisStream

sys.path.append(str(Path(__file__).resolve().parents[3] / "bench"))

import fuzz_http
import fuzz_redis
import fuzzing
import redis_servers
import wire_http
import wire_redis

VALKEY = next(make for make in redis_servers.MAKES if make.name == "Valkey")
HERE = (
    "ioredis",
    "ioredis by Sentinel",
    "node-redis, RESP3",
    "Bull and BullMQ",
    "redis-py, RESP3",
    "what clients seldom say",
)
"""The bench takes the others too, and on more servers."""
LEFT_WAITING = {"BLPOP", "BRPOPLPUSH", "BZPOPMIN", "XREAD"}
"""Programs end while their consumers wait."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis_servers.RunningServer]:
    folder = tmp_path_factory.mktemp("valkey")
    found = redis_servers.start(VALKEY, folder, "--save", "", "--enable-debug-command", "yes")
    yield found
    found.stop()


@pytest.mark.parametrize(
    "driver",
    [each for each in wire_redis.DRIVERS if each.name in HERE],
    ids=lambda driver: driver.name,
)
def test_redis(
    server: redis_servers.RunningServer,
    driver: wire_redis.Driver,
    node_packages: Path,
    tmp_path: Path,
) -> None:
    row = wire_redis.compare(VALKEY, server, driver, node_packages, tmp_path)
    assert (row.equal, row.unread) == (True, ()), row.difference
    assert set(row.unanswered) <= LEFT_WAITING
    assert row.units > row.connections > 0


@pytest.mark.parametrize("driver", wire_http.DRIVERS, ids=lambda driver: driver.name)
def test_http(driver: wire_redis.Driver, node_packages: Path) -> None:
    (row,) = wire_http.measure(node_packages, drivers=[driver], say=lambda _: None)
    assert (row.equal, row.unread) == (True, ()), row.difference


def test_a_difference_is_seen(server: redis_servers.RunningServer, tmp_path: Path) -> None:
    """The second run of a program that counts is unlike the first."""
    program = tmp_path / "counts.py"
    program.write_text(
        "import redis, sys\nprint(redis.Redis(port=int(sys.argv[1])).incr('runs'))\n"
    )
    driver = wire_redis.Driver(name="counts", program=str(program))
    row = wire_redis.compare(VALKEY, server, driver, tmp_path, tmp_path)
    assert not row.equal
    assert row.difference == "directly: 1\nthrough the proxy: 2"


@pytest.mark.parametrize("codec", [fuzz_redis, fuzz_http], ids=lambda module: module.__name__)
def test_hostile_bytes(codec: fuzz_redis) -> None:  # type: ignore[valid-type]
    row = codec.measure(inputs=1500, say=lambda _: None)  # type: ignore[attr-defined]
    assert row.faults == ()
    assert 0 < row.refused < row.inputs


class Losing(RedisStream):
    """Gives answers without their last byte."""

    def server(self, data: bytes):  # type: ignore[no-untyped-def]
        return super().server(data[1:])


class Crashing(HttpStream):
    def client(self, data: bytes):  # type: ignore[no-untyped-def]
        raise IndexError(len(data))


@pytest.mark.parametrize("broken", [Losing, Crashing])
def test_the_fuzzer_finds_what_is_wrong(broken: type) -> None:
    row = fuzzing.fuzz(
        "broken",
        broken,
        fuzz_redis.CONVERSATIONS,
        fuzz_redis.TOKENS,
        inputs=50,
        say=lambda _: None,
    )
    assert row.faults
