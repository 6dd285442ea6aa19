"""One connection through the proxy: encryption is refused, wrong bytes pass unchanged."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.case.errors import WireError
from redhanded.lab.proxy import Channel, Kind, Route, SocketUpstream, Upstream
from redhanded.lab.pump import Pump
from redhanded.lab.wire.unit import Answer, Unit

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
GSS_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x30"
STARTUP = b"\0\0\0\x10\0\3\0\0user\0u\0\0"
READY = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\5I"
PARSE = b"P\0\0\0\x11s\0SELECT 1\0\0\0"


class Passing:
    """Lets everything go on at once, or holds it."""

    def __init__(self, holding: bool = False) -> None:
        self.holding = holding
        self.errors: list[WireError] = []
        self.kinds: list[str] = []
        self.read_later = b""
        self.ended = 0

    def arrived(self, channel: Channel, unit: Unit) -> None:
        self.kinds.append(unit.kind)
        if not (self.holding and unit.held):
            channel.forward()

    def answered(self, channel: Channel, answer: Answer) -> None:
        channel.deliver(answer.raw)

    def passed(self, channel: Channel, unit: Unit) -> None:
        self.kinds.append(unit.kind)

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        self.read_later += answer.raw

    def closed(self, channel: Channel) -> None:
        self.ended += 1

    def broken(self, channel: Channel, error: WireError) -> None:
        self.errors.append(error)


class Ends:
    """Client and server of one channel, on the outside."""

    def __init__(self, kind: Kind, owner: Passing) -> None:
        self.pump = Pump()
        self.client, inner = socket.socketpair()
        self.server, service = socket.socketpair()
        route = Route(process="web", service="db", kind=kind, connect=self._connect(service))
        self.channel = Channel(self.pump, route, inner, owner, 1)
        for end in (self.client, self.server):
            end.setblocking(False)

    def _connect(self, service: socket.socket) -> Callable[[Channel], Upstream]:
        return lambda channel: SocketUpstream(self.pump, channel, service)

    def say(self, side: str, data: bytes) -> None:
        (self.client if side == "c" else self.server).sendall(data)
        while self.pump.turn():
            continue

    def heard(self, side: str) -> bytes:
        try:
            return (self.client if side == "c" else self.server).recv(1 << 20)
        except BlockingIOError:
            return b""


@contextmanager
def ends(kind: Kind, owner: Passing) -> Iterator[Ends]:
    made = Ends(kind, owner)
    try:
        yield made
    finally:
        made.channel.close()
        made.client.close()
        made.server.close()
        made.pump.close()


def test_the_proxy_refuses_encryption_and_the_server_is_not_asked() -> None:
    owner = Passing()
    with ends("postgres", owner) as made:
        for request in (GSS_REQUEST, SSL_REQUEST):
            made.say("c", request)
            assert made.heard("c") == b"N"
        made.say("c", STARTUP)
        assert made.heard("s") == STARTUP
        made.say("s", READY)
        assert made.heard("c") == READY
    assert owner.kinds == ["STARTUP"]


def test_encryption_that_is_not_asked_for_passes_and_is_told() -> None:
    owner = Passing()
    with ends("postgres", owner) as made:
        made.say("c", b"\x16\x03\x01hello")
        assert made.heard("s") == b"\x16\x03\x01hello"
        made.say("s", b"\x15alert")
        assert made.heard("c") == b"\x15alert"
    (error,) = owner.errors
    assert "sslnegotiation=direct" in str(error)


@pytest.mark.parametrize("wrong_side", ["c", "s"])
def test_beginnings_of_messages_are_passed_when_nothing_can_be_read_any_more(
    wrong_side: str,
) -> None:
    owner = Passing(holding=True)
    with ends("postgres", owner) as made:
        made.say("c", STARTUP)
        made.say("s", READY)
        assert (made.heard("s"), made.heard("c")) == (STARTUP, READY)
        held = b"Q\0\0\0\x0dSELECT 1\0"
        made.say("c", held + PARSE + b"B\0\0")
        made.say("s", b"S\0\0\0\x20half")
        assert (made.heard("s"), made.heard("c")) == (b"", b"")
        made.say(wrong_side, bytes(160))
        client = held + PARSE + b"B\0\0" + (bytes(160) if wrong_side == "c" else b"")
        server = b"S\0\0\0\x20half" + (bytes(160) if wrong_side == "s" else b"")
        assert (made.heard("s"), made.heard("c")) == (client, server)
        made.say("c", b"more")
        assert made.heard("s") == b"more"
    assert len(owner.errors) == 1


CODES = st.sampled_from(b"PBDESQHCFpXdcfRKZT123ntsIENAGWV")
MESSAGES = st.builds(
    lambda code, body, more: bytes([code]) + (len(body) + 4 + more).to_bytes(4, "big") + body,
    CODES,
    st.binary(max_size=12),
    st.sampled_from([0, 0, 0, 1, 70_000, 2**31]),
)
SAID = st.tuples(st.sampled_from("cs"), MESSAGES | st.binary(max_size=30))
SWITCHED = st.sampled_from([("passing", b"yes"), ("passing", b"")])
TURNS = st.lists(SAID | SWITCHED, max_size=10)


@settings(max_examples=150, deadline=None)
@given(TURNS, st.booleans())
def test_whatever_is_said_the_other_side_hears_it_unchanged(
    turns: list[tuple[str, bytes]], started: bool
) -> None:
    """Or at least a beginning of it, while the rest may still become a message."""
    owner = Passing()
    with ends("postgres", owner) as made:
        said, heard = {"c": b"", "s": b""}, {"c": b"", "s": b""}
        begin = [("c", STARTUP), ("s", READY)] if started else []
        for side, data in begin + turns:
            if side == "passing":
                made.channel.catch_up()
                made.channel.passing = bool(data)
                continue
            made.say(side, data)
            said[side] += data
            heard["c"] += made.heard("c")
            heard["s"] += made.heard("s")
        assert said["c"].startswith(heard["s"])
        assert said["s"].startswith(heard["c"])
        if owner.errors:
            assert (heard["s"], heard["c"]) == (said["c"], said["s"])


def test_what_goes_by_unread_is_read_when_there_is_time() -> None:
    owner = Passing()
    with ends("postgres", owner) as made:
        made.say("c", STARTUP)
        made.say("s", READY)
        made.heard("s")
        made.channel.passing = True
        question, answer = b"Q\0\0\0\x0dSELECT 1\0", b"C\0\0\0\x0dSELECT 1\0" + READY[9:]
        made.client.sendall(question)
        assert made.pump.turn() and made.heard("s") == question
        assert owner.kinds == ["STARTUP"]
        made.server.sendall(answer)
        assert made.pump.turn() and made.heard("c").endswith(answer)
        assert not made.pump.turn()
        assert (owner.kinds, owner.read_later) == (["STARTUP", "SELECT"], answer)


def test_half_a_message_that_went_by_is_not_sent_again() -> None:
    owner = Passing()
    with ends("postgres", owner) as made:
        made.say("c", STARTUP)
        made.say("s", READY)
        made.heard("s")
        made.channel.passing = True
        made.say("c", PARSE + b"S\0")
        assert made.heard("s") == PARSE + b"S\0"
        owner.holding, made.channel.passing = True, False
        made.say("c", b"\0\0\x04")
        assert made.heard("s") == b""
        made.channel.forward()
        assert made.heard("s") == b"\0\0\x04"
        assert owner.kinds == ["STARTUP", "PARSE"]


def test_wrong_bytes_that_went_by_are_told_and_passed_once() -> None:
    owner = Passing()
    with ends("postgres", owner) as made:
        made.say("c", STARTUP)
        made.say("s", READY)
        made.heard("s")
        made.channel.passing = True
        made.say("c", b"nonsense that is no message")
        assert made.heard("s") == b"nonsense that is no message"
        made.say("c", b" and more")
        assert made.heard("s") == b" and more"
    assert len(owner.errors) == 1
