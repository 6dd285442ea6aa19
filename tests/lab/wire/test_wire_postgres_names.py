"""What a connection remembers: refused names, keys, failed copies, long pipelines."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from conversations import (
    BOUND,
    CLOSED,
    FLUSH,
    PARSED,
    READY,
    SYNC,
    bind,
    error,
    execute,
    message,
    parse,
    query,
    startup,
    tag,
)

from redhanded.case.errors import WireError
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Bound, Unit

AUTHENTICATED = message("R", struct.pack(">I", 0))
COPY_IN = message("G", b"\0\0\0")
CLOSE_S = message("C", b"Ss\0")


def ready_stream(key: bytes = b"\0\0\0\x09") -> PostgresStream:
    stream = PostgresStream()
    stream.client(startup(user="u", database="d"))
    stream.server(AUTHENTICATED + message("K", struct.pack(">I", 4711) + key) + READY)
    return stream


def one_unit(stream: PostgresStream, data: bytes) -> Unit:
    (unit,) = stream.client(data)
    return unit


def statement_of(stream: PostgresStream, name: str = "s") -> str:
    return one_unit(stream, bind(name=name) + execute() + SYNC).statements[0].sql


def test_a_name_that_the_server_refuses_to_give_again_keeps_its_statement() -> None:
    stream = ready_stream()
    stream.client(parse("SELECT 1", "s") + SYNC)
    stream.server(PARSED + READY)
    stream.client(parse("SELECT 2", "s") + SYNC)
    stream.server(error("42P05", "already exists") + READY)
    assert statement_of(stream) == "SELECT 1"


def test_a_name_that_was_closed_is_free_again() -> None:
    stream = ready_stream()
    stream.client(parse("SELECT 1", "s") + SYNC)
    stream.server(PARSED + READY)
    stream.client(CLOSE_S + parse("SELECT 2", "s") + SYNC)
    stream.server(CLOSED + PARSED + READY)
    assert statement_of(stream) == "SELECT 2"


def test_what_an_error_skips_changes_no_name() -> None:
    stream = ready_stream()
    stream.client(parse("SELECT 1", "s") + SYNC)
    stream.server(PARSED + READY)
    stream.client(parse("SELEC") + CLOSE_S + parse("SELECT 2", "s") + SYNC)
    stream.server(error("42601", "syntax") + READY)
    assert statement_of(stream) == "SELECT 1"


@pytest.mark.parametrize("known", [False, True])
def test_what_a_broken_pipeline_skips_changes_no_name(known: bool) -> None:
    """Sent before the error is known, or after."""
    stream = ready_stream()
    stream.client(parse("SELECT 1", "s") + SYNC)
    stream.server(PARSED + READY)
    stream.client(parse("SELEC") + FLUSH)
    skipped = CLOSE_S + FLUSH + parse("SELECT 2", "s") + FLUSH
    if not known:
        stream.client(skipped)
    stream.server(error("42601", "syntax"))
    if known:
        stream.client(skipped)
    stream.client(SYNC)
    stream.server(READY)
    assert statement_of(stream) == "SELECT 1"


def test_a_later_unit_that_succeeds_is_not_undone_with_an_earlier_one() -> None:
    stream = ready_stream()
    stream.client(parse("SELEC", "s") + SYNC + parse("SELECT 2", "s") + SYNC)
    stream.server(error("42601", "syntax") + READY + PARSED + READY)
    assert statement_of(stream) == "SELECT 2"


def test_a_portal_is_run_again_after_it_was_suspended() -> None:
    stream = ready_stream()
    first = one_unit(
        stream, parse("SELECT $1") + bind([b"7"], portal="p") + execute("p", 5) + FLUSH
    )
    stream.server(PARSED + BOUND + message("s"))
    again = one_unit(stream, execute("p", 5) + FLUSH)
    assert again.statements == first.statements == (Bound(sql="SELECT $1", values=("7",)),)
    stream.server(tag("SELECT 0"))
    stream.client(message("C", b"Pp\0") + SYNC)
    stream.server(CLOSED + READY)
    assert one_unit(stream, execute("p") + SYNC).statements == (Bound(sql=""),)


@pytest.mark.parametrize("key", [b"\0\0\0\x09", bytes(range(32)), b"k" * 256])
def test_a_cancel_request_names_the_connection_it_is_for(key: bytes) -> None:
    meant = ready_stream(key)
    other = PostgresStream()
    packet = struct.pack(">III", 12 + len(key), 80877102, 4711) + key
    assert one_unit(other, packet).kind == "CANCEL"
    assert other.cancels == meant.backend_key == (4711, key)
    assert meant.backend_pid == 4711


@pytest.mark.parametrize("version", [(3, 0), (3, 2), (3, 9999)])
def test_a_newer_protocol_is_negotiated_within_the_handshake(version: tuple[int, int]) -> None:
    stream = PostgresStream()
    body = struct.pack(">HH", *version) + b"user\0me\0\0"
    assert one_unit(stream, struct.pack(">I", len(body) + 4) + body).kind == "STARTUP"
    negotiated = message("v", struct.pack(">II", 196610, 0))
    answers = stream.server(negotiated + AUTHENTICATED + READY)
    assert [answer.serial for answer in answers] == [None] * len(answers)
    assert one_unit(stream, query("SELECT 1")).held


def test_encryption_from_the_first_byte_is_refused_with_what_to_do() -> None:
    with pytest.raises(WireError, match=r"sslnegotiation=direct.*TLS is off"):
        PostgresStream().client(b"\x16\x03\x01\x02\x00")


def test_an_encryption_request_that_the_proxy_answers_is_not_waited_for() -> None:
    stream = PostgresStream()
    request = one_unit(stream, struct.pack(">II", 8, 80877103))
    stream.withdraw(request.serial)
    stream.client(startup())
    changed = message("S", b"a\0b\0")  # Begins like the answer to such a request.
    assert b"".join(answer.raw for answer in stream.server(changed + READY)) == changed + READY
    assert one_unit(stream, query("SELECT 1")).held


def test_a_copy_that_the_server_ended_is_over() -> None:
    """Its client noticed in time and sent no end of the copy."""
    stream = ready_stream()
    stream.client(query("COPY t FROM STDIN"))
    stream.server(COPY_IN)
    stream.client(message("d", b"no number\n"))
    stream.server(error("22P02", "invalid") + READY)
    following = one_unit(stream, parse("SELECT 1") + bind() + execute() + SYNC)
    assert (following.kind, following.serial, following.raw[-5:]) == ("SELECT", 2, SYNC)


def test_a_failed_copy_with_bound_values_ends_at_its_sync() -> None:
    stream = ready_stream()
    copy = one_unit(
        stream, parse("COPY t FROM STDIN WHERE n > $1") + bind([b"1"]) + execute() + SYNC
    )
    stream.server(PARSED + BOUND + COPY_IN)
    stream.client(message("d", b"no number\n"))
    stream.server(error("22P02", "invalid"))
    rest = stream.client(message("d", b"1\n") + message("c") + SYNC)
    assert {(piece.serial, piece.continuation) for piece in rest} == {(copy.serial, True)}
    (answer,) = stream.server(READY)
    assert (answer.serial, answer.complete) == (copy.serial, True)
    assert one_unit(stream, SYNC).serial == copy.serial + 1


def test_two_copies_in_one_query_are_one_unit() -> None:
    stream = ready_stream()
    unit = one_unit(stream, query("COPY a FROM STDIN; SELECT 1; COPY b FROM STDIN"))
    for _ in range(2):
        assert not stream.server(COPY_IN)[-1].complete
        pieces = stream.client(message("d", b"1\n") + message("c"))
        assert all(piece.serial == unit.serial and piece.continuation for piece in pieces)
        assert not stream.server(tag("COPY 1"))[-1].complete
    (answer,) = stream.server(READY)
    assert (answer.serial, answer.complete, answer.rows) == (unit.serial, True, 2)


def test_a_long_pipeline_is_not_copied_with_each_part_of_it() -> None:
    stream = ready_stream()
    one = bind([b"x" * 200]) + execute()
    data = parse("INSERT INTO t VALUES ($1)") + one * 8000 + SYNC
    middle = data[:-100_000]
    for start in range(0, len(middle), 10_000):
        stream.client(middle[start : start + 10_000])
    tracemalloc.start()
    assert stream.client(data[len(middle) : len(middle) + 10_000]) == []
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    unit = one_unit(stream, data[len(middle) + 10_000 :])
    assert (unit.raw, unit.offset, len(unit.statements)) == (
        data,
        len(startup(user="u", database="d")),
        8000,
    )
