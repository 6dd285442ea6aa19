"""redis-py: commands, pipelines with and without MULTI, scripts, threads on a small pool."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import redis
from tags import tag

ROUNDS = int(sys.argv[1])
pool = redis.BlockingConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=2)
client = redis.Redis(connection_pool=pool)


def work(_number: int) -> None:
    client.set(tag("set"), "x" * 10)  # line: set
    client.get(tag("get"))  # line: get
    client.set(tag("large"), b"y" * 20_000)  # line: large
    with client.pipeline(transaction=False) as pipeline:
        pipeline.set(tag("queued_set"), "1")  # line: queued_set
        pipeline.set(tag("queued_large"), "z" * 9_000)  # line: queued_large
        pipeline.incr(tag("queued_incr"))  # line: queued_incr
        pipeline.execute()
    with client.pipeline() as pipeline:
        pipeline.set(tag("transaction"), "1")
        pipeline.incr(tag("transaction"))
        pipeline.execute()  # line: transaction
    client.eval("return redis.call('GET', KEYS[1])", 1, tag("eval"))  # line: eval


with ThreadPoolExecutor(4) as threads:
    list(threads.map(work, range(2 * ROUNDS)))
print(redis.__version__)
