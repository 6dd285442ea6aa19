"""A relay for one connection at a time that shows a codec what passes, for tests with drivers."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from conversations import Turn, assert_nothing_lost

from redhanded.case.errors import RedhandedError
from redhanded.lab.wire.unit import Answer, Stream, Unit


class Record:
    """What one connection said."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.units: list[Unit] = []
        self.answers: list[Answer] = []
        self.turns: list[Turn] = []
        self.fault: Exception | None = None

    @property
    def held(self) -> list[Unit]:
        return [unit for unit in self.units if unit.held]

    def answer_to(self, unit: Unit) -> Answer:
        (answer,) = (a for a in self.answers if a.serial == unit.serial and a.complete)
        return answer

    def check(self) -> None:
        """The promises of ``unit``: nothing lost, one complete answer per unit, in order."""
        assert self.fault is None, self.fault
        assert_nothing_lost(self.turns, self.units, self.answers)
        expected = [
            unit.serial
            for unit in self.units
            if not (unit.handshake or unit.continuation or unit.silent)
        ]
        complete = [a.serial for a in self.answers if a.complete and a.serial is not None]
        assert complete == expected


@contextmanager
def relay(port: int, stream: Stream) -> Iterator[tuple[int, Record]]:
    """Gives the port to connect to, and the record, which is whole when the block ends."""
    record = Record(stream)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_pass_on, args=(listener, port, record), daemon=True)
        thread.start()
        yield listener.getsockname()[1], record
        thread.join(timeout=10)
        assert not thread.is_alive(), "the client did not close its connection"
    record.check()


def _pass_on(listener: socket.socket, port: int, record: Record) -> None:
    client, _ = listener.accept()
    listener.close()  # a second connection is refused, not kept waiting
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        try:
            while True:
                readable, _, _ = select.select([client, server], [], [], 20)
                if not readable:
                    return
                for source in readable:
                    data = source.recv(65536)
                    if not data:
                        return
                    _show(record, "c" if source is client else "s", data)
                    (server if source is client else client).sendall(data)
        except (RedhandedError, OSError) as fault:
            record.fault = fault


def _show(record: Record, side: str, data: bytes) -> None:
    record.turns.append((side, data))
    if side == "c":
        record.units += record.stream.client(data)
    else:
        record.answers += record.stream.server(data)
