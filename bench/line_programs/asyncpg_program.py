"""asyncpg: a pool with more tasks than connections, prepared statements, cursors, COPY."""

from __future__ import annotations

import asyncio
import os
import sys

import asyncpg
from tags import tag

URL = os.environ["DATABASE_URL"]
ROUNDS = int(sys.argv[1])
LOOP = sys.argv[2] if len(sys.argv) > 2 else "asyncio"


async def acquired(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.fetch("SELECT $1::text", tag("fetch"))  # line: fetch
        await connection.execute(f"SELECT 1 /* {tag('execute')} */")  # line: execute
        async with connection.transaction():
            await connection.fetchval("SELECT $1::text", tag("transaction"))  # line: transaction
        await connection.executemany(  # line: many
            "INSERT INTO lines_asyncpg VALUES ($1)", [(tag("many"),)]
        )
        statement = await connection.prepare(  # line: prepare
            f"SELECT $1::int /* {tag('prepare')} */"
        )
        await statement.fetch(1)


async def pooled(pool: asyncpg.Pool) -> None:
    await asyncio.gather(
        pool.fetch("SELECT $1::text", tag("pool")),  # line: pool
        pool.execute(f"SELECT 1 /* {tag('pool_execute')} */"),  # line: pool_execute
        asyncio.wait_for(pool.fetchrow("SELECT $1::text", tag("pool_row")), 9),  # line: pool_row
    )


async def main() -> None:
    async with asyncpg.create_pool(URL, min_size=2, max_size=2) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS lines_asyncpg (value text)")
        for _ in range(ROUNDS):
            await asyncio.gather(*[acquired(pool) for _ in range(4)], pooled(pool), pooled(pool))


if LOOP == "uvloop":
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
print(asyncpg.__version__)
