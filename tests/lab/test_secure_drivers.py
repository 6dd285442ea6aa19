"""Real drivers in TLS by way of idle proxies see what they see in plain text from the server."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_systems import lay_out, odd

from redhanded.case.system import Service, System
from redhanded.lab import open_services
from redhanded.lab.commands import run_command
from redhanded.lab.environment import environment_of
from redhanded.lab.opening import Services

COMMANDS = {"Node": "node drivers.cjs", "Python": f"{shlex.quote(sys.executable)} drivers.py"}
DATABASE = {
    "DB_URL": "{url}",
    "DB_HOST": "{host}",
    "DB_PORT": "{port}",
    "DB_USER": "{user}",
    "DB_PASSWORD": "{password}",
    "DB_NAME": "{db}",
}


def sealed(root: Path, *, tls: bool) -> System:
    """Programs that ask for TLS in every way, or not at all."""
    env = DATABASE | ({"CA": "{ca}"} if tls else {})
    database = Service(name="db", kind="postgres", env=env, tls=tls)
    queue = Service(name="queue", kind="redis", env={"REDIS_URL": "{url}"}, tls=tls)
    made = odd(root)
    return System(name="sealed", root=made.root, services=(database, queue))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def services(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    node_packages: Path,
) -> Iterator[tuple[bool, Services]]:
    folder = tmp_path_factory.mktemp("sealed")
    system = sealed(lay_out("sealed", folder, node_packages), tls=request.param)
    with open_services(system, folder=folder / "lab") as opened:
        yield request.param, opened


SEEN: dict[tuple[str, str], object] = {}
"""What the server itself says to each driver in plain text: the first runs."""


@pytest.mark.parametrize("language", COMMANDS)
@pytest.mark.parametrize("direct", [True, False], ids=["past the proxies", "by idle proxies"])
def test_drivers_see_the_same(services: tuple[bool, Services], language: str, direct: bool) -> None:
    tls, opened = services
    command = COMMANDS[language]
    finished = run_command(opened._running, command, timeout_s=60.0, direct=direct)
    assert finished.code == 0, finished.lines
    results = [json.loads(line) for line in finished.lines if line.startswith("[")]
    assert len(results) >= (3 if not tls else 7)
    for way, result in results:
        driver = way.partition(",")[0]
        assert result["encrypted"] is tls, way
        assert result["seen"] == SEEN.setdefault((language, driver), result["seen"]), way
    notes = opened._running.traffic.notes
    assert not notes


def test_what_a_process_says_itself_comes_first(services: tuple[bool, Services]) -> None:
    tls, opened = services
    own = {"SSL_CERT_FILE": "own.pem"}
    env = environment_of(opened._running, "web", own, trace=False)
    assert env["SSL_CERT_FILE"] == "own.pem"
    assert ("NODE_EXTRA_CA_CERTS" in env) is ("PGSSLROOTCERT" in env) is tls
    assert env["DB_URL"].endswith("?sslmode=require") is tls
    assert env["REDIS_URL"].startswith("rediss://") is tls
    if tls:
        assert env["CA"] == env["NODE_EXTRA_CA_CERTS"]
        assert "BEGIN CERTIFICATE" in Path(env["CA"]).read_text()
