"""Stands between one process and one service, and lets somebody else decide what passes.

A channel is one connection of a process: its bytes become units (``lab/wire``), which wait in
their order until they are forwarded. Nothing is changed on the way.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from redhanded.case.errors import WireError
from redhanded.case.operation import Protocol as WireProtocol
from redhanded.lab.pump import Pipe, Pump
from redhanded.lab.unread import Unread
from redhanded.lab.wire import open_stream
from redhanded.lab.wire.postgres_startup import ENCRYPTION_REQUESTS, REFUSE_ENCRYPTION
from redhanded.lab.wire.unit import Answer, Stream, Unit

Kind = Literal["postgres", "redis", "http"]
Connect = Callable[["Channel"], "Upstream"]
MakePipe = Callable[[Pump, socket.socket, Callable[[bytes], None], Callable[[], None]], Pipe]
READ_LATER_BYTES_MAX = 1 << 18
"""Of one connection: more than this is read although there is no time."""


class Upstream(Protocol):
    """Where forwarded units go."""

    def forward(self, unit: Unit) -> None: ...

    def send(self, data: bytes) -> None:
        """Sends bytes that are no unit."""

    def finish(self) -> None:
        """Closes once the service has read what was sent."""

    def close(self) -> None:
        """Closes at once."""


class Owner(Protocol):
    """Who decides: told of all that arrives, before it goes on."""

    def arrived(self, channel: Channel, unit: Unit) -> None:
        """``unit`` is the newest in ``channel.waiting``."""

    def answered(self, channel: Channel, answer: Answer) -> None:
        """``answer`` came; call ``channel.deliver`` for it to go on."""

    def passed(self, channel: Channel, unit: Unit) -> None:
        """``unit`` went on before it was read."""

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        """``answer`` was delivered before it was read."""

    def closed(self, channel: Channel) -> None:
        """The process or the service ended the connection."""

    def broken(self, channel: Channel, error: WireError) -> None:
        """Bytes came that are not the protocol; the channel passes them on unread from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who talks to whom: one listening address of the lab."""

    process: str
    service: str
    kind: Kind
    connect: Connect = field(compare=False)
    pipe: MakePipe = field(default=Pipe, compare=False)
    """What reads and writes the process's side: with ``secure.SecurePipe`` in TLS."""

    @property
    def protocol(self) -> WireProtocol:
        return self.kind


