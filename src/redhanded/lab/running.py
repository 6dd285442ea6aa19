"""A system that runs: what is up, and what the traffic asks of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

import psycopg

from redhanded.case.errors import LabError
from redhanded.case.evidence import Location
from redhanded.case.run import OutputLine
from redhanded.case.system import Process, System
from redhanded.lab.authority import Authority
from redhanded.lab.footprint import (
    CATALOGUE_QUERY,
    UNKNOWN,
    Catalogue,
    KeySpecifications,
    read_catalogue,
)
from redhanded.lab.lab_clock import LabClock
from redhanded.lab.last_words import last_words
from redhanded.lab.namespace import Namespace
from redhanded.lab.output import Output
from redhanded.lab.outside import Exchange, Request
from redhanded.lab.pump import Pump
from redhanded.lab.quiescence import Watch
from redhanded.lab.servers import Server, rows_unless_locked
from redhanded.lab.services import Launched, exit_code
from redhanded.lab.tracers import TraceReader
from redhanded.lab.traffic import Traffic

TRACE_HEARD, TRACE_UNHEARD = 0o600, 0o640


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
    direct: bool = False
    """Processes talk to the servers themselves, past the proxies."""
    authority: Authority | None = None
    """Of a system some of whose services are to be reached in TLS."""
    fronts: dict[str, int] = field(default_factory=dict)
    """Service to the port that ends TLS in front of it, for programs that go past the proxies."""
    on_line: Callable[[OutputLine], None] | None = None
    trace_writer: int = -1
    trace_reader: FileIO | None = None
    trace_heard: Path | None = None
    """One byte, 0 while nobody listens to the tracers."""
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    command_environment: dict[str, str] | None = None
    visitors: dict[str, int] = field(default_factory=dict)
    """Programs of the outside world that run now: name to process id."""
    visitor_environments: dict[str, dict[str, str]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """What processes are told besides where services are; migrations read it too."""
    limits: dict[str, None] = field(default_factory=dict)
    temporary: Path | None = None
    """Where programs in the lab put temporary files; gone afterwards, however they end."""
    clock: LabClock | None = None
    """What keeps the processes on lab time; None: their clocks are the machine's."""

    # Surroundings of the traffic.

    def keys(self, service: str) -> list[bytes]:
        server = self.servers[service]
        return server.keys() if server.client is not None else []

    def rows(self, service: str, sql: str) -> list[tuple[Any, ...]] | None:
        admin = self.servers[service].admin
        return None if admin is None else rows_unless_locked(admin, sql)

    def admin(self, service: str) -> psycopg.Connection[Any] | None:
        return self.servers[service].admin

    def specifications(self, service: str) -> KeySpecifications:
        found = self.servers[service].specifications
        if found is None:
            raise LabError(f"The service {service} is not a Redis server.")
        return found

    def stack(self, port: int, offset: int, sealed_at: int | None = None) -> tuple[Location, ...]:
        """Application frames; what the tracers wrote before the bytes is read first."""
        self.read_trace()
        return self.tracer.stack(port, offset, sealed_at)

    def timer_fired(self, process: str) -> bool:
        """Whether a timer of a process that was set before the current step fell due in it."""
        if process in self.visitors:
            return self.watch.fired(self.visitors[process])
        return process in self.programs and self.watch.fired(self.programs[process].launched.pid)

    def watch_all(self) -> None:
        """Watches all that runs now, the outside world's programs too."""
        pids = [program.launched.pid for program in self.programs.values()]
        self.watch.follow([*pids, *self.visitors.values()])

    def pollers(self) -> list[str]:
        """A sentence for each process whose timers fire all the time."""
        polling = self.watch.pollers
        return [
            f"{name} wakes up every few milliseconds by itself: what it sends then is not waited "
            "for, so that orders may not repeat themselves."
            for name, program in self.programs.items()
            if program.launched.pid in polling
        ]

    @property
    def places(self) -> tuple[Path, Path]:
        """Where the tree lies, and where the one lies that it was made of."""
        return self.root, Path(self.system.root)

    def trace(self, *, heard: bool) -> None:
        """Has the tracers look for lines, or not: they cost more than a message does.

        The mode of the pipe tells them, which every process that can write to it can see, and a
        byte of a file, which those see who have it in memory.
        What they said before is dropped: of connections that are made while nobody listens nothing
        is said, and these may have the ports of earlier ones.
        """
        if self.trace_reader is not None:
            os.fchmod(self.trace_reader.fileno(), TRACE_HEARD if heard else TRACE_UNHEARD)
        if self.trace_heard is not None:
            with self.trace_heard.open("r+b") as file:
                file.write(b"\1" if heard else b"\0")
        self.read_trace()
        self.tracer.begin_anew()

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

    def advance_clock(self, by_ms: float) -> None:
        """Moves the clock of all processes forward; what is due runs when the system next rests.

        LabError if the system is not on lab time.
        """
        if self.clock is None:
            raise LabError(
                'The clocks of the processes cannot be moved: put `clock = "lab"` under [system] '
                "in redhanded.toml."
            )
        self.traffic.causes.next_step()
        self.clock.advance(by_ms)

    def look_for_other_clocks(self, wait_ms: float = 0.0) -> None:
        """Names the processes that do not follow the lab's clock, if there is one.

        Those that have just started are given ``wait_ms`` to say that they do.
        """
        if self.clock is not None:
            pids = {name: program.launched.pid for name, program in self.programs.items()}
            self.clock.look_around(pids | self.visitors, wait_ms)

    def close(self) -> None:
        self.undo.close()
