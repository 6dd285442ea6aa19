"""redis-py with asyncio: commands, pipelines, tasks on a small pool."""

from __future__ import annotations

import asyncio
import os
import sys

import redis
import redis.asyncio
from tags import tag

ROUNDS = int(sys.argv[1])
URL = os.environ["REDIS_URL"]


async def work(client: redis.asyncio.Redis) -> None:
    await client.set(tag("set"), "1")  # line: set
    await client.set(tag("large"), b"y" * 300_000)  # line: large
    await asyncio.gather(
        client.get(tag("gathered")),  # line: gathered
        client.incr(tag("gathered_too")),  # line: gathered_too
    )
    async with client.pipeline(transaction=False) as pipeline:
        pipeline.set(tag("queued_set"), "1")  # line: queued_set
        pipeline.set(tag("queued_large"), "z" * 9_000)  # line: queued_large
        pipeline.incr(tag("queued_incr"))  # line: queued_incr
        await pipeline.execute()
    async with client.pipeline() as pipeline:
        pipeline.set(tag("transaction"), "1")
        await pipeline.execute()  # line: transaction


async def main() -> None:
    for options in ({}, {"socket_timeout": 5}):
        pool = redis.asyncio.BlockingConnectionPool.from_url(URL, max_connections=2, **options)
        client = redis.asyncio.Redis(connection_pool=pool)
        await asyncio.gather(*[work(client) for _ in range(ROUNDS)])
        await client.aclose()
        await pool.disconnect()


if len(sys.argv) > 2:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
print(redis.__version__)
