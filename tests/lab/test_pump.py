"""Bytes move when the pump is turned, and only then."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from redhanded.lab.pump import Pipe, Pump


@pytest.fixture
def pump() -> Iterator[Pump]:
    made = Pump()
    yield made
    made.close()


class Peer:
    """A pipe with the other end of its socket, and what came through it."""

    def __init__(self, pump: Pump) -> None:
        self.mine, theirs = socket.socketpair()
        self.mine.setblocking(False)
        self.got = b""
        self.ended = 0
        self.pipe = Pipe(pump, theirs, self._take, self._end)

    def _take(self, data: bytes) -> None:
        self.got += data

    def _end(self) -> None:
        self.ended += 1


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while True:
        try:
            data += connection.recv(1 << 16)
        except BlockingIOError:
            return data


def test_nothing_is_read_until_the_pump_turns(pump: Pump) -> None:
    peer = Peer(pump)
    peer.mine.send(b"hello")
    assert peer.got == b""
    assert pump.turn() == 1
    assert peer.got == b"hello"
    assert pump.turn() == 0


def test_what_the_peer_does_not_read_yet_is_kept_in_order(pump: Pump) -> None:
    peer = Peer(pump)
    sent = bytes(range(256)) * 8192
    peer.pipe.send(sent)
    peer.pipe.send(b"the end")
    came = read_all(peer.mine)
    assert 0 < len(came) < len(sent)
    while pump.turn():
        came += read_all(peer.mine)
    came += read_all(peer.mine)
    assert came == sent + b"the end"
    assert pump.turn() == 0


def test_an_end_is_told_once_after_the_last_bytes(pump: Pump) -> None:
    peer = Peer(pump)
    peer.mine.send(b"last words")
    peer.mine.close()
    while pump.turn():
        pass
    assert (peer.got, peer.ended, peer.pipe.open) == (b"last words", 1, False)
    peer.pipe.send(b"too late")
    assert pump.turn() == 0 and peer.ended == 1


def test_closing_tells_nobody(pump: Pump) -> None:
    peer = Peer(pump)
    peer.pipe.close()
    peer.pipe.close()
    assert peer.ended == 0 and peer.mine.recv(1) == b""


def test_sending_to_a_peer_that_is_gone_is_an_end_and_no_error(pump: Pump) -> None:
    peer = Peer(pump)
    peer.mine.close()
    peer.pipe.send(b"x")
    assert peer.ended == 1


def test_later_actions_run_in_order_of_time_and_not_before(pump: Pump) -> None:
    done: list[str] = []
    pump.after(0.02, lambda: done.append("second"))
    pump.after(0.0, lambda: done.append("first"))
    pump.after(60.0, lambda: done.append("never"))
    pump.turn()
    assert done == ["first"]
    while len(done) < 2:
        pump.turn(1.0)
    assert done == ["first", "second"] and pump.pending()


def test_a_handler_that_was_dropped_is_not_called(pump: Pump) -> None:
    """Also if its event was collected in the same turn: of two that close each other, one reads."""
    read: list[bytes] = []
    ends = [socket.socketpair() for _ in range(2)]
    pipes: list[Pipe] = []

    def close_all(data: bytes) -> None:
        read.append(data)
        for pipe in pipes:
            pipe.close()

    for mine, theirs in ends:
        pipes.append(Pipe(pump, theirs, close_all, lambda: None))
        mine.send(b"x")
    assert pump.turn() == 2
    assert read == [b"x"]
