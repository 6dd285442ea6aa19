"""Drivers of PostgreSQL behave through the idle proxy as they do without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.lab.services import PostgresServer, start_postgres

sys.path.append(str(Path(__file__).resolve().parents[3] / "bench"))

import wire_postgres_memory
from wire_postgres import DRIVERS, Comparison, Driver, compare, markdown

LONG_BYTES = 300_000
OLDER = ("psycopg_sync.py", "signing_in.py")
"""Programs that are run on the older of the two bundled versions too."""
HELD = ("node_postgres.cjs", "psycopg_sync.py")
CANCELS = {
    "psycopg_sync.py": 3,
    "psycopg_async.py": 1,
    "asyncpg_driver.py": 2,
    "node_postgres.cjs": 1,
}
"""Requests that the programs send, among them one with the longer key of protocol 3.2."""


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres"), version=18) as server:
        yield server


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres"), version=16) as server:
        yield server


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver.name)
def test_a_driver_gets_the_same_by_way_of_the_proxy(
    newest: PostgresServer, node_packages: Path, driver: Driver
) -> None:
    found = compare(newest, driver, node_packages, long_bytes=LONG_BYTES)
    check(found)
    assert found.cancels >= CANCELS.get(driver.program, 0)


@pytest.mark.parametrize(
    "driver", [one for one in DRIVERS if one.program in OLDER], ids=lambda driver: driver.name
)
def test_the_same_with_an_older_server(
    older: PostgresServer, node_packages: Path, driver: Driver
) -> None:
    check(compare(older, driver, node_packages, long_bytes=LONG_BYTES))


@pytest.mark.parametrize("program", HELD)
def test_the_same_where_each_unit_is_held_and_released_alone(
    newest: PostgresServer, node_packages: Path, program: str
) -> None:
    """Cursors, streams and pipelines go on although their client waits for answers in between."""
    (driver,) = (one for one in DRIVERS if one.program == program)
    check(compare(newest, driver, node_packages, long_bytes=LONG_BYTES, held=True))


def check(found: Comparison) -> None:
    assert found.equal, found.difference
    assert found.lines > 5
    assert found.units > 30
    assert found.unread == ()
    assert found.cancels_of_nobody == 0
    assert found.unanswered == ()


def test_a_program_that_gets_something_else_is_not_equal(newest: PostgresServer) -> None:
    """The comparison itself: what depends on the port differs."""
    driver = Driver(name="odd", program="../../../tests/lab/wire/odd_program.py")
    found = compare(newest, driver, Path(), long_bytes=1000)
    assert not found.equal
    assert "**not equal**" in markdown([found])


def test_a_long_row_is_not_kept(newest: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a client that reads only when the server could send no more."""
    monkeypatch.setattr(wire_postgres_memory, "WAYS", {"slow-row": "one row"})
    length = 32 * 2**20
    (found,) = wire_postgres_memory.measure(newest, long_bytes=length, say=lambda _: None)
    assert found.equal
    assert found.grown_mb < 10
