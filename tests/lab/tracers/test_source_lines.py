"""The right line for each driver: the bench's programs with small counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from redhanded.lab.services import PostgresServer, RedisServer

sys.path.append(str(Path(__file__).resolve().parents[3] / "bench"))

import source_lines

DRIVERS = source_lines.PYTHON + source_lines.NODE


@pytest.mark.parametrize("driver", DRIVERS, ids=[each.name for each in DRIVERS])
def test_the_right_line_or_none(
    driver: source_lines.Driver,
    postgres: PostgresServer,
    redis: RedisServer,
    node: Path,
    node_packages: Path,
    tmp_path: Path,
) -> None:
    rows = source_lines.measure(
        [driver],
        postgres=postgres,
        redis=redis,
        folder=tmp_path,
        rounds=2,
        node=node,
        packages=node_packages,
    )
    if not rows:
        pytest.skip(f"not all of {driver.modules} are installed")
    (row,) = rows
    assert row.operations >= 15
    assert row.wrong == 0, row.mistakes
    assert row.share >= source_lines.BAR, row.mistakes
