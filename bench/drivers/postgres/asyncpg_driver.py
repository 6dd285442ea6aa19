"""What asyncpg does on the wire: binary values, statements prepared by Flush, a pool."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
from showing import LONG_BYTES, URL, digest, show


async def main() -> None:
    connection = await asyncpg.connect(URL)
    for part in (types, errors, prepared, cursors, copies, listening, cancelled):
        await part(connection)
    show("long", digest(await connection.fetchval("SELECT repeat('x', $1)", LONG_BYTES)))
    show("long in", await connection.fetchval("SELECT length($1::text)", "y" * LONG_BYTES))
    await connection.close()
    async with asyncpg.create_pool(URL, min_size=2, max_size=4) as pool:
        show("pool", await asyncio.gather(*(counted(pool, number) for number in range(12))))


async def types(connection: asyncpg.Connection) -> None:
    row = await connection.fetchrow(
        "SELECT $1::int, $2::int8, $3::numeric, $4::float8, $5::text, $6::bytea, $7::uuid,"
        " $8::timestamptz, $9::int[], $10::text, $11::jsonb",
        7, 2**40, Decimal("12.3450"), 0.1, "naïve ☃", b"\0\xff", UUID(int=9),
        datetime(2024, 2, 29, tzinfo=UTC), [1, None], None, '{"a": 1}',
    )  # fmt: skip
    show("types", list(row))
    show(
        "script",
        await connection.execute(
            "CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1), (2)"
        ),
    )


async def errors(connection: asyncpg.Connection) -> None:
    for sql, *values in (
        ("INSERT INTO t VALUES ($1)", 1),
        ("SELEC",),
        ("SELECT 1; SELECT 1/0; SELECT 3",),
        ("SELECT $1::int / 0", 1),
    ):
        try:
            await connection.execute(sql, *values)
        except asyncpg.PostgresError as error:
            show("error", [type(error).__name__, error.sqlstate, str(error)])
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO t VALUES (3)")
            try:
                async with connection.transaction():
                    await connection.execute("INSERT INTO t VALUES (3)")
            except asyncpg.UniqueViolationError:
                show("inside", await connection.fetchval("SELECT count(*) FROM t"))
            raise ZeroDivisionError
    except ZeroDivisionError:
        show("rolled back", await connection.fetchval("SELECT count(*) FROM t"))


async def prepared(connection: asyncpg.Connection) -> None:
    statement = await connection.prepare("SELECT $1::int + $2::int AS sum")
    show("parameters", [kind.name for kind in statement.get_parameters()])
    show("columns", [column.name for column in statement.get_attributes()])
    show("sums", [await statement.fetchval(n, 1) for n in range(5)])
    await connection.executemany("INSERT INTO t VALUES ($1)", [(n,) for n in range(10, 500)])
    try:
        await connection.executemany("INSERT INTO t VALUES ($1)", [(900,), (10,), (901,)])
    except asyncpg.UniqueViolationError as error:
        show("many", error.constraint_name)
    returned = await connection.fetchmany(
        "INSERT INTO t VALUES ($1) RETURNING n", [(n,) for n in (600, 601)]
    )
    show("returned", [list(row) for row in returned])
    show("count", await connection.fetchval("SELECT count(*) FROM t"))
    await connection.reset()


async def cursors(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        found = [
            row["n"] async for row in connection.cursor("SELECT n FROM t ORDER BY n", prefetch=40)
        ]
        show("cursor", [len(found), sum(found)])
        cursor = await connection.cursor("SELECT n FROM t ORDER BY n")
        show(
            "fetched",
            [len(await cursor.fetch(7)), await cursor.forward(5), list(await cursor.fetchrow())],
        )


async def copies(connection: asyncpg.Connection) -> None:
    records = [(n, "x" * (n % 100)) for n in range(2000)]
    await connection.execute("CREATE TABLE lines (n int, body text)")
    show("records", await connection.copy_records_to_table("lines", records=records))
    out = io.BytesIO()
    show(
        "out",
        await connection.copy_from_query(
            "SELECT * FROM lines WHERE n < $1", 5, output=out, format="csv"
        ),
    )
    show("csv", digest(out.getvalue()))
    show(
        "in",
        await connection.copy_to_table("lines", source=io.BytesIO(b"1,a\n2,b\n"), format="csv"),
    )
    try:
        await connection.copy_to_table("lines", source=io.BytesIO(b"x,a\n" * 5000), format="csv")
    except asyncpg.PostgresError as error:
        show("bad", str(error))
    try:
        await connection.copy_to_table("lines", source=given_up(), format="csv")
    except RuntimeError as error:
        show("given up", str(error))
    show("lines", await connection.fetchval("SELECT count(*) FROM lines"))


async def given_up() -> object:
    yield b"1,a\n"
    raise RuntimeError("the source broke")


async def listening(connection: asyncpg.Connection) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("news", lambda *words: heard.put_nowait(words[-1]))
    other = await asyncpg.connect(URL)
    for number in range(3):
        await other.execute("SELECT pg_notify('news', $1)", str(number))
    show("heard", [await asyncio.wait_for(heard.get(), 10) for _ in range(3)])
    await other.close()
    said: list[str] = []
    connection.add_log_listener(lambda _, message: said.append(message.message))
    await connection.execute("DO $$BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END$$")
    await connection.fetchval("SELECT 1")
    show("notices", said)


async def cancelled(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("SELECT pg_sleep(30)", timeout=0.05)
    except TimeoutError:
        show("cancelled", await connection.fetchval("SELECT 'usable'"))


async def counted(pool: asyncpg.Pool, number: int) -> object:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", number % 3)
        return await connection.fetchval("SELECT count(*) FROM t WHERE n < $1", number * 10)


asyncio.run(main())
