"""The processes of a system: started until they serve, and started anew."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from redhanded.case.errors import LabError
from redhanded.case.system import Process
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.environment import env_file, environment_of, fill, template, words
from redhanded.lab.last_words import last_words, shown
from redhanded.lab.output import Output
from redhanded.lab.outside import Exchange, Request
from redhanded.lab.running import Program, RunningSystem
from redhanded.lab.services import exit_code, launch, terminate
from redhanded.lab.timers import readable

READY_TIMEOUT_S = 30.0
PROCESS_PORTS_FROM = 20_001
HELLO_TIMEOUT_MS = 300.0
"""A process that serves has told of itself by then, if it follows the lab's clock."""


def start_programs(running: RunningSystem, say: Callable[[str], None]) -> None:
    """Starts every replica of every process and waits until it serves.

    Raises ``LabError`` with the last lines of one that did not come up.
    """
    system = running.system
    for process in system.processes:
        for name in replicas(process):
            running.ports[name] = _free_port(running)
    running.undo.callback(_end_programs, running)
    for process in system.processes:
        for name in replicas(process):
            say(f"starting {name}: {process.command}")
            environment = environment_for(running, process, name, running.ports[name])
            _launch(running, process, name, environment)
    _wait_for_all(running, say)
    called = running.namespace.egress()
    if called:
        running.limits[
            f"At its start the system called {', '.join(called)}, which is outside the lab and was "
            "not reached."
        ] = None
    if not all(readable(program.launched.pid) for program in running.programs.values()):
        running.limits[
            "This machine does not show what a sleeping process waits for (/proc/PID/syscall): "
            "what a process sends after a pause may come too late for its turn."
        ] = None


def restart_programs(
    running: RunningSystem, *, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Ends all processes, with all that they remember, and starts them again at their addresses.

    Nothing may be held then; ``meanwhile`` is called while none runs. Raises ``LabError`` as
    ``start_programs`` does.
    """
    before = list(running.programs.values())
    _end_programs(running)
    running.traffic.hang_up()
    meanwhile()
    for program in before:
        _launch(running, program.process, program.name, program.environment)
    _wait_for_all(running, lambda _sentence: None)


def replace_program(running: RunningSystem, name: str) -> None:
    """Kills one replica with all that it started, and starts it again at its addresses.

    In the middle of a trial: what the new one sends to get ready goes on as it comes. Raises
    ``LabError`` as ``start_programs`` does.
    """
    before = running.programs.pop(name)
    terminate(before.launched, grace_s=0.0)
    before.output.drain()
    before.output.close()
    for channel in tuple(running.traffic.states):
        if channel.route.process == name:
            channel.cut()
    _launch(running, before.process, name, before.environment)
    _wait_until_ready(running, running.programs[name])
    running.watch_all()


def replicas(process: Process) -> list[str]:
    """``worker``, or ``worker.1``, ``worker.2`` … where there are several."""
    if process.replicas == 1:
        return [process.name]
    return [f"{process.name}.{number}" for number in range(1, process.replicas + 1)]


def program_named(running: RunningSystem, to: str) -> str:
    """The replica that ``to`` names, or the first one of a process; ``LabError`` if there is none.

    ``worker.2`` is the second of several replicas.
    """
    for name, program in running.programs.items():
        if to in (name, program.process.name):
            return name
    raise LabError(f"`{to}` in redhanded.toml is not a process of the system.")


def _wait_for_all(running: RunningSystem, say: Callable[[str], None]) -> None:
    for program in running.programs.values():
        say(f"waiting until {program.name} serves")
        _wait_until_ready(running, program)
    running.watch_all()
    running.look_for_other_clocks(HELLO_TIMEOUT_MS)


def _end_programs(running: RunningSystem) -> None:
    while running.programs:
        _, program = running.programs.popitem()
        terminate(program.launched, grace_s=0.0)
        program.output.close()


def environment_for(
    running: RunningSystem, process: Process, name: str, port: int
) -> dict[str, str]:
    """What ``process`` is told, with proxies of its own for whoever is called ``name``."""
    names = {process.name: replicas(process)[0] for process in running.system.processes}
    own = {
        key: template(value, {"port": str(port), "name": name}, running, name, names)
        for key, value in process.env.items()
    }
    file_values = {}
    if process.env_file:
        file_values = env_file(running.root / process.cwd / process.env_file)
    return environment_of(running, name, file_values | own, trace=True)


def _launch(
    running: RunningSystem, process: Process, name: str, environment: dict[str, str]
) -> None:
    running.traffic.causes.starts(name)
    port = running.ports[name]
    command = process.command.replace("{port}", str(port)).replace("{name}", name)
    launched = launch(
        words(command),
        cwd=running.root / process.cwd,
        env=environment,
        namespace=running.namespace if running.namespace.isolated else None,
        extra_fds=(running.trace_writer,),
        folder=running.folder,
        what=name,
    )
    if launched.stdout is None:
        terminate(launched, grace_s=0.0)
        raise LabError(f"The process {name} has no output to read.")
    output = Output(
        running.pump,
        name,
        launched.stdout,
        lambda line: running.on_line(line) if running.on_line else None,
        roots=running.places,
    )
    output.now_ms = running.traffic.now_ms
    running.programs[name] = Program(
        name=name,
        process=process,
        port=port,
        environment=environment,
        launched=launched,
        output=output,
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
        running.traffic.let_start(program.name)
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
    """What was seen of connections until now that explains it, as an addition to a sentence."""
    called = running.namespace.egress()
    seen = [f"it called {', '.join(called)}, which is outside the lab"] if called else []
    seen += [*running.traffic.notes, *running.traffic.refused()]
    return f" ({'; '.join(seen)})" if seen else ""


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
