"""A lease over all processes; the work must not take longer than it lasts."""

import uuid
from contextlib import asynccontextmanager

from orchard.stores import redis

GIVE_BACK = """
if redis.call("get", KEYS[1]) == ARGV[1] then
    return redis.call("del", KEYS[1])
end
return 0
"""


class Busy(Exception):
    pass


@asynccontextmanager
async def lease(name, seconds):
    owner = uuid.uuid4().hex
    if not await redis.set(f"lease:{name}", owner, ex=seconds, nx=True):
        raise Busy(name)
    try:
        yield
    finally:
        await redis.eval(GIVE_BACK, 1, f"lease:{name}", owner)
