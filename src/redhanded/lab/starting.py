"""Starts a system: servers, migrations, processes, until they serve."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from redhanded.case.errors import InputError, LabError
from redhanded.case.system import Process, System
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.commands import run_command
from redhanded.lab.environment import env_file, environment_of, fill, template, words
from redhanded.lab.last_words import last_words, shown
from redhanded.lab.namespace import open_namespace
from redhanded.lab.output import Output
from redhanded.lab.outside import Exchange, Request
from redhanded.lab.pump import Pump
from redhanded.lab.quiescence import Watch
from redhanded.lab.running import Program, RunningSystem
from redhanded.lab.servers import start_server
from redhanded.lab.services import (
    exit_code,
    launch,
    terminate,
)
from redhanded.lab.timers import readable
from redhanded.lab.tracers import TraceReader
from redhanded.lab.traffic import Traffic

READY_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 180.0
PROCESS_PORTS_FROM = 20_001


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
            running.servers[service.name] = start_server(
                service,
                running.folder,
                running.undo,
                allow_existing=allow_existing,
                hang_up=running.traffic.hang_up,
            )
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
    pids = [program.launched.pid for program in running.programs.values()]
    running.watch.follow(pids)
    if not all(readable(pid) for pid in pids):
        running.limits[
            "This machine does not show what a sleeping process waits for (/proc/PID/syscall): "
            "what a process sends after a pause may come too late for its turn."
        ] = None


def _start_process(
    running: RunningSystem, process: Process, name: str, names: Mapping[str, str]
) -> None:
    port = running.ports[name]
    extra = {
        key: template(value, {"port": str(port), "name": name}, running, name, names)
        for key, value in process.env.items()
    }
    cwd = running.root / process.cwd
    file_values = env_file(cwd / process.env_file) if process.env_file else {}
    env = environment_of(running, name, file_values | extra, trace=True)
    command = process.command.replace("{port}", str(port)).replace("{name}", name)
    launched = launch(
        words(command),
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
        url = urlsplit(fill(process.ready, {"port": str(program.port), "name": program.name}))
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
