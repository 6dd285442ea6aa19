"""Real servers for the tracer's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.lab.services import (
    PostgresServer,
    RedisServer,
    find_node,
    start_postgres,
    start_redis,
)


@pytest.fixture(scope="session")
def node() -> Path:
    return find_node()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server
