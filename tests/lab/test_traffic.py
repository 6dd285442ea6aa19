"""What is held, what passes, and when an answer reaches the process."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from redhanded.case.evidence import Location
from redhanded.lab.choices import Choices
from redhanded.lab.footprint import UNKNOWN, Catalogue, KeySpecifications
from redhanded.lab.late import Late
from redhanded.lab.proxy import Channel, Kind, Route
from redhanded.lab.pump import Pump
from redhanded.lab.traffic import Traffic
from redhanded.lab.wire.unit import Unit

STARTUP = struct.pack("!II", 8 + 10, 196608) + b"user\0me\0\0\0"
READY = b"Z\0\0\0\x05I"
STARTED = b"R\0\0\0\x08\0\0\0\0" + READY


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", 4 + len(content)) + content


ERROR = message(b"E", b"SERROR\0C23505\0Mduplicate key\0\0")


@dataclass
class Service:
    """The far end of a channel: keeps what is forwarded."""

    got: list[bytes] = field(default_factory=list)

    def forward(self, unit: Unit) -> None:
        self.send(unit.raw)

    def send(self, data: bytes) -> None:
        self.got.append(data)

    def finish(self) -> None:
        self.close()

    def close(self) -> None:
        self.got.append(b"closed")


class Nothing:
    """Surroundings in which there is nothing to ask."""

    def keys(self, service: str) -> list[bytes]:
        return []

    def rows(self, service: str, sql: str) -> None:
        return None

    def admin(self, service: str) -> None:
        return None

    def specifications(self, service: str) -> KeySpecifications:
        return KeySpecifications(lambda words: [[words[1], -2, [], 1, 1, 1]])

    def catalogue(self, service: str) -> Catalogue:
        return UNKNOWN

    def stack(self, port: int, offset: int, sealed_at: int | None = None) -> tuple[Location, ...]:
        return ()

    def timer_fired(self, process: str) -> bool:
        return False


class Line:
    """One connection of a process through a channel."""

    def __init__(self, traffic: Traffic, pump: Pump, kind: Kind) -> None:
        self.pump = pump
        self.service = Service()
        self.process, theirs = socket.socketpair()
        self.process.setblocking(False)
        route = Route(process="web", service="it", kind=kind, connect=lambda _channel: self.service)
        self.channel = Channel(pump, route, theirs, traffic, 1)
        traffic.opened(self.channel)

    def send(self, data: bytes) -> None:
        self.process.send(data)
        self.pump.turn()

    def received(self) -> bytes:
        try:
            return self.process.recv(1 << 16)
        except BlockingIOError:
            return b""


@pytest.fixture
def traffic() -> Traffic:
    return Traffic({"web": "web"}, Nothing())


@pytest.fixture
def pump() -> Iterator[Pump]:
    made = Pump()
    yield made
    made.close()


@pytest.fixture
def database(traffic: Traffic, pump: Pump) -> Line:
    line = Line(traffic, pump, "postgres")
    line.send(STARTUP)
    line.channel.from_server(STARTED)
    assert line.received() == STARTED
    traffic.holding = True
    traffic.begin(())
    return line


def test_a_connection_that_is_being_opened_is_owed_an_answer(traffic: Traffic, pump: Pump) -> None:
    traffic.holding = True
    line = Line(traffic, pump, "postgres")
    assert not traffic.owes()
    line.send(STARTUP)
    assert traffic.owes() and line.service.got == [STARTUP]
    line.channel.from_server(STARTED)
    assert not traffic.owes()


def test_a_connection_that_ends_while_it_is_opened_is_owed_nothing(
    traffic: Traffic, pump: Pump
) -> None:
    line = Line(traffic, pump, "postgres")
    line.send(STARTUP)
    line.process.close()
    pump.turn()
    assert not traffic.owes()


def test_a_query_waits_until_it_is_released(traffic: Traffic, database: Line) -> None:
    query = message(b"Q", b"SELECT 1 FROM seats\0")
    database.send(query)
    (held,) = traffic.heads()
    assert (held.kind, held.target, database.service.got) == ("SELECT", "seats", [STARTUP])
    traffic.release(held)
    assert database.service.got == [STARTUP, query]
    assert traffic.in_flight is held


def test_an_answer_is_delivered_whole(traffic: Traffic, database: Line) -> None:
    """A client that acts on an error must not be faster than the rest of the answer."""
    database.send(message(b"Q", b"INSERT INTO seats VALUES (1)\0"))
    (held,) = traffic.heads()
    traffic.release(held)
    database.channel.from_server(ERROR)
    assert database.received() == b"" and traffic.in_flight is held
    database.channel.from_server(READY)
    assert database.received() == ERROR + READY
    assert traffic.in_flight is None
    assert held.failure is not None and held.failure.code == "23505"


def test_the_beginning_can_be_delivered_if_the_client_has_to_go_on(
    traffic: Traffic, database: Line
) -> None:
    database.send(message(b"Q", b"COPY seats FROM STDIN\0"))
    traffic.release(traffic.heads()[0])
    begin = message(b"G", b"\0\0\0")
    database.channel.from_server(begin)
    (held,) = traffic.done
    traffic.deliver_kept(held)
    assert database.received() == begin
    done = message(b"C", b"COPY 0\0")
    database.channel.from_server(done + READY)
    assert database.received() == done + READY


def test_what_an_answer_causes_is_its_child(traffic: Traffic, database: Line) -> None:
    database.send(message(b"Q", b"SELECT 1 FROM seats\0"))
    first = traffic.heads()[0]
    assert first.ambient and first.cause is None
    first.task, first.ambient = "delivery 1", False
    traffic.release(first)
    database.channel.from_server(message(b"C", b"SELECT 1\0") + READY)
    database.send(message(b"Q", b"UPDATE seats SET taken = true\0"))
    (second,) = traffic.heads()
    assert (second.cause, second.task, second.ambient) == (0, "delivery 1", False)


def test_an_answer_after_a_lock_is_delivered_when_it_is_asked_for(
    traffic: Traffic, database: Line
) -> None:
    database.send(message(b"Q", b"UPDATE seats SET taken = true\0"))
    held = traffic.heads()[0]
    traffic.release(held)
    traffic.lock_found(held)
    answer = message(b"C", b"UPDATE 1\0") + READY
    database.channel.from_server(answer)
    assert database.received() == b"" and held.waited_for_lock
    assert traffic.deliver_ready()
    assert database.received() == answer
    assert not traffic.deliver_ready()


def test_bytes_of_another_protocol_pass_unread_and_are_noted(traffic: Traffic, pump: Pump) -> None:
    traffic.holding = True
    line = Line(traffic, pump, "redis")
    line.send(b"*x\r\nnot redis")
    assert b"".join(line.service.got) == b"*x\r\nnot redis"
    (note,) = traffic.notes
    assert note.startswith("web → it: not controlled from here on")


BRPOP = b"*3\r\n$5\r\nBRPOP\r\n$4\r\nlist\r\n$1\r\n0\r\n"
POPPED = b"*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n"


def test_a_consumer_that_is_called_back_learns_nothing_of_it(traffic: Traffic, pump: Pump) -> None:
    line = Line(traffic, pump, "redis")
    line.send(BRPOP)
    assert line.service.got == [BRPOP] and traffic.waits_at_server() and not traffic.owes()
    traffic.holding = traffic.taking_back = True
    line.channel.from_server(b"*-1\r\n")
    assert line.received() == b"" and not traffic.waits_at_server()
    (held,) = traffic.heads()
    assert held.kind == "BRPOP"
    traffic.release(held)
    assert line.service.got == [BRPOP, BRPOP]
    line.channel.from_server(POPPED)
    assert line.received() == POPPED and held.state == "done"


def test_a_value_that_comes_while_a_consumer_is_called_back_is_delivered(
    traffic: Traffic, pump: Pump
) -> None:
    line = Line(traffic, pump, "redis")
    line.send(BRPOP)
    traffic.holding = traffic.taking_back = True
    line.channel.from_server(POPPED)
    assert line.received() == POPPED and traffic.heads() == []


def test_an_empty_answer_in_its_own_time_is_delivered(traffic: Traffic, pump: Pump) -> None:
    line = Line(traffic, pump, "redis")
    line.send(BRPOP)
    line.channel.from_server(b"*-1\r\n")
    assert line.received() == b"*-1\r\n"


@pytest.mark.parametrize("holding", [True, False])
def test_a_request_whose_client_waits_for_the_answer_is_not_waited_for(holding: bool) -> None:
    half = b"POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"
    pump, traffic = Pump(), Traffic({}, Nothing())
    traffic.holding = holding
    line = Line(traffic, pump, "http")
    line.send(half)
    assert bool(line.service.got) is not holding
    if holding:
        (held,) = traffic.heads()
        assert held.kind == "POST"
        traffic.release(held)
    line.send(b"def")
    assert b"".join(line.service.got) == half + b"def"


def test_late_messages_come_in_their_order_each_when_it_is_due(
    traffic: Traffic, database: Line, pump: Pump
) -> None:
    traffic.holding = False
    traffic.let_come(Late(pump, Drawn(30_000, 10_000), 40.0))
    first, second = (message(b"Q", b"SELECT %d\0" % number) for number in (1, 2))
    sent = time.monotonic()
    database.send(first + second)
    assert database.service.got == [STARTUP]
    while pump.pending():
        pump.turn(0.05)
        due = time.monotonic() - sent >= 0.03
        assert (database.service.got == [STARTUP, first, second]) == due, "the second one waits"
    assert traffic.owes()


def test_what_is_late_goes_on_at_once_when_nothing_shall_be_late_any_more(
    traffic: Traffic, database: Line, pump: Pump
) -> None:
    traffic.holding = False
    traffic.let_come(Late(pump, Drawn(9_000_000, 9_000_000), 9_000.0))
    query = message(b"Q", b"SELECT 1\0")
    database.send(query)
    assert database.service.got == [STARTUP]
    traffic.let_come(None)
    assert database.service.got == [STARTUP, query]
    database.send(query)
    assert database.service.got == [STARTUP, query, query]


class Drawn(Choices):
    """Gives the numbers that it was told."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(0)
        self._numbers = list(numbers)

    def index(self, width: int) -> int:
        number = self._numbers.pop(0)
        assert number < width
        return number