class Channel:
    """One connection from a process to a service."""

    def __init__(
        self, pump: Pump, route: Route, connection: socket.socket, owner: Owner, number: int
    ) -> None:
        self.route = route
        self.number = number
        self.port = _peer_port(connection)
        self.waiting: deque[Unit] = deque()
        """Units that were not forwarded, oldest first."""
        self.stream: Stream = open_stream(route.kind)
        self.passing = False
        """Nobody holds anything here: bytes go on at once and are read when there is time."""
        self.instead: bytes | None = None
        """Sent in the place of the next unit that is forwarded."""
        self._owner = owner
        self._pump = pump
        self._opaque = False
        self._read_later: list[tuple[bool, bytes]] = []
        """Whether the client sent them, and what went on without having been read."""
        self._read_later_bytes = 0
        self._asked = Unread()
        self._told = Unread()
        self.insists = False  # It asked for encryption, was refused, and has said nothing since.
        self._client = route.pipe(pump, connection, self._from_client, self._client_ended)
        try:
            self._upstream: Upstream | None = route.connect(self)
        except OSError:
            self._upstream = None
            self._client.close()

    @property
    def open(self) -> bool:
        return self._client.open and self._upstream is not None

    @property
    def client(self) -> Pipe:
        """What leads to the process."""
        return self._client

    def link(self, upstream: Pipe) -> None:
        """Lets neither side be read faster than the other reads."""
        self._client.feed(upstream)
        upstream.feed(self._client)

    def forward(self) -> Unit:
        """Sends the oldest waiting unit on; gives it."""
        unit = self.waiting.popleft()
        instead, self.instead = self.instead, None
        if self._upstream is not None:
            if instead is not None:
                self._upstream.send(instead)
            elif self._asked.ahead:
                self._upstream.send(self._asked.rest(unit.raw))
            else:
                self._upstream.forward(unit)
        return unit

    def reply(self, data: bytes) -> None:
        """Answers the oldest waiting unit in the service's place; the service never sees it."""
        unit = self.waiting.popleft()
        self.stream.withdraw(unit.serial)
        self._client.send(data)

    def deliver(self, data: bytes) -> None:
        """Sends bytes of the service to the process."""
        self._client.send(self._told.rest(data) if self._told.ahead else data)

    def from_server(self, data: bytes) -> None:
        """Takes bytes that the service sent."""
        if self._opaque:
            self._client.send(data)
            return
        if self.passing and self._told.nothing_kept and self.stream.passable:
            self._client.send(data)
            self._later(False, data)
            return
        self.catch_up()
        try:
            answers = self._read_server(data)
        except WireError as error:
            self._give_up(error)
            return
        for answer in answers:
            self._owner.answered(self, answer)

    def server_ended(self) -> None:
        """The service closed its side."""
        self.catch_up()
        if not self._opaque:
            for answer in self.stream.end():
                self._owner.answered(self, answer)
        self._upstream = None
        self._client.finish()
        self._owner.closed(self)

    def close(self) -> None:
        self._client.close()
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None

    def cut(self) -> None:
        """Ends it on both sides as if it broke on the way; the owner is told."""
        self._client.reset()
        self.close()
        self._owner.closed(self)

    def _from_client(self, data: bytes) -> None:
        if self._opaque:
            self._send_raw(data)
            return
        if self.passing and not self.waiting and self._asked.nothing_kept and self.stream.passable:
            self._send_raw(data)
            self._later(True, data)
            return
        self.catch_up()
        try:
            units = self._read_client(data)
        except WireError as error:
            self._give_up(error)
            return
        for unit in units:
            self.waiting.append(unit)
            self.insists = unit.kind in ENCRYPTION_REQUESTS
            if self.insists:
                self.reply(REFUSE_ENCRYPTION)  # What is encrypted cannot be read.
            else:
                self._owner.arrived(self, unit)

    def catch_up(self) -> None:
        """Reads what went on without having been read."""
        if not self._read_later:
            return
        later, self._read_later, self._read_later_bytes = self._read_later, [], 0
        # A side of which something was kept before let nothing go by.
        asked, told = self._asked, self._told
        kept = [unread for unread in (asked, told) if not unread.nothing_kept]
        try:
            for from_client, data in later:
                if from_client:
                    for unit in self._read_client(data):
                        self._owner.passed(self, unit)
                else:
                    for answer in self._read_server(data):
                        self._owner.passed_back(self, answer)
        except WireError as error:
            self._opaque = True
            self._owner.broken(self, error)
            if asked in kept:
                self._send_raw(asked.take())
            if told in kept:
                self._client.send(told.take())
        for unread in (asked, told):
            if unread not in kept:
                unread.ahead = unread.end - unread.given

    def _later(self, from_client: bool, data: bytes) -> None:
        if not self._read_later:
            self._pump.when_idle(self.catch_up)
        self._read_later.append((from_client, data))
        self._read_later_bytes += len(data)
        if self._read_later_bytes > READ_LATER_BYTES_MAX:
            self.catch_up()

    def _read_client(self, data: bytes) -> list[Unit]:
        asked = self._asked
        asked.end += len(data)
        try:
            units = self.stream.client(data)
        except WireError:
            asked.keep(data)
            raise
        if units:
            asked.given = units[-1].offset + units[-1].length
        if asked.given == asked.end:
            asked.clear()
        else:
            asked.keep(data)
        return units

    def _read_server(self, data: bytes) -> list[Answer]:
        told = self._told
        told.end += len(data)
        try:
            answers = self.stream.server(data)
        except WireError:
            told.keep(data)
            raise
        for answer in answers:
            told.given += len(answer.raw)
        if told.given == told.end:
            told.clear()
        else:
            told.keep(data)
        return answers

    def _client_ended(self) -> None:
        self.catch_up()
        if self._upstream is not None:
            self._upstream.finish()
            self._upstream = None
        self._owner.closed(self)

    def _give_up(self, error: WireError) -> None:
        """Passes all that waits, and the beginnings of messages on both sides, then everything."""
        self._opaque = True
        while self.waiting:
            last = self.forward()
            self._asked.given = max(self._asked.given, last.offset + last.length)
        self._owner.broken(self, error)
        self._send_raw(self._asked.take())
        self._client.send(self._told.take())

    def _send_raw(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.send(data)


class SocketUpstream:
    """A service behind a socket."""

    def __init__(self, pump: Pump, channel: Channel, connection: socket.socket) -> None:
        self.connection = connection
        self._pipe = Pipe(pump, connection, channel.from_server, channel.server_ended)
        channel.link(self._pipe)

    def forward(self, unit: Unit) -> None:
        self._pipe.send(unit.raw)

    def send(self, data: bytes) -> None:
        self._pipe.send(data)

    def finish(self) -> None:
        self._pipe.finish()

    def close(self) -> None:
        self._pipe.close()


class Listener:
    """Accepts a process's connections at one address."""

    def __init__(
        self,
        pump: Pump,
        route: Route,
        bound: socket.socket,
        owner: Owner,
        opened: Callable[[Channel], None],
    ) -> None:
        self.route = route
        self.port: int = bound.getsockname()[1]
        self._pump = pump
        self._socket = bound
        self._owner = owner
        self._opened = opened
        self._count = 0
        bound.setblocking(False)
        pump.add(bound, self._ready)

    def close(self) -> None:
        self._pump.drop(self._socket)
        self._socket.close()

    def _ready(self, _event: int) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, ConnectionError):
                return
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._count += 1
            self._opened(Channel(self._pump, self.route, connection, self._owner, self._count))


def tcp_upstream(pump: Pump, host: str, port: int) -> Callable[[Channel], Upstream]:
    """Connects to a TCP service outside the namespace."""

    def connect(channel: Channel) -> Upstream:
        connection = socket.create_connection((host, port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return SocketUpstream(pump, channel, connection)

    return connect


def unix_upstream(pump: Pump, path: str) -> Callable[[Channel], Upstream]:
    """Connects to a service at a unix socket."""

    def connect(channel: Channel) -> Upstream:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(path)
        return SocketUpstream(pump, channel, connection)

    return connect


def peer_upstream(
    pump: Pump, make_socket: Callable[[], socket.socket], port: int
) -> Callable[[Channel], Upstream]:
    """Connects to a process of the system, inside its namespace."""

    def connect(channel: Channel) -> Upstream:
        connection = make_socket()
        connection.connect(("127.0.0.1", port))
        return SocketUpstream(pump, channel, connection)

    return connect


def _peer_port(connection: socket.socket) -> int:
    try:
        return int(connection.getpeername()[1])
    except (OSError, IndexError):
        return 0
