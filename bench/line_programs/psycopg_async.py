"""psycopg with asyncio: tasks, pipelines, a connection that several tasks wait for."""

from __future__ import annotations

import asyncio
import os
import sys

import psycopg
from tags import tag

URL = os.environ["DATABASE_URL"]
ROUNDS = int(sys.argv[1])


async def on_its_own() -> None:
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        await connection.execute("SELECT %s::text", [tag("own")])  # line: own
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT %s::text", [tag("own_cursor")])  # line: own_cursor


async def shared(connection: psycopg.AsyncConnection) -> None:
    await asyncio.gather(
        connection.execute("SELECT %s::text", [tag("gathered")]),  # line: gathered
        connection.execute("SELECT %s::text", [tag("gathered_too")]),  # line: gathered_too
    )
    waited = connection.execute("SELECT %s::text", [tag("waited_for")])  # line: waited_for
    await asyncio.wait_for(asyncio.ensure_future(waited), 5)
    async with connection.pipeline() as pipeline:
        await connection.execute("SELECT %s::text", [tag("piped")])  # line: piped
        await pipeline.sync()
        cursor = await connection.execute(  # line: piped_again
            "SELECT %s::text", [tag("piped_again")]
        )
        await cursor.fetchone()


async def main() -> None:
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as connection:
        for _ in range(ROUNDS):
            await shared(connection)
    await asyncio.gather(*[on_its_own() for _ in range(3 * ROUNDS)])


asyncio.run(main())
print(psycopg.__version__, psycopg.pq.__impl__)
