"""What psycopg 3 does on the wire when it is used without asyncio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from showing import LONG_BYTES, URL, digest, show

TYPED = (
    "SELECT %s::int, %s::bigint, %s::numeric, %s::float8, %s::text, %s::bytea, %s::bool,"
    " %s::uuid, %s::date, %s::timestamptz, %s::jsonb, %s::int[], %s::text"
)
VALUES = (
    7, 2**40, Decimal("12.3450"), 0.1, "naïve ☃", b"\0\xff", True, UUID(int=9), date(2024, 2, 29),
    datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC), Jsonb({"a": [1, None]}), [1, 2], None,
)  # fmt: skip


def main() -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        show("protocol", connection.pgconn.protocol_version)
        for part in (types, errors, transactions, prepared, cursors, copies, notices, pipelines):
            part(connection)
        show("long", digest(one(connection, "SELECT repeat('x', %s)", LONG_BYTES)))
        show("long in", one(connection, "SELECT length(%s)", "y" * LONG_BYTES))
    notifications()
    cancels()
    endings()
    newest_protocol()
    with ThreadPoolExecutor(6) as pool:
        show("at once", list(pool.map(counted, range(12))))


def one(connection: psycopg.Connection, sql: str, *values: object) -> object:
    row = connection.execute(sql, values).fetchone()
    return row[0] if row else None


def refused(name: str, action: Callable[..., object], *words: object) -> None:
    try:
        action(*words)
    except psycopg.Error as error:
        diagnosis = error.diag
        show(name, [type(error).__name__, error.sqlstate, diagnosis.message_primary,
                    diagnosis.constraint_name, diagnosis.message_detail])  # fmt: skip
    else:
        show(name, "no error")


def types(connection: psycopg.Connection) -> None:
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        show("types", cursor.execute(TYPED, VALUES, binary=binary).fetchone())
        show("columns", [column.type_code for column in cursor.description or ()])
    show("empty", connection.execute("").statusmessage)
    cursor = connection.execute(
        "SELECT 1; SELECT 'two' UNION ALL SELECT 'more'; SET work_mem = '5MB'"
    )
    while True:
        show("several", [cursor.statusmessage, cursor.fetchall() if cursor.description else None])
        if not cursor.nextset():
            break


def errors(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE things (id int PRIMARY KEY, name text UNIQUE)")
    connection.execute("INSERT INTO things VALUES (1, 'one')")
    refused("unique", connection.execute, "INSERT INTO things VALUES (%s, 'x')", (1,))
    refused("syntax", connection.execute, "SELEC")
    refused("second of three", connection.execute, "SELECT 1; SELECT 1/0; SELECT 3")
    refused("unknown", connection.execute, "SELECT * FROM nothing WHERE a = %s", (1,))
    refused("value", connection.execute, "SELECT %s::int", ("no number",))


def transactions(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute("INSERT INTO things VALUES (2, 'two')")
        refused("savepoint", inner, connection)
        show("status", connection.info.transaction_status.name)
    with connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM things")
    show("kept", connection.execute("SELECT * FROM things ORDER BY id").fetchall())
    connection.execute("BEGIN")
    refused("in transaction", connection.execute, "SELECT 1/0")
    refused("aborted", connection.execute, "SELECT 1")
    connection.execute("ROLLBACK")


def inner(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute("INSERT INTO things VALUES (2, 'again')")


def prepared(connection: psycopg.Connection) -> None:
    for number in range(4):
        show("prepared", connection.execute("SELECT %s + 1", (number,), prepare=True).fetchone())
    connection.execute("DISCARD ALL")
    connection.execute("PREPARE own (int) AS SELECT $1 * 2")
    show("by SQL", one(connection, "EXECUTE own (21)"))
    raw = connection.pgconn
    raw.prepare(b"mine", b"SELECT $1::int + 1")
    show("described", raw.describe_prepared(b"mine").param_type(0))
    show(
        "again",
        raw.prepare(b"mine", b"SELECT 'other'").error_field(psycopg.pq.DiagnosticField.SQLSTATE),
    )
    show("still", raw.exec_prepared(b"mine", [b"4"]).get_value(0, 0))
    if hasattr(raw, "close_prepared") and psycopg.capabilities.has_send_close_prepared():
        raw.close_prepared(b"mine")
        raw.prepare(b"mine", b"SELECT 'other'")
        show("renamed", raw.exec_prepared(b"mine", []).get_value(0, 0))


def cursors(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor("named", scrollable=True) as named:
        named.execute("SELECT n, n * n FROM generate_series(1, 1000) n")
        show("named", [named.fetchone(), named.fetchmany(3), len(named.fetchall())])
        named.scroll(0, mode="absolute")
        show("scrolled", named.fetchone())
    streamed = connection.cursor().stream("SELECT n FROM generate_series(1, 500) n")
    show("streamed", sum(row[0] for row in streamed))
    cursor = connection.cursor()
    rows = [(n, f"n{n}") for n in range(10, 30)]
    cursor.executemany("INSERT INTO things VALUES (%s, %s) RETURNING id", rows, returning=True)
    show("many", [result.fetchone() for result in cursor.results()])


def copies(connection: psycopg.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE lines (n int, body text)")
    with cursor.copy("COPY lines FROM STDIN") as copy:
        for number in range(3000):
            copy.write_row((number, "x" * (number % 300)))
    with cursor.copy("COPY lines (n, body) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "text"])
        for number in range(50):
            copy.write_row((number, None))
    show("copied", cursor.rowcount)
    with cursor.copy("COPY lines TO STDOUT") as copy:
        show("text", digest(b"".join(copy)))
    with cursor.copy(
        "COPY (SELECT * FROM lines WHERE n < %s) TO STDOUT (FORMAT binary)", (9,)
    ) as copy:
        show("binary", digest(b"".join(copy)))
    refused("bad line", bad_copy, cursor, b"not a number\tx\n")
    refused("bad line, many more", bad_copy, cursor, b"1\tx\nnone\ty\n" + b"2\tz\n" * 200_000)
    refused("given up", failed_copy, connection)
    raw = connection.pgconn
    raw.send_query(b"SELECT 1; COPY lines FROM STDIN; SELECT 2")
    show("statuses", list(several(raw)))
    show("count", one(connection, "SELECT count(*) FROM lines"))


def several(raw: psycopg.pq.abc.PGconn) -> Iterator[str]:
    while result := raw.get_result():
        yield psycopg.pq.ExecStatus(result.status).name
        if result.status == psycopg.pq.ExecStatus.COPY_IN:
            raw.put_copy_data(b"77\tlast\n")
            raw.put_copy_end()


def bad_copy(cursor: psycopg.Cursor, data: bytes) -> None:
    with cursor.copy("COPY lines FROM STDIN") as copy:
        copy.write(data)


def failed_copy(connection: psycopg.Connection) -> None:
    with connection.cursor().copy("COPY lines FROM STDIN WHERE n > %s", (0,)) as copy:
        copy.write(b"1\tx\n")
        raise psycopg.errors.DataError("given up")


def notices(connection: psycopg.Connection) -> None:
    said: list[str] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    connection.execute("DO $$BEGIN FOR i IN 1..3 LOOP RAISE NOTICE 'note %', i; END LOOP; END$$")
    connection.execute("DROP TABLE IF EXISTS nobody")
    show("notices", said)
    connection.execute("SET application_name = 'renamed'")
    show("parameter", connection.info.parameter_status("application_name"))


def pipelines(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        found = [connection.execute("SELECT %s::int", (n,)) for n in range(200)]
    show("pipeline", sum(cursor.fetchone()[0] for cursor in found))
    with connection.pipeline() as pipeline:
        connection.execute("INSERT INTO things VALUES (40, 'forty')")
        pipeline.sync()
    refused("in pipeline", broken, connection)
    show("after", connection.execute("SELECT max(id) FROM things").fetchone())
    with connection.pipeline(), connection.transaction():
        first = connection.execute("INSERT INTO things VALUES (50, 'fifty') RETURNING id")
        show("flushed", first.fetchone())
        connection.execute("UPDATE things SET name = name || '!' WHERE id = 50")
    show("pipelined", one(connection, "SELECT name FROM things WHERE id = 50"))


def broken(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        connection.execute("INSERT INTO things VALUES (41, 'x')")
        connection.execute("SELECT 1/0")
        connection.execute("INSERT INTO things VALUES (42, 'y')")


def notifications() -> None:
    with psycopg.connect(URL, autocommit=True) as hears, psycopg.connect(URL) as says:
        hears.execute("LISTEN news")
        for number in range(3):
            says.execute("SELECT pg_notify('news', %s)", (f"n{number}",))
        says.commit()
        show("heard", [n.payload for n in hears.notifies(timeout=10, stop_after=3)])
        hears.execute("NOTIFY news, 'own'")
        show("own", [n.payload for n in hears.notifies(timeout=10, stop_after=1)])


def cancels() -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        for cancel in (connection.cancel, connection.cancel_safe):
            cancelled(connection, cancel)
        show("usable", one(connection, "SELECT 1"))
        connection.execute("SET statement_timeout = 30")
        refused("timed out", connection.execute, "SELECT pg_sleep(30)")


def cancelled(connection: psycopg.Connection, cancel: Callable[[], None]) -> None:
    thread = threading.Thread(target=when_it_runs, args=(connection, cancel))
    thread.start()
    refused("cancelled", connection.execute, "SELECT pg_sleep(30)")
    thread.join()


def when_it_runs(connection: psycopg.Connection, cancel: Callable[[], None]) -> None:
    with psycopg.connect(URL, autocommit=True) as other:
        pid = connection.info.backend_pid
        asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        while other.execute(asleep, (pid,)).fetchone() is None:
            pass
    cancel()


def endings() -> None:
    with psycopg.connect(URL, autocommit=True) as other:
        connection = psycopg.connect(URL, autocommit=True)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
        refused("terminated", connection.execute, "SELECT 1")
        show("closed", connection.closed)
    refused("no database", psycopg.connect, URL + "_not_there")


def newest_protocol() -> None:
    if psycopg.pq.version() < 180000:
        return
    with psycopg.connect(URL, max_protocol_version="latest", autocommit=True) as connection:
        show("newest", connection.pgconn.full_protocol_version)
        cancelled(connection, connection.cancel_safe)


def counted(number: int) -> object:
    with psycopg.connect(URL) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (number % 3,))
        return one(connection, "SELECT sum(n) FROM generate_series(1, %s) n", 100 * number + 1)


main()
