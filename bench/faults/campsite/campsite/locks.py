import uuid
from contextlib import contextmanager

import redis

from campsite.config import Config

client = redis.Redis.from_url(Config.REDIS_URL)

release = client.register_script(
    """
    if redis.call('get', KEYS[1]) == ARGV[1] then
        return redis.call('del', KEYS[1])
    end
    return 0
    """
)


@contextmanager
def only_one(name, seconds):
    key = f"campsite:lock:{name}"
    token = uuid.uuid4().hex
    got = client.set(key, token, nx=True, ex=seconds)
    try:
        yield got
    finally:
        if got:
            release(keys=[key], args=[token])
