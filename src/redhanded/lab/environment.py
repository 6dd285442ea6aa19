"""The environment of a process in the lab: each service by way of a proxy of its own."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.case.system import Service, System
from redhanded.lab.authority import in_tls, pipe_for
from redhanded.lab.front import Front
from redhanded.lab.proxy import Connect, Kind, Listener, MakePipe, Route, peer_upstream
from redhanded.lab.pump import Pipe
from redhanded.lab.running import RunningSystem
from redhanded.lab.stub import read_routes, stub_upstream
from redhanded.lab.tracers import clock_environment, environment
from redhanded.lab.trees import node_environment_for

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "NODE_OPTIONS", "PYTHONPATH")
SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?\[#~=%\n]")


def environment_of(
    running: RunningSystem, name: str, extra: Mapping[str, str], *, trace: bool
) -> dict[str, str]:
    """The environment of one process: services by way of proxies of its own."""
    env = _kept(running)
    ports = []
    for service in running.system.services:
        server = running.servers[service.name]
        if running.direct:
            values = direct_values(running, service)
            env |= {key: fill(value, values) for key, value in service.env.items()}
            continue
        pipe = pipe_for(running.authority, service.kind, tls=service.tls)
        connect = server.connect(running.pump)
        port = _listen(running, name, service.name, service.kind, connect, pipe)
        ports.append(port)
        values = _told(running, service, port)
        env |= {key: fill(value, values) for key, value in service.env.items()}
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
        env |= {key: fill(value, values) for key, value in stub.env.items()}
    env = on_clock(running, {**env, **extra})
    traced = trace and not running.direct
    if not traced:
        return env
    return environment(env, trace_fd=running.trace_writer, ports=ports, heard=running.trace_heard)


def direct_environment(running: RunningSystem) -> dict[str, str]:
    """What a command outside the lab's network is told: where the real services are."""
    env = _kept(running)
    for service in running.system.services:
        values = direct_values(running, service)
        env |= {key: fill(value, values) for key, value in service.env.items()}
    return on_clock(running, env)


def on_clock(running: RunningSystem, env: dict[str, str]) -> dict[str, str]:
    """``env``, with the lab's clock added where there is one."""
    return env if running.clock is None else clock_environment(env, running.clock.folder)


def direct_values(running: RunningSystem, service: Service) -> dict[str, str]:
    """Where the real service is, or what only ends TLS in front of it."""
    if not service.tls or running.authority is None:
        return running.servers[service.name].values(None)
    if service.name not in running.fronts:
        connect = running.servers[service.name].connect(running.pump)
        front = Front(running.pump, service, connect, running.authority.pipe(service.kind))
        running.undo.callback(front.close)
        running.fronts[service.name] = front.port
    return _told(running, service, running.fronts[service.name])


def _told(running: RunningSystem, service: Service, port: int) -> dict[str, str]:
    """What ``{url}`` and its kin stand for at a port of ours."""
    values = running.servers[service.name].values(port)
    if not service.tls or running.authority is None:
        return values
    return in_tls(values, running.authority)


def _kept(running: RunningSystem) -> dict[str, str]:
    """What every program in the lab is told, whatever it does."""
    env = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
    if running.temporary is not None:
        env["TMPDIR"] = str(running.temporary)
    env |= node_environment_for(_commands(running.system), env)
    programs = running.root / ".venv" / "bin"
    if programs.is_dir():
        env["PATH"] = f"{programs}{os.pathsep}{env.get('PATH', os.defpath)}"
    # A line is seen when it is written, not when a buffer is full.
    env["PYTHONUNBUFFERED"] = "1"
    if running.authority is not None:
        env |= running.authority.variables()
    return env


def settings(system: System, root: Path) -> dict[str, str]:
    """What processes are told, for commands as well: a migration reads the same settings.

    Where two processes are told different things, the first counts; what depends on the process is
    left out.
    """
    found: dict[str, str] = {}
    for process in system.processes:
        env = env_file(root / process.cwd / process.env_file) if process.env_file else {}
        env |= {key: value for key, value in process.env.items() if "{" not in value}
        found = env | found
    return found


def _commands(system: System) -> list[str]:
    """Every command that is run inside the lab."""
    migrations = [service.migrate for service in system.services if service.migrate]
    processes = [process.command for process in system.processes]
    tests = [system.test_command] if system.test_command else []
    checks = [invariant.run for invariant in system.invariants if invariant.run]
    started = [entry.run for entry in system.workload if entry.run]
    return [*migrations, *system.setup_commands, *processes, *tests, *checks, *started]


def _listen(
    running: RunningSystem,
    process: str,
    service: str,
    kind: Kind,
    connect: Connect,
    pipe: MakePipe = Pipe,
) -> int:
    route = Route(process=process, service=service, kind=kind, connect=connect, pipe=pipe)
    listener = Listener(
        running.pump, route, running.namespace.listen(), running.traffic, running.traffic.opened
    )
    running.undo.callback(listener.close)
    return listener.port


def template(
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
    return fill(text, values)


def fill(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text


def words(command: str) -> str | list[str]:
    """Words where a shell is not needed: one process less to watch."""
    return command if SHELL_SYNTAX.search(command) else shlex.split(command)


def env_file(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise InputError(f"The env_file {path} cannot be read: {error.strerror}.") from error
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.removeprefix("export ").strip(): value.strip(" \"'") for key, value in pairs}
