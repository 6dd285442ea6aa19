"""Clients that code is handed, told by how they are used.

A library is given its connection by whoever uses it: ``options.client``, ``this.redis``, a
parameter. What such a thing is cannot be read where it comes from, but where it is used: nothing
but a Redis client has ``hgetall`` and ``expire``. Two distinctive commands are asked for under one
name; one will do where the package declares a client of that kind. This is done for packages that
are read as libraries, never for the program itself, and every finding that rests on it says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import (
    Either,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Value,
)
from redhanded.source.flow.walking.used import Uses, last_name, uses_in
from redhanded.source.flow.walking.words import words

COMMANDS = words(
    "append bitcount blpop brpop brpoplpush decr decrby evalsha expire expireat getset hdel"
    " hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hset hsetnx incr incrby"
    " incrbyfloat lindex llen lmove lpop lpush lpushx lrange lrem lset ltrim mget mset msetnx"
    " persist pexpire pexpireat psetex pttl rpop rpoplpush rpush rpushx sadd scard setex setnx"
    " sismember smembers smove spop srem ttl xadd xack xreadgroup zadd zcard zcount zincrby"
    " zrange zrangebyscore zrank zrem zremrangebyrank zremrangebyscore zrevrange"
    " zrevrangebyscore zscore register_script defineCommand brpoplpush bzpopmin"
)
"""Commands of Redis that are hardly methods of anything else."""
SHARED = words(
    "get set del delete exists keys scan eval unlink multi pipeline exec execute script publish"
    " subscribe psubscribe type rename getdel copy multi_exec"
)
"""Commands of Redis that other things have as well."""
BESIDE = words(
    "on once off emit quit end connect disconnect duplicate select info ping auth close send"
    " send_command sendcommand call removelistener removealllisteners status isopen isready ready"
    " execute_command connection_pool get_connection_kwargs from_url lock transaction watch bind"
    " setmaxlisteners unref pubsub hmsetasync addlistener flushdb flushall config client"
)
"""What a client has beside commands."""
BATCHES = words("execute exec execAsync execAsPipeline")
"""What sends the commands of a pipeline or of MULTI; a client itself has none of these."""
QUERIES = words(
    "into insert withSchema hasTable createTable transacting whereNotExists andWhere from table"
    " raw transaction forUpdate onConflict schema"
)
"""Methods of Knex; what is named after it and has one of them is one (``trxOrKnex.into``)."""
CLIENTS = words("redis ioredis iovalkey valkey node-redis handy-redis @redis/client aioredis")
DRIVERS = words(
    "pg pg-pool postgres mysql mysql2 mssql sqlite3 better-sqlite3 psycopg psycopg2"
    " psycopg2-binary pymysql mysqlclient asyncpg aiomysql mariadb"
)
CONNECTION = re.compile(r"client|conn|pool|database|^(?:pg|db|cur|cursor)$", re.IGNORECASE)
EXECUTING = words("query execute executemany fetch fetchrow fetchval")
"""Under a name of a connection, in a package that declares a driver of SQL."""
DRIVER = Library("pg", ("Client", Made()))
CURSOR = Library("psycopg2", ("connect", Made(), "cursor", Made()))
SHARE = 0.6
"""Of the methods that are used under a name, at least so many have to be a client's."""
STORES = Library("handed", ("store", Made()))


class Handed:
    """What names stand for in the files of a package."""

    def __init__(
        self, modules: Iterable[Module], declared: Iterable[str], known: Collection[str]
    ) -> None:
        modules = list(modules)
        self._known = known
        self.has_client = not CLIENTS.isdisjoint(declared)
        self.has_driver = not DRIVERS.isdisjoint(declared)
        self._own = frozenset(
            function.name
            for module in modules
            for function in module.functions
            if function.owner >= 0
        )
        self._types: dict[tuple[str, str], Library] = {}
        for language in ("python", "javascript"):
            is_python = language == "python"
            read = [one for one in modules if (one.language == "python") == is_python]
            for name, uses in uses_in(read).items():
                found = self._type(name, uses, is_python=is_python)
                if found is not None:
                    self._types[(language, name)] = found

    def base_of(self, expression: Expression, value: Value, path: str, part: str = "") -> Value:
        """What a value is when a part of it is taken, or it is called itself: what it was read to
        be, or what its name is used as."""
        if not self._types or not self._is_open(value, part):
            return value
        found = self.named(last_name(expression), path)
        if found is None:
            return value
        if isinstance(value, Either):
            firm = [
                one for one in value.values if not self._is_open(one, part) and one != Known(None)
            ]
            return firm[0] if firm else found
        return found

    def named(self, name: str, path: str) -> Library | None:
        """What a name stands for; None: no client."""
        language = "python" if path.endswith((".py", ".pyi")) else "javascript"
        return self._types.get((language, name))

    def is_typed(self, name: str, path: str) -> bool:
        """Whether a name stands for a client."""
        return self.named(name, path) is not None

    def _is_open(self, value: Value, part: str) -> bool:
        """Whether it is not known what a part of a value is."""
        if isinstance(value, Either):
            return any(self._is_open(one, part) for one in value.values)
        if isinstance(value, Procedure | Kind):
            return False
        if isinstance(value, Record):
            return value.of is None and not value.is_complete and part not in value.parts
        if isinstance(value, Library):
            if value.package == "global":
                return value.names[:1] in (("this",), ("self",))
            return value.package not in self._known
        return not isinstance(value, Known)

    def _type(self, name: str, uses: Uses, *, is_python: bool) -> Library | None:
        plain = {_command(one) for one in uses.called}
        telling = plain & COMMANDS
        commands = plain & (COMMANDS | SHARED)
        known = plain & (COMMANDS | SHARED | BESIDE)
        is_most = len(known) >= SHARE * len(plain)
        if is_most and (uses.is_proven or not telling <= self._own):
            least = 1 if self.has_client or _says(name, "redis") else 2
            if uses.is_proven or (len(telling) >= least and len(commands) >= 2):
                made = ("Redis", Made()) if is_python else ("createClient", Made())
                batch = ("pipeline" if is_python else "multi", Made())
                is_batch = not uses.called.isdisjoint(BATCHES)
                return Library("redis", (*made, *batch) if is_batch else made)
        asked = uses.called & EXECUTING
        if self.has_driver and CONNECTION.search(name) and asked and not asked <= self._own:
            return CURSOR if is_python else DRIVER
        if not is_python and _says(name, "knex") and uses.called & QUERIES:
            return Library("knex", ("knex", Made()))
        if not is_python and {"get", "set"} <= uses.waited and is_most:
            return STORES
        return None


def _says(name: str, word: str) -> bool:
    return word in name.lower()


def _command(method: str) -> str:
    """``hgetallAsync``, ``hGetAll`` and ``HGETALL`` are one."""
    return method if method in COMMANDS else method.removesuffix("Async").lower()
