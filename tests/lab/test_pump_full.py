"""A peer that does not read holds up what is sent to it, and nothing is lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from redhanded.lab.pump import UNSENT_BYTES_MAX, Pipe, Pump

LENGTH = 8 * UNSENT_BYTES_MAX


@pytest.fixture
def pump() -> Iterator[Pump]:
    made = Pump()
    yield made
    made.close()


class Way:
    """Two connections, of which the proxy reads one and sends it all to the other."""

    def __init__(self, pump: Pump) -> None:
        self.writer, source = socket.socketpair()
        self.reader, target = socket.socketpair()
        self.taken = 0
        self.target_ended = 0
        self.target = Pipe(pump, target, lambda _: None, self._ended)
        self.source = Pipe(pump, source, self._take, self.target.finish)
        self.source.feed(self.target)
        for end in (self.writer, self.reader):
            end.setblocking(False)

    def _take(self, data: bytes) -> None:
        self.taken += len(data)
        self.target.send(data)

    def _ended(self) -> None:
        self.target_ended += 1

    def write(self, data: memoryview) -> memoryview:
        try:
            return data[self.writer.send(data) :]
        except BlockingIOError:
            return data

    def read(self) -> bytes:
        try:
            return self.reader.recv(1 << 20)
        except BlockingIOError:
            return b""


def fill(pump: Pump, way: Way, data: memoryview) -> memoryview:
    """Writes until nothing moves any more; gives what was not written."""
    while True:
        rest = way.write(data)
        if not pump.turn() and len(rest) == len(data):
            return rest
        data = rest


def test_nothing_more_is_read_for_a_peer_that_does_not_read(pump: Pump) -> None:
    way = Way(pump)
    rest = fill(pump, way, memoryview(bytes(LENGTH)))
    assert rest
    assert UNSENT_BYTES_MAX < way.taken < 2 * UNSENT_BYTES_MAX


def test_all_of_it_arrives_in_order_when_the_peer_reads(pump: Pump) -> None:
    way = Way(pump)
    sent = bytes(range(256)) * (LENGTH // 256)
    rest = fill(pump, way, memoryview(sent))
    got = bytearray()
    while len(got) < LENGTH:
        rest = way.write(rest) if rest else rest
        pump.turn()
        got += way.read()
    assert bytes(got) == sent


def test_what_was_sent_before_the_end_is_still_delivered(pump: Pump) -> None:
    way = Way(pump)
    sent = bytes(range(256)) * (UNSENT_BYTES_MAX // 256)
    rest = memoryview(sent)
    while rest:
        rest = way.write(rest)
        pump.turn()
    way.writer.close()
    while pump.turn():
        continue
    assert not way.source.open
    got = bytearray()
    while way.target.open:
        pump.turn()
        got += way.read()
    while more := way.read():
        got += more
    assert bytes(got) == sent


def test_a_peer_that_leaves_before_it_read_everything_ends_quietly(pump: Pump) -> None:
    way = Way(pump)
    fill(pump, way, memoryview(bytes(LENGTH)))
    way.target.finish()
    assert way.target.open
    way.reader.close()
    while way.target.open:
        pump.turn()
    assert way.target_ended == 0
