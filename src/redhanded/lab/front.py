"""Ends TLS in front of a server for a program that is to reach it past the proxies.

Such a program is configured as the system is, and insists on TLS too; the server itself has none.
Nothing is held here and nothing is recorded.
"""

from __future__ import annotations

import socket

from redhanded.case.errors import WireError
from redhanded.case.system import Service
from redhanded.lab.proxy import Channel, Connect, Listener, MakePipe, Route
from redhanded.lab.pump import Pump
from redhanded.lab.wire.unit import Answer, Unit


class Front:
    """A listening address of this machine; the owner of what connects to it."""

    def __init__(self, pump: Pump, service: Service, connect: Connect, pipe: MakePipe) -> None:
        route = Route(
            process="", service=service.name, kind=service.kind, connect=connect, pipe=pipe
        )
        bound = socket.create_server(("127.0.0.1", 0))
        self._channels: set[Channel] = set()
        self._listener = Listener(pump, route, bound, self, self._opened)

    @property
    def port(self) -> int:
        return self._listener.port

    def close(self) -> None:
        """Ends all that is connected."""
        self._listener.close()
        for channel in tuple(self._channels):
            channel.close()

    def _opened(self, channel: Channel) -> None:
        channel.passing = True
        self._channels.add(channel)

    def arrived(self, channel: Channel, unit: Unit) -> None:
        channel.forward()

    def answered(self, channel: Channel, answer: Answer) -> None:
        channel.deliver(answer.raw)

    def passed(self, channel: Channel, unit: Unit) -> None:
        """Nobody asks."""

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        """Nobody asks."""

    def closed(self, channel: Channel) -> None:
        self._channels.discard(channel)

    def broken(self, channel: Channel, error: WireError) -> None:
        """It goes on unread."""
