"""A system that runs: its servers, its proxies, its processes, in a network of their own."""

from __future__ import annotations

import os
import re
import select
import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import valkey

from redhanded.case.errors import InputError, LabError
from redhanded.case.evidence import Location
from redhanded.case.run import OutputLine
from redhanded.case.system import Process, Service, System
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.existing import connect_postgres, connect_redis, emptied_again
from redhanded.lab.footprint import (
    CATALOGUE_QUERY,
    UNKNOWN,
    Catalogue,
    KeySpecifications,
    read_catalogue,
)
from redhanded.lab.last_words import last_words, shown
from redhanded.lab.namespace import Namespace, open_namespace
from redhanded.lab.output import Output
from redhanded.lab.outside import Exchange, Request
from redhanded.lab.proxy import (
    Channel,
    Kind,
    Listener,
    Route,
    Upstream,
    peer_upstream,
    tcp_upstream,
    unix_upstream,
)
from redhanded.lab.pump import Pump
from redhanded.lab.quiescence import Watch
from redhanded.lab.services import (
    Launched,
    PostgresServer,
    RedisServer,
    exit_code,
    launch,
    start_postgres,
    start_redis,
    terminate,
)
from redhanded.lab.stub import read_routes, stub_upstream
from redhanded.lab.tracers import TraceReader, environment
from redhanded.lab.traffic import Traffic
from redhanded.lab.trees import node_environment_for

