"""What psycopg 3 does on the wire under asyncio."""

from __future__ import annotations

import asyncio

import psycopg
from showing import LONG_BYTES, URL, digest, show


async def main() -> None:
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as connection:
        await connection.execute("CREATE TABLE parts (id int PRIMARY KEY, body text)")
        for part in (copies, cursors, pipelines, cancelled):
            await part(connection)
        long = await (await connection.execute("SELECT repeat('x', %s)", (LONG_BYTES,))).fetchone()
        show("long", digest(long[0]))
    await notifications()
    show("at once", await asyncio.gather(*map(counted, range(8))))


async def copies(connection: psycopg.AsyncConnection) -> None:
    async with connection.cursor().copy("COPY parts FROM STDIN") as copy:
        for number in range(1000):
            await copy.write_row((number, "body"))
    async with connection.cursor().copy("COPY parts TO STDOUT") as copy:
        show("out", digest(b"".join([bytes(data) async for data in copy])))


async def cursors(connection: psycopg.AsyncConnection) -> None:
    async with connection.transaction(), connection.cursor("named") as named:
        await named.execute("SELECT id FROM parts ORDER BY id")
        show("named", [await named.fetchmany(2), len(await named.fetchall())])
    streamed = connection.cursor().stream("SELECT id FROM parts ORDER BY id")
    show("streamed", sum([row[0] async for row in streamed]))


async def pipelines(connection: psycopg.AsyncConnection) -> None:
    async with connection.pipeline() as pipeline:
        cursors = [
            await connection.execute("UPDATE parts SET body = %s WHERE id = %s", (f"b{n}", n))
            for n in range(100)
        ]
        await pipeline.sync()
        show("changed", sum(cursor.rowcount for cursor in cursors))
    try:
        async with connection.pipeline():
            await connection.execute("INSERT INTO parts VALUES (5000, 'kept?')")
            await connection.execute("INSERT INTO parts VALUES (1, 'twice')")
            await connection.execute("INSERT INTO parts VALUES (5001, 'skipped')")
    except psycopg.Error as error:
        show("in pipeline", error.sqlstate)
    rows = await connection.execute("SELECT count(*), max(id) FROM parts")
    show("left", await rows.fetchone())


async def cancelled(connection: psycopg.AsyncConnection) -> None:
    task = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as other:
        asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        pid = connection.info.backend_pid
        while await (await other.execute(asleep, (pid,))).fetchone() is None:
            await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except (asyncio.CancelledError, psycopg.Error) as error:
        show("cancelled", type(error).__name__)
    show("usable", await (await connection.execute("SELECT 1")).fetchone())


async def notifications() -> None:
    async with (
        await psycopg.AsyncConnection.connect(URL, autocommit=True) as hears,
        await psycopg.AsyncConnection.connect(URL, autocommit=True) as says,
    ):
        await hears.execute("LISTEN news")
        for number in range(3):
            await says.execute("SELECT pg_notify('news', %s)", (str(number),))
        heard = hears.notifies(timeout=10, stop_after=3)
        show("heard", [notification.payload async for notification in heard])


async def counted(number: int) -> object:
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (number % 2,))
        rows = await connection.execute("SELECT count(*) FROM parts WHERE id < %s", (number,))
        return await rows.fetchone()


asyncio.run(main())
