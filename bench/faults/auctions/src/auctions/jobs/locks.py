from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
"""


@asynccontextmanager
async def alone(redis: Redis, name: str, seconds: int) -> AsyncIterator[bool]:
    token = secrets.token_hex(16)
    taken = await redis.set(f"lock:{name}", token, nx=True, ex=seconds)
    try:
        yield bool(taken)
    finally:
        if taken:
            await redis.eval(RELEASE, 1, f"lock:{name}", token)
