"""What PostgreSQL says or is told beside the operations that are held."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from test_traffic import ERROR, READY, STARTED, STARTUP, Line, Nothing, message

from redhanded.lab.pump import Pump
from redhanded.lab.traffic import Traffic

NOTIFIED = message(b"A", struct.pack(">I", 7) + b"news\0hello\0")
NOTICE = message(b"N", b"SNOTICE\0C00000\0Mnote\0\0")
FATAL = message(b"E", b"SFATAL\0VFATAL\0C25P03\0Midle in transaction\0\0")
SELECT = message(b"Q", b"SELECT 1\0")
ROW = message(b"D", b"\0\1\0\0\0\1" + b"1")
DONE = message(b"C", b"SELECT 1\0") + READY
CANCEL = struct.pack(">IIII", 16, 80877102, 4711, 9)


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
    line.received()
    line.service.got.clear()
    traffic.holding = True
    traffic.begin(())
    return line


@pytest.mark.parametrize("said", [NOTIFIED, NOTICE])
def test_what_the_server_says_unasked_is_heard_while_a_unit_is_held(
    traffic: Traffic, database: Line, said: bytes
) -> None:
    database.send(SELECT)
    database.channel.from_server(said)
    assert database.received() == said
    assert database.service.got == []
    (held,) = traffic.heads()
    traffic.release(held)
    database.channel.from_server(said)
    assert database.received() == said
    assert traffic.in_flight is held
    database.channel.from_server(ROW + DONE)
    assert database.received() == ROW + DONE
    assert (held.state, held.rows) == ("done", 1)


def test_a_cancel_request_goes_past_everything_that_is_held(
    traffic: Traffic, database: Line, pump: Pump
) -> None:
    database.send(SELECT)
    (held,) = traffic.heads()
    traffic.release(held)
    database.send(SELECT)
    cancel = Line(traffic, pump, "postgres")
    cancel.send(CANCEL)
    assert cancel.service.got == [CANCEL]
    assert len(traffic.heads()) == 0
    assert len(traffic.parked) == 1


def test_a_connection_that_the_server_ends_takes_what_was_held_with_it(
    traffic: Traffic, database: Line
) -> None:
    database.send(SELECT)
    (held,) = traffic.heads()
    database.channel.from_server(FATAL)
    assert database.received() == FATAL
    assert held.state == "parked"
    database.channel.server_ended()
    assert (held.state, traffic.parked, traffic.done) == ("lost", [], [])


def test_nothing_stays_held_where_the_bytes_are_no_protocol_any_more(
    traffic: Traffic, database: Line
) -> None:
    database.send(SELECT + SELECT + SELECT[:7])
    first = traffic.heads()[0]
    traffic.release(first)
    database.channel.from_server(ROW + ERROR[:4])
    assert database.received() == b""
    database.channel.from_server(bytes(200))
    assert database.received() == ROW + ERROR[:4] + bytes(200)
    assert database.service.got == [SELECT, SELECT, SELECT[:7]]
    assert (traffic.parked, traffic.in_flight, traffic.owes()) == ([], None, False)
    (note,) = traffic.notes
    assert "not controlled from here on" in note


def test_what_a_broken_pipeline_skips_is_not_released_but_sent_on(
    traffic: Traffic, database: Line
) -> None:
    """Its answer will never come, so waiting for it would stop the trial."""
    parse = message(b"P", b"\0SELEC\0\0\0") + message(b"H", b"")
    skipped = message(b"P", b"\0SELECT 2\0\0\0") + message(b"H", b"")
    sync = message(b"S", b"")
    database.send(parse + skipped + skipped + sync)
    assert len(traffic.parked) == 4
    traffic.release(traffic.heads()[0])
    database.channel.from_server(ERROR)
    assert database.received() == ERROR
    assert database.service.got == [parse, skipped, skipped]
    (last,) = traffic.heads()
    traffic.release(last)
    database.channel.from_server(READY)
    assert database.received() == READY
    assert (traffic.in_flight, traffic.parked, len(traffic.done)) == (None, [], 2)


def test_what_needs_no_release_does_not_stay_behind_what_was_released(
    traffic: Traffic, database: Line
) -> None:
    """A Flush of nothing: the next operation would never become the first one."""
    flush = message(b"H", b"")
    database.send(SELECT + flush)
    traffic.release(traffic.heads()[0])
    assert database.service.got == [SELECT, flush]
    database.channel.from_server(ROW + DONE)
    database.send(SELECT)
    assert len(traffic.heads()) == 1


def test_a_notification_answers_nothing_that_was_passed_on(
    traffic: Traffic, database: Line
) -> None:
    traffic.holding = False
    database.send(SELECT)
    database.channel.from_server(NOTIFIED)
    assert traffic.owes()
    database.channel.from_server(ROW + DONE)
    assert not traffic.owes()
