"""Which Redis scripts take a lock, judged by the texts that libraries send."""

from __future__ import annotations

import pytest
from redis.lock import Lock

from redhanded.lab.describe import Scripts
from redhanded.lab.lock_scripts import LEASE, LOCK, lock_of

REDLOCK = """
  -- Return 0 if an entry already exists.
  for i, key in ipairs(KEYS) do
    if redis.call("exists", key) == 1 then
      return 0
    end
  end

  -- Create an entry for each provided key.
  for i, key in ipairs(KEYS) do
    redis.call("set", key, ARGV[1], "PX", ARGV[2])
  end

  -- Return the number of entries added.
  return #KEYS
"""
REDISSON = (
    "if (redis.call('exists', KEYS[1]) == 0) then redis.call('hincrby', KEYS[1], ARGV[2], 1); "
    "redis.call('pexpire', KEYS[1], ARGV[1]); return nil; end;"
)
TAKING = {
    "redlock": REDLOCK,
    "Redisson": REDISSON,
    "SET NX PX": "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', tonumber(ARGV[2]))",
    "SETNX, PEXPIRE": "if redis.call('setnx', KEYS[1], ARGV[1]) == 1 then "
    "return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0",
    "no GET": "if not redis.call('get', KEYS[1]) then "
    "redis.call('psetex', KEYS[1], ARGV[2], ARGV[1]) return 1 end return 0",
    "GET is false": "if redis.pcall('GET', KEYS[1]) == false then "
    "return redis.pcall('SET', KEYS[1], ARGV[1], 'EX', 30) end",
}
FOR_EVER = {
    "SET NX": "return redis.call('set', KEYS[1], ARGV[1], 'NX')",
    "SETNX": "return redis.call('setnx', KEYS[1], ARGV[1])",
}
OTHERS = {
    "redlock extends": """
      for i, key in ipairs(KEYS) do
        if redis.call("get", key) ~= ARGV[1] then return 0 end
      end
      for i, key in ipairs(KEYS) do redis.call("set", key, ARGV[1], "PX", ARGV[2]) end
    """,
    "redis-py releases": Lock.LUA_RELEASE_SCRIPT,
    "redis-py extends": Lock.LUA_EXTEND_SCRIPT,
    "redis-py takes again": Lock.LUA_REACQUIRE_SCRIPT,
    "a window of a rate limit": "if redis.call('exists', KEYS[1]) == 0 then "
    "redis.call('set', KEYS[1], 1, 'EX', 60) else redis.call('incr', KEYS[1]) end",
    "a comment": "-- redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', 1)\nreturn 1",
    "a cache": "redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])",
    "nothing": "",
}


@pytest.mark.parametrize("script", TAKING.values(), ids=TAKING)
def test_what_takes_a_free_key_for_a_time_is_a_lease(script: str) -> None:
    assert lock_of(script) == LEASE


@pytest.mark.parametrize("script", FOR_EVER.values(), ids=FOR_EVER)
def test_what_takes_a_free_key_for_good_is_a_lock(script: str) -> None:
    assert lock_of(script) == LOCK


@pytest.mark.parametrize("script", OTHERS.values(), ids=OTHERS)
def test_what_takes_nothing_is_no_lock(script: str) -> None:
    assert lock_of(script) == ""


def test_it_is_known_by_the_digest_that_is_sent_later() -> None:
    scripts = Scripts()
    digest = scripts.digest((b"EVAL", REDLOCK.encode()))
    assert scripts.title(digest) == ""
    scripts.learn((b"SCRIPT", b"LOAD", REDLOCK.encode()))
    assert scripts.title(digest) == f"{LEASE} Return 0 if an entry already exists."
