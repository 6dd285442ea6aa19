"""Starts a system: servers, migrations, processes, until they serve."""

from __future__ import annotations

import os
import select
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from redhanded.case.errors import InputError, LabError
from redhanded.case.system import System
from redhanded.lab.authority import make_authority
from redhanded.lab.commands import run_command
from redhanded.lab.dump import holds_schema, restore
from redhanded.lab.environment import settings
from redhanded.lab.lab_clock import LabClock
from redhanded.lab.namespace import Namespace, open_namespace
from redhanded.lab.programs import replicas, start_programs
from redhanded.lab.pump import Pump
from redhanded.lab.quiescence import Watch
from redhanded.lab.running import RunningSystem
from redhanded.lab.servers import start_server
from redhanded.lab.services import record, temporary_folder
from redhanded.lab.tracers import TraceReader
from redhanded.lab.traffic import Traffic

COMMAND_TIMEOUT_S = 180.0
DIRECT = "the servers are outside of it, and were to be reached directly"


def start(
    system: System,
    *,
    root: Path,
    folder: Path,
    allow_existing: bool = False,
    direct: bool = False,
    told: System | None = None,
    say: Callable[[str], None],
) -> RunningSystem:
    """Starts servers, migrates, starts processes and waits until they serve.

    With ``direct`` the processes share this machine's network and talk to the servers themselves.
    Migrations are told the settings that the processes of ``told`` have (else of ``system``).
    Raises ``LabError`` with the last lines of whatever did not come up, and ``InputError`` for a
    server by URL that cannot be used; nothing is left then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        pump = Pump()
        undo.callback(pump.close)
        namespace = Namespace(isolated=False, why=DIRECT) if direct else open_namespace()
        undo.callback(namespace.close)
        roles = {name: process.name for process in system.processes for name in replicas(process)}
        running = RunningSystem(
            system=system,
            root=root,
            folder=folder,
            pump=pump,
            traffic=None,  # type: ignore[arg-type]
            namespace=namespace,
            watch=Watch(namespace.diag() if namespace.isolated else None),
            tracer=TraceReader(root),
            direct=direct,
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
        running.settings = settings(told or system, root)
        _make_temporary(running)
        _set_clock(running)
        _open_trace_pipe(running)
        _make_authority(running)
        _start_servers(running, allow_existing, say)
        _migrate(running, say)
        start_programs(running, say)
        # Libraries make tables, functions and triggers of their own when they start.
        running.read_catalogues()
        running.undo = undo.pop_all()
    return running


def _start_servers(
    running: RunningSystem, allow_existing: bool, say: Callable[[str], None]
) -> None:
    for service in running.system.services:
        say(f"starting {service.name} ({service.kind})")
        running.servers[service.name] = start_server(
            service,
            running.folder,
            running.undo,
            allow_existing=allow_existing,
            hang_up=running.traffic.hang_up,
        )


def _make_authority(running: RunningSystem) -> None:
    """Where some service is to be reached in TLS."""
    services = running.system.services
    if any(service.tls for service in services):
        place = running.undo.enter_context(temporary_folder(running.folder, "authority"))
        record(running.folder, what="certificates", removes=place)
        running.authority = make_authority(place, [each.name for each in services])


def _make_temporary(running: RunningSystem) -> None:
    """Not in the lab's own folder: a path to a socket has to be short."""
    place = Path(tempfile.gettempdir())
    running.temporary = running.undo.enter_context(temporary_folder(place, "redhanded"))
    record(running.folder, what="temporary files", removes=running.temporary)


def _set_clock(running: RunningSystem) -> None:
    """Lab time, if the system asks for it and there is a lab between it and its servers."""
    if running.system.clock == "lab" and not running.direct:
        place = running.undo.enter_context(temporary_folder(running.folder, "clock"))
        record(running.folder, what="clock", removes=place)
        running.clock = clock = LabClock(place, running.pump)
        running.undo.callback(clock.close)
        running.traffic.moved_ms = lambda: clock.offset_ms


def _open_trace_pipe(running: RunningSystem) -> None:
    place = running.undo.enter_context(temporary_folder(running.folder, "trace"))
    record(running.folder, what="trace", removes=place)
    running.trace_heard = place / "heard"
    running.trace_heard.write_bytes(b"\1")
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
        dump = running.system.dumps.get(service.name)
        path = running.root / dump if dump else None
        before = path is not None and holds_schema(path)
        if path is not None and before:
            _restore(running, service.name, path, say)
        if service.migrate:
            say(f"migrating {service.name}: {service.migrate}")
            _command(running, service.migrate, f"The migration of service `{service.name}`")
        if path is not None and not before:
            _restore(running, service.name, path, say)
    for command in running.system.setup_commands:
        say(f"setting up: {command}")
        _command(running, command, "A setup command")
    databases = [server.admin for server in running.servers.values() if server.admin]
    for statement in running.system.setup_sql:
        try:
            databases[0].execute(statement.encode())
        except (psycopg.Error, IndexError) as error:
            raise InputError(f"The setup SQL failed: {error}. Correct [setup] sql.") from error


def _restore(running: RunningSystem, service: str, path: Path, say: Callable[[str], None]) -> None:
    admin = running.servers[service].admin
    if admin is not None:
        say(f"restoring {service} from {path.name}")
        restore(admin, path)


def _command(running: RunningSystem, command: str, what: str) -> None:
    """Runs a command of the contract inside the lab, by way of idle proxies."""
    finished = run_command(running, command, timeout_s=COMMAND_TIMEOUT_S, settings=running.settings)
    if finished.code != 0:
        ended = (
            f"did not end within {COMMAND_TIMEOUT_S:.0f} s"
            if finished.code is None
            else f"ended with exit code {finished.code}"
        )
        tail = "\n  ".join(finished.lines[-12:]) or "(it wrote nothing)"
        refused = [*running.traffic.notes, *running.traffic.refused()]
        seen = "".join(f"\n  ({each})" for each in refused)
        raise LabError(f"{what} {ended}: {command}\n  {tail}{seen}")
