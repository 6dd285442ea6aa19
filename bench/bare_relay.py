"""Two bare byte relays between a client and a server, to hold the lab's proxy against.

    python bare_relay.py epoll|asyncio HOST:PORT|SOCKET

They read nothing of what they carry. Writes its port to standard output and ends when standard
input does.
"""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from collections.abc import Coroutine
from typing import Any, cast

CHUNK = 1 << 16
"""Below the size (128 KB) from which malloc maps and unmaps pages for each buffer, which would cost
a relay three times what it does."""


def main(style: str, address: str) -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    if style == "epoll":
        pass_through_epoll(bound, address)
    else:
        asyncio.run(pass_through_asyncio(bound, address))


def pass_through_epoll(bound: socket.socket, address: str) -> None:
    """Bytes from one socket to the other, one epoll set."""
    epoll = select.epoll()
    epoll.register(bound.fileno(), select.EPOLLIN)
    epoll.register(sys.stdin.fileno(), select.EPOLLIN)
    other: dict[int, tuple[socket.socket, socket.socket]] = {}
    while True:
        for number, _ in epoll.poll():
            if number == sys.stdin.fileno():
                return
            if number == bound.fileno():
                client = _accepted(bound)
                server = _connected(address)
                for mine, theirs in ((client, server), (server, client)):
                    other[mine.fileno()] = (mine, theirs)
                    epoll.register(mine.fileno(), select.EPOLLIN)
            elif number in other:
                mine, theirs = other[number]
                data = mine.recv(CHUNK)
                if data:
                    theirs.sendall(data)
                else:
                    for done in (mine, theirs):
                        other.pop(done.fileno(), None)
                        done.close()


async def pass_through_asyncio(bound: socket.socket, address: str) -> None:
    """The same on asyncio's transports."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    server = await loop.create_server(lambda: _ClientSide(address), sock=bound)
    async with server:
        await ended.wait()


class _Reading(asyncio.BufferedProtocol):
    """Reads into one buffer of its own; a plain protocol gets a new one of 256 KB each time."""

    def __init__(self) -> None:
        self._buffer = bytearray(CHUNK)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.take(bytes(memoryview(self._buffer)[:nbytes]))

    def take(self, data: bytes) -> None:
        raise NotImplementedError


class _ServerSide(_Reading):
    def __init__(self, client: asyncio.WriteTransport) -> None:
        super().__init__()
        self._client = client

    def take(self, data: bytes) -> None:
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.close()


class _ClientSide(_Reading):
    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._server: asyncio.WriteTransport | None = None
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        client = cast("asyncio.WriteTransport", transport)
        self._connecting = asyncio.get_running_loop().create_task(self._connect(client))

    def take(self, data: bytes) -> None:
        if self._server is None:
            self._early += data
        else:
            self._server.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._server is not None:
            self._server.close()

    async def _connect(self, client: asyncio.WriteTransport) -> None:
        loop = asyncio.get_running_loop()
        opened: Coroutine[Any, Any, tuple[asyncio.WriteTransport, _ServerSide]]
        if self._address.startswith("/"):
            opened = loop.create_unix_connection(lambda: _ServerSide(client), self._address)
        else:
            host, port = _host_port(self._address)
            opened = loop.create_connection(lambda: _ServerSide(client), host, port)
        self._server, _ = await opened
        self._server.write(bytes(self._early))


def _accepted(bound: socket.socket) -> socket.socket:
    client, _ = bound.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(address)
        return server
    server = socket.create_connection(_host_port(address))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
