"""So many requests a minute for each key; nobody is turned away because the store is down."""

import logging
import os

import limits
import limits.storage
import limits.strategies
import redis

log = logging.getLogger("tides.throttle")
store = limits.storage.storage_from_string(os.environ["THROTTLE_STORE"])
limiter = limits.strategies.FixedWindowRateLimiter(store)
PER_KEY = limits.parse(os.environ.get("THROTTLE", "30/minute"))


def allows(api_key: str) -> bool:
    try:
        return limiter.hit(PER_KEY, api_key)
    except redis.RedisError as error:
        log.warning("not counted, %s: %s", api_key, error)
        return True


def left(api_key: str) -> int:
    return limiter.get_window_stats(PER_KEY, api_key)[1]
