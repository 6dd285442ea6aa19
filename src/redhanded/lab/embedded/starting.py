"""Start a server on a free port and wait until it answers, by looking and never by sleeping."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals

from redhanded.case.errors import LabError
from redhanded.lab.embedded.binaries import server_user
from redhanded.lab.embedded.process_table import wait_for_exit
from redhanded.lab.embedded.processes import spawn
from redhanded.lab.embedded.records import record

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.002
PORT_ATTEMPTS = 8
LOG_LINES_SHOWN = 12
PORT_TAKEN = "address already in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]
    ends_with: Signals
    data: Path
    folder: Path
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid


def start_server(
    what: str,
    command: Callable[[int], Sequence[str]],
    is_ready: Callable[[], bool],
    *,
    folder: Path,
    data: Path,
    ends_with: Signals,
) -> Running:
    """Start ``command(port)`` as the server's user; its log goes to ``folder``.

    A port that was free a moment ago can be taken when the server binds it; another is tried then.
    LabError with the last lines of the log if the server ends or does not get ready.
    """
    log = folder / f"{data.name}.log"
    for _ in range(PORT_ATTEMPTS):
        port = free_port()
        with open(log, "wb") as output:
            process = spawn(
                command(port),
                options=server_user().options,
                death_signal=ends_with,
                env={"PATH": os.defpath, "TZ": "UTC"},
                stdout=output.fileno(),
            )
        started = Running(
            port=port, process=process, ends_with=ends_with, data=data, folder=folder, log=log
        )
        record(folder, pid=process.pid, what=what, ends_with=ends_with)
        ready = False
        try:
            ready = wait_until_ready(process, is_ready)
        finally:
            if not ready:
                stop_server(started, keep_data=True)
        if ready:
            return started
        if PORT_TAKEN not in log.read_text(errors="replace").lower():
            break
    raise LabError(f"{what} could not be started. The end of its log, {log}:\n{last_lines(log)}")


def wait_until_ready(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> bool:
    """False as soon as the process has ended, or after `START_TIMEOUT_S`."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if is_ready():
            return True
        if wait_for_exit(process.pid, timeout_s=LOOK_EVERY_S):
            return False
    return False


def stop_server(running: Running, *, keep_data: bool = False) -> None:
    """End it and remove its data. Doing so twice does nothing."""
    process = running.process
    for number in (running.ends_with, SIGKILL):
        process.send_signal(number)
        if wait_for_exit(process.pid, timeout_s=STOP_TIMEOUT_S):
            break
    process.wait()
    if not keep_data:
        shutil.rmtree(running.data, ignore_errors=True)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def last_lines(log: Path, lines: int = LOG_LINES_SHOWN) -> str:
    text = log.read_text(errors="replace").strip() if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"
