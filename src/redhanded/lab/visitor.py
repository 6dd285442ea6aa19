"""Programs that the outside world starts within a trial, such as a migration on deployment.

Each runs in the lab's network with the environment of one of the system's processes, but by way of
proxies of its own, so that what it sends is known to be its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from redhanded.case.errors import LabError
from redhanded.lab.environment import fill, words
from redhanded.lab.output import Output
from redhanded.lab.programs import environment_for, program_named
from redhanded.lab.running import RunningSystem
from redhanded.lab.services import exit_code, launch, terminate


class Visitor:
    """One start of a program; its answer is its exit."""

    body = b""

    def __init__(self, running: RunningSystem, name: str, to: str, command: str) -> None:
        self.status: int | None = None
        self.on_end: Callable[[], None] | None = None
        self._running = running
        self._name = name
        self._open = True
        program = running.programs[program_named(running, to)]
        if name not in running.visitor_environments:
            running.visitor_environments[name] = environment_for(
                running, program.process, name, program.port
            )
        env = running.visitor_environments[name]
        tools = f"{running.root / 'node_modules' / '.bin'}{os.pathsep}"
        self._launched = launch(
            words(fill(command, {"port": str(program.port), "name": program.name})),
            cwd=running.root / program.process.cwd,
            env=env | {"PATH": tools + env.get("PATH", os.defpath)},
            namespace=running.namespace if running.namespace.isolated else None,
            extra_fds=(running.trace_writer,),
            folder=running.folder,
            what=command,
        )
        if self._launched.stdout is None:
            terminate(self._launched, grace_s=0.0)
            raise LabError(f"The program has no output to read: {command}")
        self._output = Output(
            running.pump,
            name,
            self._launched.stdout,
            lambda line: running.on_line(line) if running.on_line else None,
            roots=running.places,
        )
        self._output.now_ms = running.traffic.now_ms
        running.visitors[name] = self._launched.pid
        running.watch_all()

    @property
    def ended(self) -> bool:
        """Looks whether it has ended."""
        if self._open and (code := exit_code(self._launched)) is not None:
            self.status = code
            self._leave()
        return not self._open

    def close(self) -> None:
        """Ends it, if it still runs, with all that it started."""
        if not self.ended:
            self._leave()

    def _leave(self) -> None:
        self._open = False
        terminate(self._launched, grace_s=0.0)
        self._output.drain()
        self._output.close()
        if self._running.visitors.get(self._name) == self._launched.pid:
            del self._running.visitors[self._name]
            self._running.watch_all()
        if self.on_end is not None:
            self.on_end()
