"""Runs a program behind a relay that notes what it sends, with the tracer on."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.lab.tracers import TraceReader, environment

APPS = Path(__file__).with_name("apps")


@dataclass
class Relay:
    """Forwards connections to a server and keeps the bytes of each client port."""

    server: tuple[str, int]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    sent: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def _accept(self) -> None:
        while True:
            try:
                client, (_, port, *_) = self.listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(self.server)
            self.sent[port] = b""
            for source, target, keep in ((client, upstream, port), (upstream, client, None)):
                threading.Thread(
                    target=self._copy, args=(source, target, keep), daemon=True
                ).start()

    def _copy(self, source: socket.socket, target: socket.socket, keep: int | None) -> None:
        try:
            while data := source.recv(65536):
                if keep is not None:
                    self.sent[keep] += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()


@dataclass
class Traced:
    """What a program sent and what its tracer said."""

    relay: Relay
    reader: TraceReader
    source: list[str]
    output: str
    comment: str = "// line: "

    def stack(self, needle: bytes) -> tuple[Location, ...]:
        """The stack of the bytes that hold ``needle`` (its first occurrence)."""
        for port, sent in self.relay.sent.items():
            if (offset := sent.find(needle)) >= 0:
                return self.reader.stack(port, offset)
        raise AssertionError(f"{needle!r} was not sent")

    def line(self, needle: bytes) -> str:
        """What the innermost application line's comment calls it; empty if unknown."""
        stack = self.stack(needle)
        if not stack:
            return ""
        text = self.source[stack[0].line - 1]
        return text.rpartition(self.comment)[2] if self.comment in text else text.strip()


def run(
    program: str,
    *arguments: str,
    node: Path,
    packages: Path,
    server: tuple[str, int],
    env: Callable[[int], Mapping[str, str]],
    folder: Path,
    options: str = "",
    comment: str = "// line: ",
) -> Traced:
    """Runs a copy of ``apps/program`` in ``folder`` until it ends; it sees ``packages``.

    ``node`` may be another interpreter."""
    script = folder / program
    if not script.exists():
        script.write_text((APPS / program).read_text())
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(packages / "node_modules")
    relay = Relay(server)
    reading, writing = os.pipe()
    reader = TraceReader(folder)
    drain = threading.Thread(target=lambda: [reader.feed(data) for data in _blocks(reading)])
    drain.start()
    base = {"PATH": os.environ["PATH"], "NODE_OPTIONS": options, **env(relay.port)}
    traced = environment(base, trace_fd=writing, ports=[relay.port])
    try:
        done = subprocess.run(
            [node, script, *arguments],
            env=traced,
            pass_fds=(writing,),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(writing)
        drain.join()
        os.close(reading)
        relay.listener.close()
    assert done.returncode == 0, done.stdout + done.stderr
    return Traced(
        relay, reader, script.read_text().splitlines(), done.stdout + done.stderr, comment
    )


def _blocks(descriptor: int) -> Iterator[bytes]:
    while data := os.read(descriptor, 65536):
        yield data
