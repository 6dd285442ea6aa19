"""Commands that run inside the lab: migrations, setup, tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from redhanded.case.errors import LabError
from redhanded.case.run import OutputLine
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.environment import direct_environment, environment_of
from redhanded.lab.output import Output
from redhanded.lab.running import RunningSystem
from redhanded.lab.services import exit_code, launch, terminate


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that was run inside the lab."""

    code: int | None
    """None: it was ended after its time was over."""
    lines: tuple[str, ...]


def run_command(
    running: RunningSystem,
    command: str,
    *,
    timeout_s: float,
    settings: Mapping[str, str] | None = None,
    direct: bool = False,
) -> Finished:
    """Runs a shell command in the lab's tree and network, its services by way of idle proxies.

    ``settings`` are added to its environment; where services are stays as it is. A ``direct`` one
    runs outside the lab's network and is told where the real services are.
    """
    with Command(running, command, timeout_s=timeout_s, settings=settings, direct=direct) as begun:
        while (finished := begun.look()) is None:
            running.pump.turn(0.01)
    return finished


class Command:
    """A shell command that runs inside the lab while somebody turns its pump."""

    def __init__(
        self,
        running: RunningSystem,
        command: str,
        *,
        timeout_s: float,
        settings: Mapping[str, str] | None = None,
        direct: bool = False,
    ) -> None:
        if running.command_environment is None and not direct:
            running.command_environment = environment_of(running, "setup", {}, trace=False)
        own = direct_environment(running) if direct else running.command_environment
        inside = running.namespace.isolated and not direct
        programs = f"{running.root / 'node_modules' / '.bin'}{os.pathsep}"
        env = dict(settings or {}) | (own or {})
        self._lines: list[str] = []
        self._deadline_ms = monotonic_ms() + timeout_s * 1000
        self._launched = launch(
            command,
            cwd=running.root,
            env=env | {"PATH": programs + env.get("PATH", os.defpath)},
            namespace=running.namespace if inside else None,
            folder=running.folder,
            what=command,
        )
        if self._launched.stdout is None:
            raise LabError(f"The command could not be started: {command}")
        self._output = Output(
            running.pump, "setup", self._launched.stdout, self._keep, roots=running.places
        )

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
