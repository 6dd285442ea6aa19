import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"])

RELEASE = client.register_script(
    """
    if redis.call('get', KEYS[1]) == ARGV[1] then
        return redis.call('del', KEYS[1])
    end
    return 0
    """
)

COUNT = client.register_script(
    """
    local calls = redis.call('incr', KEYS[1])
    if calls == 1 then
        redis.call('expire', KEYS[1], ARGV[1])
    end
    return calls
    """
)


@contextmanager
def lease(name: str, seconds: int) -> Iterator[bool]:
    token = secrets.token_hex(16)
    taken = bool(client.set(f"lease:{name}", token, nx=True, ex=seconds))
    try:
        yield taken
    finally:
        if taken:
            RELEASE(keys=[f"lease:{name}"], args=[token])