READY_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 180.0
DATABASE = "app"
PROCESS_PORTS_FROM = 20_001
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "NODE_OPTIONS")
SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?\[#~=%\n]")


@dataclass(slots=True, kw_only=True)
class Server:
    """One service of the system, as the lab reaches it."""

    service: Service
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None
    admin: psycopg.Connection[Any] | None = None
    client: Any = None
    """A ``valkey.Valkey``, whose published types mix its two kinds of client."""
    specifications: KeySpecifications | None = None
    at_end: Callable[[], None] | None = None
    """Puts back what a server by URL held; called once all processes have ended."""

    def connect(self, pump: Pump) -> Callable[[Channel], Upstream]:
        """How a proxy reaches it."""
        if self.postgres is not None:
            path = self.postgres.socket_folder / f".s.PGSQL.{self.postgres.port}"
            return unix_upstream(pump, str(path))
        host, port = self.address()
        return tcp_upstream(pump, host, port)

    def address(self) -> tuple[str, int]:
        if self.postgres is not None:
            return self.postgres.host, self.postgres.port
        if self.redis is not None:
            return self.redis.host, self.redis.port
        parts = urlsplit(self.service.url or "")
        default = 5432 if self.service.kind == "postgres" else 6379
        return parts.hostname or "127.0.0.1", parts.port or default

    def values(self, port: int | None) -> dict[str, str]:
        """What ``{url}`` and its kin stand for, by way of a proxy at ``port`` or directly."""
        host, own_port = self.address()
        shown = port or own_port
        if self.postgres is not None:
            return {
                "url": self.postgres.url(DATABASE, port=shown),
                "host": "127.0.0.1",
                "port": str(shown),
                "user": self.postgres.user,
                "password": self.postgres.password,
                "db": DATABASE,
            }
        if self.service.url is None:
            url = f"redis://127.0.0.1:{shown}"
            return {"url": url, "host": "127.0.0.1", "port": str(shown), "db": "0"}
        parts = urlsplit(self.service.url)
        login = parts.netloc.rpartition("@")[0]
        address = f"{login}@127.0.0.1:{shown}" if login else f"127.0.0.1:{shown}"
        return {
            "url": parts._replace(netloc=address).geturl(),
            "host": "127.0.0.1" if port else host,
            "port": str(shown),
            "user": parts.username or "",
            "password": parts.password or "",
            "db": parts.path.lstrip("/"),
        }


@dataclass(slots=True, kw_only=True)
class Program:
    """One replica of a process."""

    name: str
    process: Process
    port: int
    environment: dict[str, str]
    launched: Launched
    output: Output


@dataclass(slots=True, kw_only=True)
class RunningSystem:
    """Everything that is up; made by ``start``, ended by ``close``."""

    system: System
    root: Path
    folder: Path
    pump: Pump
    traffic: Traffic
    namespace: Namespace
    watch: Watch
    tracer: TraceReader
    undo: ExitStack
    servers: dict[str, Server] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    natural: bool = False
    on_line: Callable[[OutputLine], None] | None = None
    trace_writer: int = -1
    trace_reader: FileIO | None = None
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    command_environment: dict[str, str] | None = None
    limits: dict[str, None] = field(default_factory=dict)

    # Surroundings of the traffic.

    def keys(self, service: str) -> list[bytes]:
        client = self.servers[service].client
        return list(client.keys("*")) if client is not None else []

    def specifications(self, service: str) -> KeySpecifications:
        found = self.servers[service].specifications
        if found is None:
            raise LabError(f"The service {service} is not a Redis server.")
        return found

    def stack(self, port: int, offset: int) -> tuple[Location, ...]:
        """Application frames; what the tracers wrote before the bytes is read first."""
        self.read_trace()
        return self.tracer.stack(port, offset)

    def read_trace(self) -> None:
        while data := self.trace_reader.read(1 << 16) if self.trace_reader else b"":
            self.tracer.feed(data)

    def catalogue(self, service: str) -> Catalogue:
        """Unique columns, functions and triggers of a database."""
        return self.catalogues.get(service, UNKNOWN)

    def read_catalogues(self) -> None:
        """Asks the databases for their schema, once it stands."""
        for name, server in self.servers.items():
            if server.admin is not None:
                row = server.admin.execute(CATALOGUE_QUERY).fetchone()
                if row is not None:
                    self.catalogues[name] = read_catalogue(row[0])

    # Life.

    def send(self, process: str, request: Request) -> Exchange:
        """Sends a request of the outside world to a process."""
        return Exchange(self.pump, self.namespace.socket(), self.programs[process].port, request)

    def died(self) -> str | None:
        """A process that ended, with its last lines; None while all run.

        InputError for one that found its port taken, which may show after its namesake was ready.
        """
        for program in self.programs.values():
            code = exit_code(program.launched)
            if code is not None:
                program.output.drain()
                return last_words(program.name, code, program.output.tail)
        return None

    def close(self) -> None:
        self.undo.close()


def start(
    system: System,
    *,
    root: Path,
    folder: Path,
    allow_existing: bool = False,
    say: Callable[[str], None],
) -> RunningSystem:
    """Starts servers, migrates, starts processes and waits until they serve.

    Raises ``LabError`` with the last lines of whatever did not come up, and ``InputError`` for a
    server by URL that cannot be used; nothing is left then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        pump = Pump()
        undo.callback(pump.close)
        namespace = open_namespace()
        undo.callback(namespace.close)
        roles = {name: process.name for process in system.processes for name in _names(process)}
        running = RunningSystem(
            system=system,
            root=root,
            folder=folder,
            pump=pump,
            traffic=None,  # type: ignore[arg-type]
            namespace=namespace,
            watch=Watch(namespace.diag() if namespace.isolated else None),
            tracer=TraceReader(root),
            undo=undo,
        )
        running.traffic = Traffic(roles, running)
        undo.callback(running.watch.close)
        undo.callback(running.traffic.hang_up)
        if not namespace.isolated:
            running.limits[
                "The processes could reach the network of this machine: a namespace of their own "
                f"could not be made ({namespace.why})."
            ] = None
        _open_trace_pipe(running)
        for service in system.services:
            say(f"starting {service.name} ({service.kind})")
            running.servers[service.name] = _start_server(running, service, allow_existing)
        _migrate(running, say)
        running.read_catalogues()
        _start_processes(running, say)
        running.undo = undo.pop_all()
    return running


def _names(process: Process) -> list[str]:
    if process.replicas == 1:
        return [process.name]
    return [f"{process.name}.{number}" for number in range(1, process.replicas + 1)]


def _open_trace_pipe(running: RunningSystem) -> None:
    reader, writer = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(reader, False)
    file = os.fdopen(reader, "rb", buffering=0)
    running.trace_writer = writer

    running.trace_reader = file
    running.pump.add(file, lambda _event: running.read_trace(), select.EPOLLIN)
    running.undo.callback(os.close, writer)
    running.undo.callback(file.close)


def _start_server(running: RunningSystem, service: Service, allow_existing: bool) -> Server:
    server = Server(service=service)
    if service.kind == "postgres":
        if service.url is not None:
            server.admin = connect_postgres(service, allow_existing=allow_existing)
        else:
            server.postgres = start_postgres(running.folder)
            running.undo.callback(server.postgres.stop)
            server.postgres.create_database(DATABASE)
            server.admin = server.postgres.admin(DATABASE)
        running.undo.callback(server.admin.close)
        if service.url is not None:
            server.at_end = emptied_again(server.admin)
            running.undo.callback(_leave, running, server)
        return server
    if service.url is None:
        server.redis = start_redis(running.folder)
        running.undo.callback(server.redis.stop)
        server.client = valkey.Valkey(host=server.redis.host, port=server.redis.port)
    else:
        server.client = connect_redis(service, allow_existing=allow_existing)
    running.undo.callback(server.client.close)
    if service.url is not None:
        if not server.client.dbsize():
            server.at_end = server.client.flushdb
        running.undo.callback(_leave, running, server)
    server.specifications = KeySpecifications(_asker(server.client))
    return server


def _leave(running: RunningSystem, server: Server) -> None:
    """Leaves a server by URL as it was found; connections of ended processes are closed first."""
    running.traffic.hang_up()
    if server.at_end is not None:
        server.at_end()


def _asker(client: Any) -> Callable[[tuple[bytes, ...]], Any]:
    def ask(words: tuple[bytes, ...]) -> Any:
        connection = client.connection_pool.get_connection("COMMAND")
        try:
            connection.send_command(*words)
            return connection.read_response()
        finally:
            client.connection_pool.release(connection)

    return ask


def _migrate(running: RunningSystem, say: Callable[[str], None]) -> None:
    for service in running.system.services:
        if service.migrate:
            say(f"migrating {service.name}: {service.migrate}")
            _command(running, service.migrate, f"The migration of service `{service.name}`")
    for command in running.system.setup_commands:
        say(f"setting up: {command}")
        _command(running, command, "A setup command")
    databases = [server.admin for server in running.servers.values() if server.admin]
    for statement in running.system.setup_sql:
        try:
            databases[0].execute(statement.encode())
        except (psycopg.Error, IndexError) as error:
            raise InputError(f"The setup SQL failed: {error}. Correct [setup] sql.") from error


def _command(running: RunningSystem, command: str, what: str) -> None:
    """Runs a command of the contract inside the lab, by way of idle proxies."""
    finished = run_command(running, command, timeout_s=COMMAND_TIMEOUT_S)
    if finished.code != 0:
        ended = (
            f"did not end within {COMMAND_TIMEOUT_S:.0f} s"
            if finished.code is None
            else f"ended with exit code {finished.code}"
        )
        tail = "\n  ".join(finished.lines[-12:]) or "(it wrote nothing)"
        raise LabError(f"{what} {ended}: {command}\n  {tail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that was run inside the lab."""

    code: int | None
    """None: it was ended after its time was over."""
    lines: tuple[str, ...]


def run_command(running: RunningSystem, command: str, *, timeout_s: float) -> Finished:
    """Runs a shell command in the lab's tree and network, its services by way of idle proxies."""
    with Command(running, command, timeout_s=timeout_s) as begun:
        while (finished := begun.look()) is None:
            running.pump.turn(0.01)
    return finished


class Command:
    """A shell command that runs inside the lab while somebody turns its pump."""

    def __init__(self, running: RunningSystem, command: str, *, timeout_s: float) -> None:
        if running.command_environment is None:
            running.command_environment = _environment(running, "setup", {}, trace=False)
        programs = f"{running.root / 'node_modules' / '.bin'}{os.pathsep}"
        env = running.command_environment
        self._lines: list[str] = []
        self._deadline_ms = monotonic_ms() + timeout_s * 1000
        self._launched = launch(
            command,
            cwd=running.root,
            env=env | {"PATH": programs + env.get("PATH", os.defpath)},
            namespace=running.namespace if running.namespace.isolated else None,
            folder=running.folder,
            what=command,
        )
        if self._launched.stdout is None:
            raise LabError(f"The command could not be started: {command}")
        self._output = Output(running.pump, "setup", self._launched.stdout, self._keep)

    def look(self) -> Finished | None:
        """How it ended, or that its time is over; None while it runs."""
        code = exit_code(self._launched)
        if code is None and monotonic_ms() < self._deadline_ms:
            return None
        self.end()
        return Finished(code=code, lines=tuple(self._lines))

    def end(self) -> None:
        """Ends it and all it started."""
        terminate(self._launched, grace_s=0.0)
        self._output.drain()
        self._output.close()

    def _keep(self, line: OutputLine) -> None:
        self._lines.append(line.text)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _start_processes(running: RunningSystem, say: Callable[[str], None]) -> None:
    system = running.system
    for process in system.processes:
        for name in _names(process):
            running.ports[name] = _free_port(running)
    names = {process.name: _names(process)[0] for process in system.processes}
    for process in system.processes:
        for name in _names(process):
            say(f"starting {name}: {process.command}")
            _start_process(running, process, name, names)
    for program in running.programs.values():
        say(f"waiting until {program.name} serves")
        _wait_until_ready(running, program)
    called = running.namespace.egress()
    if called:
        running.limits[
            f"At its start the system called {', '.join(called)}, which is outside the lab and was "
            "not reached."
        ] = None
    running.watch.follow([program.launched.pid for program in running.programs.values()])


def _start_process(
    running: RunningSystem, process: Process, name: str, names: Mapping[str, str]
) -> None:
    port = running.ports[name]
    extra = {
        key: _template(value, {"port": str(port), "name": name}, running, name, names)
        for key, value in process.env.items()
    }
    cwd = running.root / process.cwd
    file_values = _env_file(cwd / process.env_file) if process.env_file else {}
    env = _environment(running, name, file_values | extra, trace=True)
    command = process.command.replace("{port}", str(port)).replace("{name}", name)
    launched = launch(
        _words(command),
        cwd=cwd,
        env=env,
        namespace=running.namespace if running.namespace.isolated else None,
        extra_fds=(running.trace_writer,),
        folder=running.folder,
        what=name,
    )
    running.undo.callback(terminate, launched, grace_s=0.0)
    if launched.stdout is None:
        raise LabError(f"The process {name} has no output to read.")
    output = Output(
        running.pump,
        name,
        launched.stdout,
        lambda line: running.on_line(line) if running.on_line else None,
    )
    output.now_ms = running.traffic.now_ms
    running.undo.callback(output.close)
    running.programs[name] = Program(
        name=name, process=process, port=port, environment=env, launched=launched, output=output
    )


def _environment(
    running: RunningSystem, name: str, extra: Mapping[str, str], *, trace: bool
) -> dict[str, str]:
    """The environment of one process: services by way of proxies of its own."""
    env = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
    env |= node_environment_for(_commands(running.system), env)
    ports = []
    for service in running.system.services:
        server = running.servers[service.name]
        port = _listen(running, name, service.name, service.kind, server.connect(running.pump))
        ports.append(port)
        values = server.values(port)
        env |= {key: _fill(value, values) for key, value in service.env.items()}
    for stub in running.system.stubs:
        routes = read_routes(running.root / stub.routes)
        connect = stub_upstream(running.pump, routes, lambda: running.natural)
        port = _listen(running, name, stub.name, "http", connect)
        ports.append(port)
        values = {
            "url": f"http://127.0.0.1:{port}",
            "host": "127.0.0.1",
            "port": str(port),
        }
        env |= {key: _fill(value, values) for key, value in stub.env.items()}
    env |= extra
    return environment(env, trace_fd=running.trace_writer, ports=ports) if trace else env


def _commands(system: System) -> list[str]:
    """Every command that is run inside the lab."""
    migrations = [service.migrate for service in system.services if service.migrate]
    processes = [process.command for process in system.processes]
    tests = [system.test_command] if system.test_command else []
    return [*migrations, *system.setup_commands, *processes, *tests]


def _listen(
    running: RunningSystem,
    process: str,
    service: str,
    kind: Kind,
    connect: Callable[[Channel], Upstream],
) -> int:
    route = Route(process=process, service=service, kind=kind, connect=connect)
    listener = Listener(
        running.pump, route, running.namespace.listen(), running.traffic, running.traffic.opened
    )
    running.undo.callback(listener.close)
    return listener.port


def _template(
    text: str,
    values: dict[str, str],
    running: RunningSystem,
    process: str,
    names: Mapping[str, str],
) -> str:
    """Fills ``{port}``, ``{name}`` and ``{process.X.url}`` of a peer."""
    for peer in re.findall(r"\{process\.([\w-]+)\.url\}", text):
        if peer not in names:
            raise InputError(
                f"`{{process.{peer}.url}}` names a process that redhanded.toml does not have."
            )
        connect = peer_upstream(running.pump, running.namespace.socket, running.ports[names[peer]])
        port = _listen(running, process, names[peer], "http", connect)
        text = text.replace(f"{{process.{peer}.url}}", f"http://127.0.0.1:{port}")
    return _fill(text, values)


def _fill(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text


def _words(command: str) -> str | list[str]:
    """Words where a shell is not needed: one process less to watch."""
    return command if SHELL_SYNTAX.search(command) else shlex.split(command)


def _env_file(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise InputError(f"The env_file {path} cannot be read: {error.strerror}.") from error
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.removeprefix("export ").strip(): value.strip(" \"'") for key, value in pairs}


def _free_port(running: RunningSystem) -> int:
    """A port for a process: in a namespace of its own below those that sockets are given."""
    if running.namespace.isolated:
        return PROCESS_PORTS_FROM + len(running.ports)
    with running.namespace.listen() as bound:
        return int(bound.getsockname()[1])


def _wait_until_ready(running: RunningSystem, program: Program) -> None:
    deadline = monotonic_ms() + READY_TIMEOUT_S * 1000
    while monotonic_ms() < deadline:
        running.pump.turn(0.02)
        code = exit_code(program.launched)
        if code is not None:
            program.output.drain()
            raise LabError(last_words(program.name, code, program.output.tail) + _called(running))
        if _is_ready(running, program):
            return
    wanted = program.process.ready or program.process.ready_log
    raise LabError(
        f"The process {program.name} was not ready within {READY_TIMEOUT_S:.0f} s "
        f"(waiting for {wanted!r}){_called(running)}. "
        f"Its last lines:\n  {shown(program.output.tail)}"
    )


def _called(running: RunningSystem) -> str:
    """Addresses outside the lab that were called until now, as an addition to a sentence."""
    called = running.namespace.egress()
    return f" (it called {', '.join(called)}, which is outside the lab)" if called else ""


def _is_ready(running: RunningSystem, program: Program) -> bool:
    process = program.process
    if process.ready_log:
        return any(process.ready_log in line for line in program.output.tail)
    if process.ready:
        url = urlsplit(_fill(process.ready, {"port": str(program.port), "name": program.name}))
        path = url.path or "/"
        data = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        exchange = Exchange(
            running.pump, running.namespace.socket(), url.port or 80, Request(data=data, text="")
        )
        deadline = monotonic_ms() + 2000
        while not exchange.ended and monotonic_ms() < deadline:
            running.pump.turn(0.02)
        exchange.close()
        return exchange.status is not None and exchange.status < 400
    return True
