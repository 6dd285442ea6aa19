"""Real servers and processes: they start, they answer, and nothing of them is left."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from redhanded.case.errors import LabError, UsageError
from redhanded.lab.embedded import binaries, node, process_table, starting
from redhanded.lab.services import (
    PostgresServer,
    RedisServer,
    descendants,
    exit_code,
    find_node,
    is_alive,
    launch,
    node_environment,
    reap,
    start_postgres,
    start_redis,
    terminate,
    wait_for_exit,
)

PATH = {"PATH": os.defpath}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def read_line(descriptor: int) -> str:
    """The next line, waiting at most a minute for it."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], 60)
        byte = os.read(descriptor, 1) if ready else b""
        assert byte, f"no line came, only {line!r}"
        line += byte
    return line.decode().strip()


def test_postgres_answers_over_tcp_and_keeps_its_settings(postgres: PostgresServer) -> None:
    postgres.create_database("first")
    with psycopg.connect(postgres.url("first")) as connection:
        names = ("fsync", "autovacuum", "jit", "max_connections", "server_encoding")
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        assert shown == [("off",), ("off",), ("off",), ("200",), ("UTF8",)]
        (letter,) = connection.execute("SELECT upper('é')").fetchone() or ("",)
        assert letter == "É"


def test_postgres_refuses_a_wrong_password(postgres: PostgresServer) -> None:
    wrong = postgres.url("postgres").replace(postgres.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_copy_of_a_database_has_its_rows_and_its_sequences(postgres: PostgresServer) -> None:
    postgres.create_database("pattern")
    with postgres.admin("pattern") as connection:
        connection.execute("CREATE TABLE t (id serial PRIMARY KEY, v text)")
        connection.execute("INSERT INTO t (v) VALUES ('a'), ('b')")
    postgres.create_from_template("copy of it", "pattern")
    with postgres.admin("copy of it") as connection:
        row = connection.execute("INSERT INTO t (v) VALUES ('c') RETURNING id").fetchone()
        assert row == (3,)
    with postgres.admin("pattern") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_a_database_is_dropped_under_an_open_connection(postgres: PostgresServer) -> None:
    postgres.create_database("busy")
    with postgres.admin("busy") as connection:
        postgres.drop_database("busy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres.drop_database("busy")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its user")
def test_as_root_the_servers_run_as_somebody_else(
    postgres: PostgresServer, redis: RedisServer
) -> None:
    for pid in (postgres.pid, redis.pid):
        assert Path(f"/proc/{pid}").stat().st_uid == binaries.server_user().uid != 0
    assert postgres.socket_folder.stat().st_mode & 0o077 == 0


def test_redis_answers_on_both_addresses(redis: RedisServer) -> None:
    with socket.create_connection((redis.host, redis.port), timeout=5) as client:
        client.sendall(b"SET k v\r\n")
        assert client.recv(64) == b"+OK\r\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(redis.socket_path))
        client.sendall(b"GET k\r\n")
        assert client.recv(64) == b"$1\r\nv\r\n"
    assert redis.url == f"redis://127.0.0.1:{redis.port}"


def test_stop_leaves_no_process_no_port_and_no_folder(tmp_path: Path) -> None:
    server = start_redis(tmp_path)
    server.stop()
    server.stop()
    assert not is_alive(server.pid)
    assert not server.socket_path.parent.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)
    assert server.log.parent == tmp_path
    assert "Ready to accept connections" in server.log.read_text()


def test_postgres_is_gone_after_an_exception_in_its_block(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), start_postgres(tmp_path, version=18) as server:
        assert server.admin().execute("SHOW server_version_num").fetchone() >= ("180000",)
        1 / 0  # noqa: B018
    assert not is_alive(server.pid)
    assert not server.socket_folder.exists()


def test_a_taken_port_is_answered_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = starting.free_port()
        ports = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(starting, "free_port", lambda: next(ports))
        with start_redis(tmp_path) as server:
            assert server.port == free


def test_a_failed_start_shows_the_end_of_the_log_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        sys.modules["redhanded.lab.embedded.redis"].SETTINGS, "maxmemory-policy", "sometimes"
    )
    with pytest.raises(LabError, match=r"(?s)redis could not be started.*sometimes"):
        start_redis(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "started.jsonl").read_text().splitlines()]
    assert [Path(line["removes"]).exists() for line in lines if line["removes"]] == [False]
    assert [is_alive(line["pid"]) for line in lines if line["pid"]] == [False]


