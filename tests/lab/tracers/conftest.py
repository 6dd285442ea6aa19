"""Real drivers for the tracer's tests: installed once from npm, kept for the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.lab.services import (
    PostgresServer,
    RedisServer,
    find_node,
    node_environment,
    start_postgres,
    start_redis,
)

PACKAGES = Path(__file__).with_name("packages.json")


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """A folder whose ``node_modules`` holds the drivers that ``packages.json`` pins."""
    digest = hashlib.sha256(PACKAGES.read_bytes()).hexdigest()[:16]
    folder = Path.home() / ".cache" / "redhanded" / "test-node" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        (fresh / "package.json").write_bytes(PACKAGES.read_bytes())
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(
            ["npm", "install", *options],
            cwd=fresh,
            env=os.environ | node_environment(dict(os.environ)),
            check=True,
        )
        try:
            fresh.rename(folder)
        except OSError:  # Another run was faster.
            shutil.rmtree(fresh)
    return folder


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
