"""What an answer of PostgreSQL returned: columns, rows, notifications beside them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from conversations import (
    LOGGED_IN,
    NO_DATA,
    PARSED,
    READY,
    SYNC,
    bind,
    describe,
    execute,
    message,
    parse,
    query,
    row,
    startup,
    tag,
)

from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.postgres_rows import rows_in

INT8, TEXT = 20, 25
NOTIFIED = message("A", struct.pack(">I", 7) + b"news\0\0")
PARAMETERS = message("t", struct.pack(">H", 0))


def shape(*columns: tuple[str, int, int, int], binary: bool = False) -> bytes:
    """RowDescription of columns: name, table, number, type."""
    body = struct.pack(">H", len(columns))
    for name, table, number, kind in columns:
        body += name.encode() + b"\0" + struct.pack(">IhIhih", table, number, kind, -1, -1, binary)
    return message("T", body)


ID = ("id", 4711, 1, INT8)
NAME = ("name", 0, 0, TEXT)


def values(
    answer: bytes, described: bytes = b"", results: Sequence[int] = ()
) -> list[tuple[str | None, ...]]:
    return [found for _, found in rows_in(answer, described, results)]


def ready_stream() -> PostgresStream:
    stream = PostgresStream()
    stream.client(startup(user="u", database="d"))
    stream.server(LOGGED_IN + READY)
    return stream


def test_rows_have_columns_that_say_where_they_come_from() -> None:
    ((columns, found),) = rows_in(shape(ID, NAME) + row(b"7", b"x") + tag("SELECT 1") + READY)
    assert [(each.name, each.table, each.number) for each in columns] == [
        ("id", 4711, 1),
        ("name", 0, 0),
    ]
    assert found == ("7", "x")


def test_null_and_binary_values() -> None:
    null = message("D", struct.pack(">Hi", 2, -1) + struct.pack(">i", 1) + b"y")
    assert values(shape(ID, NAME) + null) == [(None, "y")]
    eight = struct.pack(">q", 8)
    assert values(shape(ID, binary=True) + row(eight)) == [("8",)]


def test_a_description_from_before_says_nothing_of_formats() -> None:
    described = shape(ID, NAME)[5:]
    answer = row(struct.pack(">q", 9), b"z") + tag("SELECT 1")
    assert values(answer, described, (1,)) == [("9", "z")]
    assert values(answer, described, (1, 0)) == [("9", "z")]
    assert values(row(b"9", b"z"), described) == [("9", "z")]


def test_what_nobody_described_or_was_cut_short_is_left_out() -> None:
    assert values(row(b"7")) == []
    whole = shape(ID) + row(b"7") + row(b"12")
    assert values(whole[:-1]) == [("7",)]
    assert values(shape(ID)[:9] + b"\xff") == []


def test_rows_of_the_next_statement_have_columns_of_their_own() -> None:
    answer = shape(ID) + row(b"7") + tag("SELECT 1") + row(b"8") + shape(NAME) + row(b"x")
    assert values(answer) == [("7",), ("x",)]


def test_a_connection_remembers_what_the_server_said_of_a_prepared_statement() -> None:
    stream = ready_stream()
    stream.client(parse("SELECT id FROM jobs", "s") + describe("S", "s") + SYNC)
    stream.server(PARSED + PARAMETERS + shape(ID) + READY)
    assert stream.prepared.columns_of("SELECT id FROM jobs") == shape(ID)[5:]
    stream.client(parse("DELETE FROM jobs", "d") + describe("S", "d") + SYNC)
    stream.server(PARSED + PARAMETERS + NO_DATA + READY)
    assert stream.prepared.columns_of("DELETE FROM jobs") == b""


def test_columns_of_an_answer_are_not_those_of_a_statement() -> None:
    stream = ready_stream()
    stream.client(parse("SELECT 1", "s") + bind(name="s") + describe() + execute() + SYNC)
    stream.server(PARSED + message("2") + shape(ID) + row(b"1") + tag("SELECT 1") + READY)
    assert stream.prepared.columns_of("SELECT 1") == b""


def test_how_the_client_wants_its_columns_is_kept() -> None:
    stream = ready_stream()
    binary = bind(name="s")[:-2] + struct.pack(">HH", 1, 1)
    binary = binary[:1] + struct.pack(">I", len(binary) - 1) + binary[5:]
    (unit,) = stream.client(parse("SELECT 1", "s") + binary + execute() + SYNC)
    assert unit.statements[0].results == (1,)


def test_notifications_are_counted_wherever_they_come() -> None:
    stream = ready_stream()
    stream.server(NOTIFIED)
    stream.client(query("SELECT 1"))
    stream.server(shape(ID) + row(b"1") + NOTIFIED + tag("SELECT 1") + READY)
    assert stream.notified == 2