def test_two_servers_in_one_folder_do_not_share_a_log(tmp_path: Path, redis: RedisServer) -> None:
    with start_redis(tmp_path) as first, start_redis(tmp_path) as second:
        assert first.port != second.port != redis.port
        assert first.log != second.log


def test_an_unknown_version_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="16 and 18"):
        start_postgres(tmp_path, version=9)


KILLED = """
import sys
from pathlib import Path
from redhanded.lab.services import launch, start_postgres, start_redis
folder = Path(sys.argv[1])
postgres, redis = start_postgres(folder), start_redis(folder)
sleeper = launch("sleep 1000 & setsid sleep 1000 & echo $!; wait", cwd=folder,
                 env={"PATH": "/usr/bin:/bin"}, folder=folder, what="sleeper")
import os
print(postgres.pid, redis.pid, sleeper.pid, os.read(sleeper.stdout, 100).decode().strip(),
      postgres.socket_folder, flush=True)
sys.stdin.read()
"""


def test_kill_9_leaves_no_server_and_reap_takes_the_rest(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    *pids, data = read_line(parent.stdout.fileno()).split()
    postgres, redis, shell, away = map(int, pids)
    family = process_table.session(postgres)
    assert len(process_table.descendants(postgres)) >= 3
    parent.kill()
    parent.wait()
    for pid in (postgres, redis, shell, *family):
        assert wait_for_exit(pid, timeout_s=10), f"process {pid} outlived its parent"

    assert is_alive(away)
    assert Path(data).exists()
    done = reap(tmp_path)
    assert not is_alive(away)
    assert not Path(data).exists()
    assert len([what for what in done if "descendant" in what]) == 2
    assert len([what for what in done if "temporary folder" in what]) == 2
    assert reap(tmp_path) == ()
    parent.stdout.close()
    assert parent.stdin is not None
    parent.stdin.close()


def test_reap_spares_a_process_that_only_has_the_same_number(tmp_path: Path) -> None:
    sleeper = launch(["sleep", "1000"], cwd=tmp_path, env=PATH, folder=tmp_path)
    (line,) = (tmp_path / "started.jsonl").read_text().splitlines()
    other = json.loads(line) | {"start_ticks": 1}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "started.jsonl").write_text(json.dumps(other) + "\nhalf a li")
    assert reap(elsewhere) == ()
    assert is_alive(sleeper.pid)
    assert reap(tmp_path) == (f"sleep 1000 (process {sleeper.pid})",)
    assert terminate(sleeper) == -signal.SIGKILL


