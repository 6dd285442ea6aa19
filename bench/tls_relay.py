"""A relay as in ``source_lines`` that ends TLS as the lab does, for programs that use it."""

from __future__ import annotations

import socket
import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from time import perf_counter_ns

from redhanded.lab.authority import Authority
from redhanded.lab.pump import Pipe, Pump
from redhanded.lab.wire import WireProtocol, open_stream
from redhanded.lab.wire.unit import Stream

TURN_S = 0.02


@dataclass(slots=True)
class Said:
    """What came from one client port."""

    stream: Stream
    data: bytearray = field(default_factory=bytearray)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    """Offset, and when it came."""
    places: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    """By offset of a unit: where tracers count it."""


class TlsRelay:
    """Forwards connections to a server and keeps what each client port says."""

    def __init__(self, kind: WireProtocol, server: tuple[str, int], authority: Authority) -> None:
        self.said: dict[int, Said] = {}
        self.in_tls = self.in_plain = 0
        """Connections that said something."""
        self._kind: WireProtocol = kind
        self._server = server
        self._make = authority.pipe(kind)
        self._pump = Pump()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self._listener.setblocking(False)
        self._pump.add(self._listener, self._accept)
        self._thread = threading.Thread(target=self._turn, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def sent(self) -> dict[int, bytearray]:
        return {port: said.data for port, said in self.said.items()}

    def place(self, port: int, offset: int) -> tuple[int, int | None]:
        """Where tracers count a unit."""
        return self.said[port].places.get(offset, (offset, -1))

    def arrived_ns(self, port: int, offset: int) -> int:
        arrivals = self.said[port].arrivals
        return arrivals[bisect_right(arrivals, offset, key=lambda each: each[0]) - 1][1]

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._pump.close()
        self._listener.close()

    def _turn(self) -> None:
        while self._open:
            self._pump.turn(TURN_S)

    def _accept(self, _event: int) -> None:
        client, (_, port, *_) = self._listener.accept()
        said = self.said[port] = Said(open_stream(self._kind))

        def take(data: bytes) -> None:
            if not said.data:
                self.in_tls += inner.sent_at(0)[1] is not None
                self.in_plain += inner.sent_at(0)[1] is None
            said.arrivals.append((len(said.data), perf_counter_ns()))
            said.data += data
            for unit in said.stream.client(data):
                said.places[unit.offset] = inner.sent_at(unit.offset)
            upstream.send(data)

        inner = self._make(self._pump, client, take, lambda: upstream.finish())
        upstream = Pipe(
            self._pump, socket.create_connection(self._server), inner.send, inner.finish
        )
