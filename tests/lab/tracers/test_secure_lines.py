"""In TLS a message has the right line, or none: whatever ends it in the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from redhanded.lab.authority import Authority, make_authority
from redhanded.lab.services import PostgresServer, RedisServer
from redhanded.lab.tracers import TraceReader, environment

sys.path.append(str(Path(__file__).resolve().parents[3] / "bench"))

import source_lines
from tls_relay import TlsRelay

NAMES = {
    "psycopg 3",
    "psycopg2",
    "asyncpg",
    "asyncpg, uvloop",
    "redis-py",
    "redis-py, asyncio",
    "redis-py, uvloop",
    "node-postgres",
    "ioredis",
    "ioredis, auto-pipelining",
    "node-redis 5",
}
"""Those that an address alone brings to use TLS; others are built on them."""
DRIVERS = [driver for driver in source_lines.PYTHON + source_lines.NODE if driver.name in NAMES]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"), [])


@pytest.mark.parametrize("driver", DRIVERS, ids=[each.name for each in DRIVERS])
def test_the_right_line_or_none(
    driver: source_lines.Driver,
    postgres: PostgresServer,
    redis: RedisServer,
    node: Path,
    node_packages: Path,
    authority: Authority,
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
        authority=authority,
    )
    if not rows:
        pytest.skip(f"not all of {driver.modules} are installed")
    (row,) = rows
    assert row.in_tls and not row.in_plain
    assert row.operations >= 15
    assert row.wrong == 0, row.mistakes
    assert row.share >= source_lines.BAR, row.mistakes


OVER_A_STREAM = r"""
const net = require('net');
const tls = require('tls');
const { Duplex } = require('stream');
const port = Number(process.env.REDIS_PORT);
const command = (key) => `*2\r\n$4\r\nINCR\r\n$${key.length}\r\n${key}\r\n`;
const secure = tls.connect({ socket: MAKE, rejectUnauthorized: false });
secure.once('secureConnect', first);
function first() {
  secure.write(command('first')); // line: first
  setImmediate(second);
}
function second() {
  secure.write(command('second')); // line: second
  secure.write(command('third')); // line: third
  setTimeout(() => secure.end(), 50);
}
function over(socket) {
  const made = new Duplex({
    read() {},
    write(data, _, done) { socket.write(data, done); },
    final(done) { socket.end(done); },
  });
  socket.on('data', (data) => made.push(data)).on('end', () => made.push(null));
  return made;
}
"""
BY_HAND = r"""
import os, socket, ssl
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(coming, going, server_hostname="localhost")
connection = socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"])))
def flush():
    connection.sendall(going.read())  # line: flush
def command(key):
    tls.write(b"*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\n" % (len(key), key))
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        flush()
        coming.write(connection.recv(65536))
flush()
def first():
    command(b"first")
    flush()  # line: first
def second():
    command(b"second")
    flush()  # line: second
first()
connection.recv(65536)
second()
connection.recv(65536)
"""


def said(
    script: str, name: str, command: str, redis: RedisServer, authority: Authority, at: Path
) -> dict[str, list[str]]:
    """By key: the comments of the lines that are said to have sent it."""
    (at / name).write_text(script)
    relay = TlsRelay("redis", (redis.host, redis.port), authority)
    reading, writing = os.pipe()
    env = {"PATH": os.environ["PATH"], "REDIS_PORT": str(relay.port), **authority.variables()}
    try:
        done = subprocess.run(
            [command, str(at / name)],
            env=environment(env, trace_fd=writing, ports=[relay.port]),
            pass_fds=(writing,),
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(writing)
        relay.close()
    assert done.returncode == 0, done.stderr
    reader = TraceReader(at)
    with os.fdopen(reading, "rb") as pipe:
        reader.feed(pipe.read())
    ((port, sent),) = relay.sent.items()
    lines = script.splitlines()
    found = {}
    for key in ("first", "second", "third"):
        start = bytes(sent).find(b"*2\r\n$4\r\nINCR\r\n$%d\r\n%s" % (len(key), key.encode()))
        if start >= 0:
            stack = reader.stack(port, *relay.place(port, start))
            found[key] = [lines[each.line - 1].rpartition("line: ")[2] for each in stack]
    return found


@pytest.mark.parametrize(
    ("make", "known"), [("net.connect(port)", True), ("over(net.connect(port))", False)]
)
def test_tls_over_a_stream_in_javascript_has_no_wrong_line(
    make: str, known: bool, redis: RedisServer, node: Path, authority: Authority, tmp_path: Path
) -> None:
    """Who writes to the socket then is the stream, in a turn of its own."""
    script = OVER_A_STREAM.replace("MAKE", make)
    lines = said(script, "app.cjs", str(node), redis, authority, tmp_path)
    assert lines == {key: [key] if known else [] for key in ("first", "second", "third")}


def test_tls_by_hand_in_python_has_the_line_that_sends(
    redis: RedisServer, authority: Authority, tmp_path: Path
) -> None:
    lines = said(BY_HAND, "app.py", sys.executable, redis, authority, tmp_path)
    assert [stack[:2] for stack in lines.values()] == [["flush", "first"], ["flush", "second"]]
