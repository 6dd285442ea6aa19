"""The tracer inside real Python programs: how it gets in, what it leaves alone, what it follows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import traced

from redhanded.lab.services import PostgresServer, RedisServer
from redhanded.lab.tracers import environment
from redhanded.lab.tracers.python.pipelines import split_commands

SET = """
import os, socket, sys
def command(*words):
    pieces = [b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words]
    return b"".join([b"*%d\\r\\n" % len(words), *pieces])
def say(key):
    port = int(os.environ["REDIS_URL"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(command(b"SET", key, b"1"))  # line: say
        connection.recv(64)
"""


def run_redis(
    redis: RedisServer,
    folder: Path,
    script: str,
    *,
    path: str = "",
    before: str = "",
    settings: dict[str, str] | None = None,
) -> traced.Traced:
    (folder / "app.py").write_text(before + SET + script)
    return traced.run(
        "app.py",
        node=Path(sys.executable),
        packages=folder,
        server=(redis.host, redis.port),
        env=lambda port: {
            "REDIS_URL": f"redis://127.0.0.1:{port}",
            "PYTHONPATH": path,
            **(settings or {}),
        },
        folder=folder,
        comment="# line: ",
    )


def test_a_plain_socket_and_the_frames_behind_it(redis: RedisServer, tmp_path: Path) -> None:
    run = run_redis(redis, tmp_path, "say(b'plain')  # line: top\n")
    stack = run.stack(b"plain")
    assert [place.function for place in stack] == ["say", None]
    assert {place.path for place in stack} == {"app.py"}
    assert run.line(b"plain") == "say"


def test_the_users_sitecustomize_runs_and_the_path_is_theirs(
    redis: RedisServer, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import builtins; builtins.mine = __name__\n")
    script = "say(b'kept')\nimport sitecustomize\nprint(mine, sitecustomize.__file__, sys.path)\n"
    run = run_redis(redis, tmp_path, script, path=str(own))
    assert run.line(b"kept") == "say"
    assert f"sitecustomize {own}/sitecustomize.py" in run.output
    assert "preload" not in run.output


def test_an_error_of_the_users_sitecustomize_is_theirs(redis: RedisServer, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import no_such_module_here\n")
    run = run_redis(redis, tmp_path, "say(b'despite')\n", path=str(own))
    assert run.line(b"despite") == "say"
    assert "no_such_module_here" in run.output


def test_forked_and_started_children_report_too(redis: RedisServer, tmp_path: Path) -> None:
    script = (
        "import subprocess\n"
        "if len(sys.argv) > 1: say(b'started'); sys.exit()\n"
        "child = os.fork()\n"
        "if child == 0: say(b'forked'); os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "subprocess.run([sys.executable, __file__, 'child'], check=True)\n"
    )
    run = run_redis(redis, tmp_path, script)
    assert run.line(b"forked") == "say"
    assert run.line(b"started") == "say"


def test_while_nobody_listens_nothing_is_said_and_no_other_thread_is_let_in(
    redis: RedisServer, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    heard.write_bytes(b"\0")
    script = (
        "asked, look = [], os.fstat\n"
        "os.fstat = lambda number: asked.append(number) or look(number)\n"
        "say(b'unheard')\n"
        "print('asked the kernel', len(asked), 'times')\n"
        f"open({str(heard)!r}, 'r+b').write(b'\\1')\n"
        "say(b'heard')\n"
    )
    run = run_redis(redis, tmp_path, script, settings={"REDHANDED_TRACE_HEARD": str(heard)})
    assert (run.line(b"unheard"), run.line(b"$5\r\nheard")) == ("", "say")
    assert "asked the kernel 0 times" in run.output


def test_a_descriptor_that_the_program_took_over_is_left_alone(
    redis: RedisServer, tmp_path: Path
) -> None:
    script = (
        "say(b'first')\n"
        "number = int(os.environ['REDHANDED_TRACE_FD'])\n"
        "precious = os.open('precious', os.O_CREAT | os.O_WRONLY)\n"
        "os.dup2(precious, number)\n"
        "say(b'second')\n"
    )
    run = run_redis(redis, tmp_path, script)
    assert run.line(b"first") == "say"
    assert (tmp_path / "precious").read_bytes() == b""


def test_a_reader_that_went_away_does_not_stop_the_program(
    redis: RedisServer, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    (tmp_path / "app.py").write_text(SET + "say(b'alone')\nprint('done')\n")
    base = {"PATH": os.environ["PATH"], "REDIS_URL": f"redis://{redis.host}:{redis.port}"}
    done = subprocess.run(
        [sys.executable, tmp_path / "app.py"],
        env=environment(base, trace_fd=writing, ports=[redis.port]),
        pass_fds=(writing,),
        capture_output=True,
        text=True,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_program_that_sends_nothing_loads_nothing_more(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    script = "import sys; print('socket' in sys.modules, 'asyncio' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment({"PATH": os.environ["PATH"]}, trace_fd=writing, ports=[1]),
        pass_fds=(writing,),
        capture_output=True,
        text=True,
        timeout=30,
    )
    os.close(reading)
    os.close(writing)
    assert (done.stdout, done.stderr) == ("False False\n", "")


def test_tasks_and_executors_keep_the_line_of_the_call(redis: RedisServer, tmp_path: Path) -> None:
    library = tmp_path / "site-packages" / "library.py"
    library.parent.mkdir()
    library.write_text(
        "import asyncio\n"
        "async def call(send, data):\n    await asyncio.sleep(0)\n    send(data)\n"
        "async def housekeeping(send, data):\n    asyncio.create_task(call(send, data))\n"
    )
    script = """
import asyncio
from concurrent.futures import ThreadPoolExecutor
sys.path.append("site-packages")
from library import call, housekeeping
port = int(os.environ["REDIS_URL"].rpartition(":")[2])
connection = socket.create_connection(("127.0.0.1", port))
send = connection.sendall
async def main():
    await asyncio.gather(
        call(send, b"PING one\\r\\n"),  # line: one
        asyncio.wait_for(call(send, b"PING two\\r\\n"), 9),  # line: two
    )
    task = asyncio.ensure_future(call(send, b"PING three\\r\\n"))  # line: three
    await task
    await housekeeping(send, b"PING four\\r\\n")
    await asyncio.sleep(0.01)
    await asyncio.to_thread(send, b"PING five\\r\\n")  # line: five
asyncio.run(main())
with ThreadPoolExecutor(1) as pool:
    pool.submit(send, b"PING six\\r\\n").result()  # line: six
"""
    run = run_redis(redis, tmp_path, script)
    for name in ("one", "two", "three", "five", "six"):
        assert run.line(f"PING {name}".encode()) == name
    assert run.line(b"PING four") == "", "a task that a library makes for itself is nobody's line"


def test_http_clients_of_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import http.client, os, urllib.request\n"
        "url = os.environ['HTTP_URL']\n"
        "urllib.request.urlopen(url + '/opened').read()  # line: opened\n"
        "connection = http.client.HTTPConnection(url.rpartition('/')[2])\n"
        "connection.request('POST', '/posted', body=b'x' * 10)  # line: posted\n"
        "connection.getresponse().read()\n"
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = traced.run(
            "app.py",
            node=Path(sys.executable),
            packages=tmp_path,
            server=("127.0.0.1", server.server_address[1]),
            env=lambda port: {"HTTP_URL": f"http://127.0.0.1:{port}"},
            folder=tmp_path,
            comment="# line: ",
        )
    finally:
        server.shutdown()
        server.server_close()
    assert run.line(b"GET /opened") == "opened"
    assert run.line(b"POST /posted") == "posted"


def test_psycopg_by_name(postgres: PostgresServer, tmp_path: Path) -> None:
    """What the connection does by itself between two calls belongs to the call that causes it."""
    postgres.create_database("by_name")
    (tmp_path / "app.py").write_text(
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL']) as connection:\n"
        "    connection.execute('SELECT 11')  # line: first\n"
        "    connection.commit()  # line: commit\n"
    )
    url = postgres.url("by_name")
    run = traced.run(
        "app.py",
        node=Path(sys.executable),
        packages=tmp_path,
        server=(postgres.host, postgres.port),
        env=lambda port: {"DATABASE_URL": url.replace(f":{postgres.port}/", f":{port}/")},
        folder=tmp_path,
        comment="# line: ",
    )
    assert run.line(b"BEGIN") == "first"
    assert run.line(b"SELECT 11") == "first"
    assert run.line(b"COMMIT") == "commit"


@pytest.mark.parametrize(
    ("data", "lengths"),
    [
        (b"*1\r\n$4\r\nPING\r\n", [14]),
        (b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n", [14, 19]),
        (b"*1\r\n$4\r\nPI", None),
        (b"PING\r\n", None),
        (b"*x\r\n", None),
        (b"", []),
    ],
)
def test_commands_of_a_request(data: bytes, lengths: list[int] | None) -> None:
    assert split_commands(data) == lengths


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        pass
