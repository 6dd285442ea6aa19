"""The tracer inside real Node programs with real drivers and servers."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import traced

from redhanded.lab.services import PostgresServer, RedisServer
from redhanded.lab.tracers import environment


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> PostgresServer:
    postgres.create_database("traced")
    return postgres


def run_postgres(
    database: PostgresServer,
    node: Path,
    packages: Path,
    folder: Path,
    *program: str,
    options: str = "",
) -> traced.Traced:
    url = database.url("traced")
    return traced.run(
        program[0],
        *program[1:],
        node=node,
        packages=packages,
        server=(database.host, database.port),
        env=lambda port: {"DATABASE_URL": url.replace(f":{database.port}/", f":{port}/")},
        folder=folder,
        options=options,
    )


def run_redis(
    redis: RedisServer, node: Path, packages: Path, folder: Path, *program: str
) -> traced.Traced:
    return traced.run(
        program[0],
        *program[1:],
        node=node,
        packages=packages,
        server=(redis.host, redis.port),
        env=lambda port: {"REDIS_URL": f"redis://127.0.0.1:{port}"},
        folder=folder,
    )


def test_sequelize_names_the_line_through_async_frames(
    database: PostgresServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    run = run_postgres(database, node, node_packages, tmp_path, "sequel.js")
    assert run.line(b'CREATE TABLE IF NOT EXISTS "Items"') == "sync"
    assert run.line(b'SELECT "id", "ref"') == "find"
    # A layer that returns the library's promise, without await, keeps its frame.
    stack = run.stack(b'SELECT "id", "ref"')
    assert [place.function for place in stack] == ["find", "create", "main"]
    assert run.line(
        b'INSERT INTO "Items" ("id","ref","createdAt","updatedAt") VALUES (DEFAULT,$1'
    ) == ("create")
    assert run.line(b"CREATE OR REPLACE FUNCTION pg_temp") == "findOrCreate"
    assert run.line(b'UPDATE "Items"') == "update"
    # The second transaction is the application's own; its frames reach the caller.
    sent = next(data for data in run.relay.sent.values() if b'UPDATE "Items"' in data)
    port = next(port for port, data in run.relay.sent.items() if data is sent)
    commit = run.reader.stack(port, sent.rindex(b"COMMIT") - 5)
    assert [run.source[place.line - 1].split("// line: ")[-1] for place in commit][:1] == ["commit"]
    assert [place.function for place in commit][:2] == ["transfer", "main"]
    assert {place.path for place in commit} == {"sequel.js"}


def test_a_library_that_waits_for_calls_of_its_own_was_called_by_a_line(
    database: PostgresServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    """What the application itself waits for together was called elsewhere, and has no line."""
    run = run_postgres(database, node, node_packages, tmp_path, "entities.js")
    assert run.line(b'INSERT INTO "saved"') == "add"
    assert run.line(b"LIMIT 1") == "find"
    assert run.line(b'"Item"."id" IN ($1)') == "save"
    assert run.line(b'UPDATE "saved"') == "save"
    assert run.stack(b"COUNT(1)") == ()
    assert run.stack(b"SUM(") == ()


def test_queues(redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path) -> None:
    run = run_redis(redis, node, node_packages, tmp_path, "queues.js")
    assert run.line(b'{"step":1}') == "bull add"
    assert run.line(b'{"sent":1}') == "send"
    assert run.line(b"Update job progress\n") == "bull progress"
    assert run.line(b"Update job data\n") == "bull update"
    assert run.line(b'{"sent":2}') == "send"
    # What the library does by itself has no line of the application.
    for needle in (b"brpoplpush", b"Move next job to be processed to active"):
        assert run.stack(needle) == ()


@pytest.mark.parametrize("name", ["ioredis", "ioredis4"])
def test_ioredis(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path, name: str
) -> None:
    run = run_redis(redis, node, node_packages, tmp_path, "clients.js", name)
    assert run.line(f"{name}:early".encode()) == "offline set"
    assert run.line(f"{name}:n\r\n".encode()) == "incr"
    assert run.line(f"return redis.call('INCR', KEYS[1]) -- {name}".encode()) == "bump"
    assert run.line(b"set\r\n$%d\r\n%s:p" % (len(name) + 2, name.encode())) == "pipeline set"
    assert run.line(b"get\r\n$%d\r\n%s:p" % (len(name) + 2, name.encode())) == "pipeline get"
    assert run.line(b"$5\r\nmulti") == run.line(b"$4\r\nexec") == "multi"


@pytest.mark.parametrize("name", ["redis4", "redis5"])
def test_node_redis(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path, name: str
) -> None:
    run = run_redis(redis, node, node_packages, tmp_path, "clients.js", name)
    assert run.line(f"SET\r\n${len(name) + 2}\r\n{name}:k".encode()) == "node-redis set"
    assert run.line(f"GET\r\n${len(name) + 2}\r\n{name}:k".encode()) == "node-redis get"
    assert run.line(f"INCR\r\n${len(name) + 2}\r\n{name}:n".encode()) == "node-redis incr"


def test_pg_pool_and_queued_queries(
    database: PostgresServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    run = run_postgres(database, node, node_packages, tmp_path, "clients.js", "pg")
    assert run.line(b"SELECT 11 AS pooled") == "pool first"
    assert run.line(b"SELECT $1::int AS waited") == "pool second"
    assert run.line(b"SELECT 13") == "client first"
    assert run.line(b"named\0SELECT $1::int\0") == "client queued"


def test_http_fetch_and_undici(node: Path, node_packages: Path, tmp_path: Path) -> None:
    with http_server() as server:
        run = traced.run(
            "web.mjs",
            node=node,
            packages=node_packages,
            server=server,
            env=lambda port: {"HTTP_URL": f"http://127.0.0.1:{port}"},
            folder=tmp_path,
        )
    assert run.line(b"POST /classic") == "classic"
    assert run.line(b"GET /fetch") == "fetch"
    assert run.line(b"POST /again") == "fetch post"
    assert run.line(b"GET /undici") == "undici"


def test_ecmascript_modules(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    run = run_redis(redis, node, node_packages, tmp_path, "modules.mjs")
    assert run.line(b"from-module") == "set"
    assert run.line(b'{"module":1}') == "add"


@pytest.mark.parametrize("inline", [True, False])
def test_source_maps(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path, inline: bool
) -> None:
    script = (
        "const Redis = require('ioredis');\n"
        "const client = new Redis(process.env.REDIS_URL);\n"
        "client.set('mapped', '1').then(() => process.exit(0));\n"
    )
    # Each generated line n comes from line n + 9 of the original.
    source_map = {
        "version": 3,
        "sources": ["../src/app.ts"],
        "names": [],
        "mappings": "AASA;AACA;AACA",
    }
    text = json.dumps(source_map)
    encoded = "data:application/json;base64," + base64.b64encode(text.encode()).decode()
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "app.js.map").write_text(text)
    script += f"//# sourceMappingURL={encoded if inline else 'app.js.map'}\n"
    (folder / "app.js").write_text(script)
    run = run_redis(redis, node, node_packages, folder, "app.js")
    (place,) = run.stack(b"mapped")
    assert place.path.endswith("src/app.ts")
    assert place.line == 12


@pytest.mark.parametrize("options", [["--sourceMap"], ["--inlineSourceMap"]])
def test_a_line_of_typescript(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path, options: list[str]
) -> None:
    (tmp_path / "node_modules").symlink_to(node_packages / "node_modules")
    source = tmp_path / "src" / "app.ts"
    source.parent.mkdir()
    source.write_text(
        "interface Job { key: string;\n  value?: string }\n\n"
        "const Redis = require('ioredis');\n"
        "declare const process: any; declare function require(name: string): any;\n"
        "async function save(client: any, job: Job): Promise<void> {\n"
        "  await client.set(job.key, job?.value ?? 'none');\n}\n"
        "const client = new Redis(process.env.REDIS_URL);\n"
        "save(client, { key: 'typed' }).then(() => process.exit(0));\n"
    )
    compiler = node_packages / "node_modules" / "typescript" / "lib" / "tsc.js"
    flags = ["--target", "es2017", "--module", "commonjs", "--moduleDetection", "force"]
    command = [node, compiler, *flags, "--skipLibCheck", "--outDir", "dist", *options, source]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    run = run_redis(redis, node, node_packages, tmp_path, "dist/app.js")
    assert [(place.path, place.function) for place in run.stack(b"typed")] == [
        ("src/app.ts", "save"),
        ("src/app.ts", None),
    ]
    assert "client.set(" in source.read_text().splitlines()[run.stack(b"typed")[0].line - 1]


def test_children_and_workers_report_too(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    (tmp_path / "family.js").write_text(
        "const { Worker } = require('node:worker_threads');\n"
        "const { fork } = require('node:child_process');\n"
        "const leaf = require('node:path').join(__dirname, 'leaf.js');\n"
        "fork(leaf, ['child']).on('exit', () => {\n"
        "  new Worker(leaf, { argv: ['thread'] });\n"
        "});\n"
    )
    (tmp_path / "leaf.js").write_text(
        "const Redis = require('ioredis');\n"
        "const client = new Redis(process.env.REDIS_URL);\n"
        "client.set(`from-${process.argv[2]}`, '1').then(() => client.disconnect());\n"
    )
    run = run_redis(redis, node, node_packages, tmp_path, "family.js")
    assert [str(place) for place in run.stack(b"from-child")] == ["leaf.js:3"]
    assert [str(place) for place in run.stack(b"from-thread")] == ["leaf.js:3"]


def test_the_users_node_options_still_hold(
    database: PostgresServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    early = tmp_path / "early preload.cjs"
    early.write_text("console.log('early');")
    run = run_postgres(
        database, node, node_packages, tmp_path, "clients.js", "pg", options=f'--require "{early}"'
    )
    assert "early" in run.output
    assert run.line(b"SELECT 13") == "client first"


def test_nothing_is_written_to_a_descriptor_that_is_not_the_pipe(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    """The number may belong to any file of the program."""
    reading, writing = os.pipe()
    (tmp_path / "app.js").write_text(
        "const client = new (require('ioredis'))(process.env.REDIS_URL);\n"
        "client.set('alien', '1').then(() => process.exit(0));\n"
    )
    (tmp_path / "node_modules").symlink_to(node_packages / "node_modules")
    base = {"PATH": os.environ["PATH"], "REDIS_URL": f"redis://{redis.host}:{redis.port}"}
    env = environment(base, trace_fd=writing, ports=[redis.port])
    target = tmp_path / "precious"
    with target.open("w") as precious:
        descriptor = precious.fileno()
        env["REDHANDED_TRACE_FD"] = str(descriptor)
        subprocess.run(
            [node, tmp_path / "app.js"], env=env, pass_fds=(descriptor,), check=True, timeout=30
        )
    os.close(writing)
    assert os.read(reading, 100) == b""
    os.close(reading)
    assert target.read_text() == ""


def test_a_reader_that_went_away_does_not_stop_the_program(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    (tmp_path / "app.js").write_text(
        "const client = new (require('ioredis'))(process.env.REDIS_URL);\n"
        "client.set('alone', '1').then(console.log).then(() => client.disconnect());\n"
    )
    (tmp_path / "node_modules").symlink_to(node_packages / "node_modules")
    base = {"PATH": os.environ["PATH"], "REDIS_URL": f"redis://{redis.host}:{redis.port}"}
    done = subprocess.run(
        [node, tmp_path / "app.js"],
        env=environment(base, trace_fd=writing, ports=[redis.port]),
        pass_fds=(writing,),
        capture_output=True,
        text=True,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, "OK\n", "")


def test_patched_functions_look_like_the_originals(node: Path, tmp_path: Path) -> None:
    script = (
        "const net = require('node:net');"
        "const { write } = net.Socket.prototype;"
        "console.log(JSON.stringify([write.name, write.length, fetch.name, fetch.length,"
        " Error.stackTraceLimit, Error.prepareStackTrace === undefined]))"
    )
    reading, writing = os.pipe()
    env = environment({"PATH": os.environ["PATH"]}, trace_fd=writing, ports=[1])
    traced_values, plain = (
        subprocess.run(
            [node, "-e", script], env=variables, pass_fds=(writing,), capture_output=True, text=True
        ).stdout
        for variables in (env, {"PATH": os.environ["PATH"]})
    )
    os.close(reading)
    os.close(writing)
    assert traced_values == plain != ""


def test_while_nobody_listens_nothing_is_said_and_bytes_are_counted(
    redis: RedisServer, node: Path, node_packages: Path, tmp_path: Path
) -> None:
    """Also of a connection that is opened then: what is said of it later tells the right bytes."""
    (tmp_path / "quiet.js").write_text(
        "const fs = require('node:fs');\n"
        "const net = require('node:net');\n"
        "const trace = Number(process.env.REDHANDED_TRACE_FD);\n"
        "const { writeSync } = fs;\n"
        "let reports = 0;\n"
        "fs.writeSync = (file, ...rest) => {\n"
        "  reports += file === trace ? 1 : 0;\n"
        "  return writeSync(file, ...rest);\n"
        "};\n"
        "fs.fchmodSync(trace, 0o640);\n"
        "const to = net.connect(Number(new URL(process.env.REDIS_URL).port), '127.0.0.1');\n"
        "to.write('ECHO connecting\\r\\n');\n"
        "to.once('data', () => {\n"
        "  to.write('ECHO quiet\\r\\n');\n"
        "  console.log('reports', reports);\n"
        "  fs.fchmodSync(trace, 0o600);\n"
        "  to.write('ECHO listening\\r\\n'); // line: listening\n"
        "  to.end();\n"
        "});\n"
    )
    run = run_redis(redis, node, node_packages, tmp_path, "quiet.js")
    assert "reports 0" in run.output
    said = [run.line(word) for word in (b"ECHO connecting", b"ECHO quiet", b"ECHO listening")]
    assert said == ["", "", "listening"]


@contextmanager
def http_server() -> Iterator[tuple[str, int]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield str(host), port
    finally:
        server.shutdown()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        pass
