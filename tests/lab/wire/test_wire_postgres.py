from __future__ import annotations

import contextlib
import struct
import tracemalloc
from datetime import UTC, datetime
from uuid import UUID

import pytest
from conversations import (
    AUTH_OK,
    BOUND,
    CLOSED,
    FLUSH,
    LOGGED_IN,
    NO_DATA,
    PARSED,
    READY,
    ROW_SHAPE,
    SSL_REQUEST,
    SYNC,
    Turn,
    assert_cut_does_not_matter,
    assert_nothing_lost,
    bind,
    converse,
    describe,
    error,
    execute,
    message,
    parse,
    query,
    row,
    startup,
    tag,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.case.errors import WireError
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.postgres_values import binary_as_text
from redhanded.lab.wire.unit import Answer, Bound, Unit

CODES = "PBDESQHCFpXdcfRKZT123ntsIENAGWV"
IN_TRANSACTION = message("Z", b"T")


def ready_stream() -> PostgresStream:
    stream = PostgresStream()
    stream.client(startup(user="u", database="d"))
    stream.server(LOGGED_IN + READY)
    return stream


def one_unit(stream: PostgresStream, data: bytes) -> Unit:
    (unit,) = stream.client(data)
    return unit


def one_answer(stream: PostgresStream, data: bytes) -> Answer:
    (answer,) = stream.server(data)
    return answer


def test_start_up_passes_unheld_and_names_the_server_process() -> None:
    stream = PostgresStream()
    units, answers = converse(
        stream,
        [
            ("c", startup(user="me", database="shop")),
            ("s", message("R", struct.pack(">I", 10) + b"SCRAM-SHA-256\0\0")),
            ("c", message("p", b"SCRAM-SHA-256\0")),
            ("s", LOGGED_IN + READY),
        ],
    )
    assert [unit.kind for unit in units] == ["STARTUP", "AUTH"]
    assert not any(unit.held for unit in units)
    assert all(answer.serial is None for answer in answers)
    assert stream.backend_pid == 4711
    assert stream.parameters == {"user": "me", "database": "shop"}


@pytest.mark.parametrize("refused_by_server", [True, False])
def test_a_refused_encryption_goes_on_in_the_clear(refused_by_server: bool) -> None:
    stream = PostgresStream()
    assert one_unit(stream, SSL_REQUEST).kind == "SSLREQUEST"
    if refused_by_server:
        assert one_answer(stream, b"N").serial is None
    assert one_unit(stream, startup()).kind == "STARTUP"
    stream.server(LOGGED_IN + READY)
    assert one_unit(stream, query("SELECT 1")).held


def test_a_granted_encryption_passes_unread() -> None:
    stream = PostgresStream()
    stream.client(SSL_REQUEST)
    stream.server(b"S")
    unit = one_unit(stream, b"\x16\x03\x01anything")
    assert (unit.kind, unit.held) == ("TLS", False)
    assert one_answer(stream, b"\x16\x03\x03whatever").serial is None


def test_a_cancel_request_is_passed_on() -> None:
    unit = one_unit(PostgresStream(), struct.pack(">IIII", 16, 80877102, 4711, 9))
    assert (unit.kind, unit.held, unit.silent) == ("CANCEL", False, True)


def test_a_simple_query_is_one_unit_with_all_its_statements() -> None:
    stream = ready_stream()
    unit = one_unit(stream, query("BEGIN; INSERT INTO a VALUES (';'); INSERT INTO b VALUES (2)"))
    assert (unit.serial, unit.kind, unit.held) == (1, "BEGIN", True)
    assert unit.statements[1] == Bound(sql="INSERT INTO a VALUES (';')")
    assert len(unit.statements) == 3
    answer = one_answer(
        stream, tag("BEGIN") + tag("INSERT 0 1") + tag("INSERT 0 2") + IN_TRANSACTION
    )
    assert (answer.serial, answer.complete, answer.rows) == (1, True, 3)
    assert answer.transaction == "open"


def test_bound_values_come_with_their_statement() -> None:
    stream = ready_stream()
    unit = one_unit(
        stream,
        parse("SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3", types=(23, 0, 2950))
        + bind([struct.pack(">i", 42), None, UUID(int=5).bytes], formats=(1, 0, 1))
        + describe() + execute() + SYNC,
    )  # fmt: skip
    assert unit.kind == "SELECT"
    assert unit.statements[0].values == ("42", None, "00000000-0000-0000-0000-000000000005")
    answer = one_answer(
        stream, PARSED + BOUND + ROW_SHAPE + row(b"1") + row(b"2") + tag("SELECT 2") + READY
    )
    assert (answer.rows, answer.transaction, answer.complete) == (2, "idle", True)


def test_a_named_statement_is_remembered_until_it_is_closed() -> None:
    stream = ready_stream()
    stream.client(parse("UPDATE t SET a = $1", name="s1") + SYNC)
    stream.server(PARSED + READY)
    first = one_unit(stream, bind([b"x"], name="s1") + execute() + SYNC)
    assert first.statements == (Bound(sql="UPDATE t SET a = $1", values=("x",)),)
    assert first.kind == "UPDATE"
    stream.client(message("C", b"Ss1\0") + SYNC)
    after = one_unit(stream, bind([b"x"], name="s1") + execute() + SYNC)
    assert after.statements == (Bound(sql="", values=("x",)),)


def test_types_that_the_server_names_decode_later_binary_values() -> None:
    stream = ready_stream()
    prepared = one_unit(stream, parse("SELECT $1", name="s") + describe("S", "s") + FLUSH)
    assert prepared.kind == "PARSE"
    described = message("t", struct.pack(">HI", 1, 20))
    assert one_answer(stream, PARSED + described + ROW_SHAPE).complete
    bound = bind([struct.pack(">q", -7)], name="s", formats=(1,))
    assert one_unit(stream, bound + execute() + SYNC).statements[0].values == ("-7",)


def test_a_flush_unit_is_complete_when_each_message_is_answered() -> None:
    stream = ready_stream()
    unit = one_unit(stream, parse("SELECT 1") + bind() + describe() + execute(rows=2) + FLUSH)
    assert unit.kind == "SELECT"
    assert not one_answer(stream, PARSED + BOUND + ROW_SHAPE + row(b"1")).complete
    answer = one_answer(stream, row(b"2") + message("s"))
    assert (answer.serial, answer.complete, answer.rows) == (unit.serial, True, 2)
    assert answer.transaction is None
    more = one_unit(stream, execute(rows=2) + FLUSH)
    assert more.statements == unit.statements
    assert one_answer(stream, tag("SELECT 0")).serial == more.serial
    end = one_unit(stream, message("C", b"P\0") + SYNC)
    assert end.kind == "CLOSE"
    assert one_answer(stream, CLOSED + READY).serial == end.serial


def test_a_flush_of_nothing_expects_nothing() -> None:
    stream = ready_stream()
    assert one_unit(stream, FLUSH).silent
    stream.client(query("SELECT 1"))
    assert one_answer(stream, tag("SELECT 1") + READY).serial == 2


def test_an_error_says_where_and_still_completes_once() -> None:
    stream = ready_stream()
    stream.client(parse("INSERT") + bind() + execute() + bind() + execute() + SYNC)
    refused = error("23505", "duplicate", t="orders", n="orders_key", D="Key (a)=(1) exists.")
    answer = one_answer(stream, PARSED + BOUND + refused + READY)
    assert answer.complete
    assert answer.failure is not None
    assert (answer.failure.code, answer.failure.table) == ("23505", "orders")
    assert answer.failure.constraint == "orders_key"
    assert answer.failure.detail == "Key (a)=(1) exists."


def test_what_a_broken_pipeline_skips_is_completed_empty() -> None:
    stream = ready_stream()
    units = stream.client(
        parse("bad") + FLUSH + bind() + execute() + FLUSH + SYNC + query("SELECT 1")
    )
    assert [unit.serial for unit in units] == [1, 2, 3, 4]
    answers = stream.server(error("42601", "syntax") + READY + tag("SELECT 1") + READY)
    assert [(a.serial, a.complete) for a in answers] == [(1, True), (2, True), (3, True), (4, True)]
    assert answers[1].raw == b""
    assert answers[0].failure is not None
    assert answers[3].rows == 1


def test_what_is_sent_into_a_broken_pipeline_is_silent_until_sync() -> None:
    stream = ready_stream()
    stream.client(parse("bad") + FLUSH)
    stream.server(error("42601", "syntax"))
    assert one_unit(stream, bind() + execute() + FLUSH).silent
    sync = one_unit(stream, SYNC)
    assert not sync.silent
    assert one_answer(stream, READY).serial == sync.serial
    assert not one_unit(stream, parse("SELECT 1") + FLUSH).silent


def test_pipelined_syncs_are_units_of_their_own() -> None:
    stream = ready_stream()
    one = parse("SELECT 1") + bind() + execute() + SYNC
    units = stream.client(one + one)
    reply = PARSED + BOUND + tag("SELECT 1") + READY
    answers = stream.server(reply + reply)
    assert [a.serial for a in answers] == [unit.serial for unit in units]


def test_unasked_messages_belong_to_nobody() -> None:
    stream = ready_stream()
    notification = message("A", struct.pack(">I", 1) + b"channel\0payload\0")
    assert one_answer(stream, notification).serial is None
    stream.client(query("SELECT 1"))
    answers = stream.server(notification + tag("SELECT 1") + message("S", b"a\0b\0") + READY)
    assert [a.serial for a in answers] == [None, 1]


def test_a_server_that_ends_completes_what_it_was_asked() -> None:
    stream = ready_stream()
    stream.client(query("SELECT pg_sleep(9)"))
    answer = one_answer(stream, error("57P01", "terminating", severity="FATAL"))
    assert (answer.serial, answer.complete) == (1, True)
    unasked = one_answer(ready_stream(), error("57P01", "terminating", severity="FATAL"))
    assert unasked.serial is None
    assert unasked.failure is not None


@pytest.mark.parametrize("ending", [message("c"), message("f", b"no\0")])
def test_copy_data_continue_the_unit_that_began_the_copy(ending: bytes) -> None:
    stream = ready_stream()
    unit = one_unit(stream, query("COPY t FROM STDIN"))
    assert unit.kind == "COPY"
    assert not one_answer(stream, message("G", b"\0\0\0")).complete
    pieces = stream.client(message("d", b"1\n") + message("d", b"2\n") + ending)
    assert [(p.serial, p.continuation, p.held) for p in pieces] == [(1, True, False)]
    assert one_answer(stream, tag("COPY 2") + READY).rows == 2
    assert one_unit(stream, query("SELECT 1")).serial == 2


def test_the_sync_after_an_extended_copy_ends_the_same_unit() -> None:
    stream = ready_stream()
    stream.client(parse("COPY t FROM STDIN") + bind() + execute() + SYNC)
    stream.server(PARSED + BOUND + message("G", b"\0\0\0"))
    pieces = stream.client(message("d", b"1\n") + message("c") + SYNC)
    assert all(piece.continuation for piece in pieces)
    assert one_answer(stream, tag("COPY 1") + READY).complete
    following = one_unit(stream, SYNC)
    assert (following.kind, following.serial) == ("SYNC", 2)


def test_copy_out_and_long_rows_pass_in_pieces() -> None:
    stream = ready_stream()
    stream.client(query("COPY t TO STDOUT"))
    stream.server(message("H", b"\0\0\0"))
    long = message("d", b"x" * 50_000_000)
    tracemalloc.start()
    for start in range(0, len(long), 65536):
        (piece,) = stream.server(long[start : start + 65536])
        assert not piece.complete
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert one_answer(stream, message("c") + tag("COPY 1") + READY).complete


def test_a_function_call_and_an_end() -> None:
    stream = ready_stream()
    unit = one_unit(stream, message("F", struct.pack(">IHHH", 1, 0, 0, 0)))
    assert unit.kind == "FUNCTION CALL"
    assert one_answer(stream, message("V", b"\xff\xff\xff\xff") + READY).serial == unit.serial
    end = one_unit(stream, message("X"))
    assert (end.kind, end.held, end.silent) == ("TERMINATE", False, True)


def test_a_withdrawn_unit_expects_no_answer() -> None:
    stream = ready_stream()
    first, second = stream.client(query("SELECT 1") + query("SELECT 2"))
    stream.withdraw(first.serial)
    assert one_answer(stream, tag("SELECT 1") + READY).serial == second.serial


@pytest.mark.parametrize(
    ("oid", "value", "text"),
    [
        (16, b"\x01", "true"),
        (21, struct.pack(">h", -3), "-3"),
        (700, struct.pack(">f", 0.1), "0.100000001"),
        (701, struct.pack(">d", 0.1), "0.1"),
        (1043, "é".encode(), "é"),
        (17, b"\x00\xff", "0x00ff"),
        (1114, struct.pack(">q", 86_400_000_000), "2000-01-02 00:00:00"),
        (1184, struct.pack(">q", 2**63 - 1), "infinity"),
        (1082, struct.pack(">i", -1), "1999-12-31"),
        (3802, b'\x01{"a":1}', '{"a":1}'),
        (1700, struct.pack(">hhHh3h", 3, 1, 0x4000, 2, 12, 3456, 7800), "-123456.78"),
        (1700, struct.pack(">hhHh1h", 1, -2, 0, 8, 5), "0.00000005"),
        (1700, struct.pack(">hhHh", 0, 0, 0xC000, 0), "NaN"),
        (23, b"\x00\x01", "0x0001"),
        (99999, b"ab", "0x6162"),
    ],
)
def test_binary_values_are_read_by_type(oid: int, value: bytes, text: str) -> None:
    assert binary_as_text(oid, value) == text


def test_a_timestamp_is_what_the_clock_said() -> None:
    moment = datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=UTC)
    microseconds = round((moment - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
    assert binary_as_text(1184, struct.pack(">q", microseconds)) == "2024-02-29 12:30:01.000005+00"


@given(st.integers(0, 2000), st.binary(max_size=20))
def test_any_binary_value_has_a_text(oid: int, value: bytes) -> None:
    assert isinstance(binary_as_text(oid, value), str)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 9000000, 196608),
        struct.pack(">II", 8, 131072),
        b"GET / HTTP/1.1\r\n\r\n",
        startup() + message("?", b""),
        startup() + b"Q\0\0\0\1",
        startup() + message("Q", b"no zero"),
        startup() + message("B", b"\0\0\0\0\0\5"),
        startup() + b"Q\xff\xff\xff\xff",
    ],
)
def test_what_is_no_client_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(WireError, match=r"at byte \d+ of the connection \(bytes: "):
        PostgresStream().client(data)


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"Z\0\0\0\1", b"E\x7f\0\0\0"])
def test_what_is_no_server_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="PostgreSQL server"):
        ready_stream().server(data)