def test_reap_removes_no_folder_with_something_in_it_that_is_not_marked(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").touch()
    entry = {"pid": 0, "start_ticks": None, "boot": "", "ends_with": 9, "what": "x"}
    (tmp_path / "started.jsonl").write_text(json.dumps(entry | {"removes": str(precious)}))
    assert reap(tmp_path) == ()
    assert precious.exists()


@pytest.mark.parametrize("step", ["record", "touch", "chown"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_while_a_folder_is_made_leaves_nothing(
    tmp_path: Path, step: str, number: signal.Signals
) -> None:
    program = ENDED_AT.format(step=step, number=int(number), folder=str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == (0 if number == signal.SIGINT else -number), ended.stderr
    (line,) = (tmp_path / "started.jsonl").read_text().splitlines()
    reap(tmp_path)
    assert not Path(json.loads(line)["removes"]).exists()


ENDED_AT = """
import os, signal
from pathlib import Path
from redhanded.lab.embedded import binaries

places = {{"record": binaries, "touch": Path, "chown": os}}
real = getattr(places["{step}"], "{step}")

def ended_after(*arguments, **options):
    real(*arguments, **options)
    signal.raise_signal({number})

setattr(places["{step}"], "{step}", ended_after)
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    binaries.make_run_folder(Path("{folder}"), "x")
except KeyboardInterrupt:
    raise SystemExit
raise SystemExit("not interrupted")
"""


def test_launch_gives_exactly_the_environment_and_the_output(tmp_path: Path) -> None:
    launched = launch(["/usr/bin/env"], cwd=tmp_path, env={"A": "1", "B": "x=y"})
    assert launched.stdout is not None
    with open(launched.stdout) as output:
        assert sorted(output.read().split()) == ["A=1", "B=x=y"]
    assert wait_for_exit(launched.pid, timeout_s=10)
    assert terminate(launched) == 0
    assert exit_code(launched) == 0


def test_launch_hands_on_descriptors_and_default_signals(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    command = f"grep SigIgn /proc/self/status > /proc/self/fd/{writer}; exit 3"
    launched = launch(command, cwd=tmp_path, env=PATH, extra_fds=[writer])
    os.close(writer)
    with open(reader) as said:
        assert int(said.read().split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0
    assert wait_for_exit(launched.pid, timeout_s=10)
    assert exit_code(launched) == 3
    assert launched.stdout is not None
    os.close(launched.stdout)


def test_launch_says_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No such file"):
        launch("true", cwd=tmp_path / "missing", env=PATH)
    missing = launch(["/no/such/program"], cwd=tmp_path, env=PATH)
    assert missing.stdout is not None
    assert read_line(missing.stdout) == "cannot start /no/such/program: No such file or directory"
    os.close(missing.stdout)
    assert wait_for_exit(missing.pid, timeout_s=10)
    assert terminate(missing) == 127


@pytest.mark.parametrize("children_listed", [True, False])
def test_terminate_ends_all_descendants_even_stubborn_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children_listed: bool
) -> None:
    if children_listed and not process_table.CHILDREN_LISTED:
        pytest.skip("this kernel does not list children")
    monkeypatch.setattr(process_table, "CHILDREN_LISTED", children_listed)
    stubborn = "trap '' TERM; sleep 1000 & setsid sleep 1000 & echo $!; wait; while :; do :; done"
    launched = launch(stubborn, cwd=tmp_path, env=PATH)
    assert launched.stdout is not None
    away = int(read_line(launched.stdout))
    family = descendants(launched.pid)
    assert away in family
    assert len(family) == 2
    assert terminate(launched, grace_s=0.1) == -signal.SIGKILL
    assert not any(is_alive(pid) for pid in (launched.pid, *family))
    os.close(launched.stdout)


def test_terminate_lets_a_process_end_by_itself(tmp_path: Path) -> None:
    polite = launch(
        "trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done", cwd=tmp_path, env=PATH
    )
    assert polite.stdout is not None
    assert read_line(polite.stdout) == "up"
    assert terminate(polite, grace_s=10) == 5
    os.close(polite.stdout)


def test_the_cache_is_not_a_folder_that_somebody_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert binaries._can_hold(Path("/var/tmp") / f"redhanded-test-{os.getpid()}")
    for name, planted in (("link", True), ("writable", False)):
        path = Path("/var/tmp") / f"redhanded-test-{os.getpid()}-{name}"
        if planted:
            path.symlink_to(tmp_path)
        else:
            path.mkdir()
            path.chmod(0o777)
        assert not binaries._can_hold(path)
        path.unlink() if planted else path.rmdir()
    (Path("/var/tmp") / f"redhanded-test-{os.getpid()}").rmdir()


def test_a_cached_folder_is_whole_or_not_there() -> None:
    name = f"test/{os.getpid()}"

    def fail(target: Path) -> None:
        (target / "half").touch()
        raise LabError("no")

    def build(target: Path) -> None:
        (target / "whole").touch()

    with pytest.raises(LabError):
        binaries.cached(name, fail)
    made = binaries.cached(name, build)
    assert [entry.name for entry in made.iterdir()] == ["whole"]
    assert [entry.name for entry in made.parent.iterdir()] == [made.name]
    shutil.rmtree(made.parent)


def test_node_npm_and_npx_run_from_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    if node.wheel_folder() is None:
        pytest.skip("the wheel with Node is not installed")
    bare = {"PATH": "/nonexistent"}
    monkeypatch.setenv("PATH", bare["PATH"])
    find_node.cache_clear()
    environment = node_environment(bare)
    find_node.cache_clear()
    folder = environment["PATH"].split(os.pathsep)[0]
    usable = {"PATH": f"{folder}:{os.defpath}", "HOME": "/tmp"}
    for command in ("node", "npm"):
        done = subprocess.run(
            [f"{folder}/{command}", "--version"], env=usable, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().lstrip("v")[0].isdigit()


def test_an_old_node_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v12.22.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node, "wheel_folder", lambda: None)
    find_node.cache_clear()
    with pytest.raises(LabError, match="is older; install Node"):
        find_node()
    find_node.cache_clear()