CONVERSATION: list[Turn] = [
    ("c", SSL_REQUEST),
    ("s", b"N"),
    ("c", startup()),
    ("s", AUTH_OK + LOGGED_IN + READY),
    ("c", query("BEGIN; SELECT 1") + parse("SELECT $1", "s", (23,)) + describe("S", "s") + FLUSH),
    ("s", tag("BEGIN") + ROW_SHAPE + row(b"1" * 40) + tag("SELECT 1") + IN_TRANSACTION),
    ("s", PARSED + message("t", struct.pack(">HI", 1, 23)) + NO_DATA),
    ("c", bind([b"\0\0\0\1"], name="s", formats=(1,)) + execute() + SYNC),
    ("c", query("COPY t FROM STDIN")),
    ("s", message("N", b"CW\0\0") + BOUND + error("42601", "x") + message("Z", b"E")),
    ("s", message("G", b"\0\0\0")),
    ("c", message("d", b"abc\n") + message("d", b"def\n") + message("c") + query("ROLLBACK")),
    ("s", tag("COPY 2") + READY + tag("ROLLBACK") + message("S", b"a\0b\0") + READY),
    ("c", message("X")),
]  # fmt: skip


@given(st.lists(st.integers(0, 500), max_size=12))
def test_how_the_bytes_are_cut_does_not_matter(places: list[int]) -> None:
    assert_cut_does_not_matter(PostgresStream, CONVERSATION, places)


def test_byte_by_byte_nothing_is_lost() -> None:
    turns = [(side, bytes([byte])) for side, data in CONVERSATION for byte in data]
    units, answers = converse(PostgresStream(), turns)
    assert_nothing_lost(turns, units, answers)
    held = [unit.serial for unit in units if unit.held]
    assert [a.serial for a in answers if a.serial is not None and a.complete] == held


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from("cs"), st.binary(max_size=40)), max_size=8), st.booleans()
)
def test_random_bytes_raise_nothing_but_wire_errors(turns: list[Turn], started: bool) -> None:
    stream = ready_stream() if started else PostgresStream()
    with contextlib.suppress(WireError):
        converse(stream, turns)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("cs"),
            st.builds(message, st.sampled_from(CODES), st.binary(max_size=12)),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_messages_with_random_content_raise_nothing_but_wire_errors(turns: list[Turn]) -> None:
    with contextlib.suppress(WireError):
        converse(ready_stream(), turns)
