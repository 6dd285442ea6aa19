"""redis-py, also its asyncio side, and what hands out its clients (django-redis, Flask-Redis).

Reference: https://redis.readthedocs.io/en/stable/ (commands, lock, pipelines, Lua scripting). Its
``lock`` is released by a script that compares the token. Between ``watch`` and ``multi`` a pipeline
executes at once. arq's pool is a client, too.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import (
    Link,
    before,
    called,
    given,
    is_python,
    links,
)
from redhanded.source.flow.frameworks.reading import (
    elements,
    is_true,
    members,
    number,
    pattern,
    text,
)
from redhanded.source.flow.frameworks.redis_commands import (
    QUIET,
    command_effect,
    is_command,
    script_effect,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Made, Value

PACKAGES = (
    *("redis", "aioredis", "valkey", "fakeredis", "django_redis", "flask_redis", "rediscluster"),
    *("redis_lock", "redlock", "pottery", "aioredlock", "arq"),
)
CLIENTS = frozenset(
    {
        *("Redis", "StrictRedis", "from_url", "RedisCluster", "get_redis_connection", "Valkey"),
        *("FlaskRedis", "FakeRedis", "FakeStrictRedis", "create_redis_pool", "create_redis"),
        *("master_for", "slave_for", "ValkeyCluster", "FakeAsyncRedis", "create_pool"),
        "ArqRedis",
    }
)
LOCKS = frozenset({"lock", "Lock", "Redlock"})
ENDLESS = frozenset({"redis", "valkey", "fakeredis", "django_redis", "flask_redis", "redis_lock"})
"""Where a lock that is told no time-out is held until it is released."""
BATCHES = frozenset({"pipeline", "multi_exec"})
"""``multi_exec`` is that of aioredis 1."""
RENAMED = {
    "delete": "del",
    "rpoplpush": "rpoplpush",
    "sadd": "sadd",
    "execute_command": "",
    "evalsha": "evalsha",
}
ORDER = {
    "set": ("name", "value"),
    "get": ("name",),
    "setex": ("name", "time", "value"),
    "psetex": ("name", "time_ms", "value"),
    "setnx": ("name", "value"),
    "getset": ("name", "value"),
    "expire": ("name", "time"),
    "pexpire": ("name", "time"),
    "incr": ("name", "amount"),
    "decr": ("name", "amount"),
    "incrby": ("name", "amount"),
    "incrbyfloat": ("name", "amount"),
    "hget": ("name", "key"),
    "hset": ("name", "key", "value"),
    "hsetnx": ("name", "key", "value"),
    "hincrby": ("name", "key", "amount"),
    "hgetall": ("name",),
    "exists": ("name",),
    "ttl": ("name",),
    "lpop": ("name",),
    "rpop": ("name",),
    "zadd": ("name", "mapping"),
    "publish": ("channel", "message"),
}
"""Parameters of methods in the protocol's order, for those given by name."""


def _is_client(chain: tuple[Link, ...]) -> bool:
    return any(one.name in CLIENTS for one in chain)


def _is_async(value: Library) -> bool:
    return "asyncio" in value.names or value.package in ("aioredis", "aioredlock", "arq")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = called(site)
    if not is_python(site) or not chain:
        return None
    last = chain[-1]
    if last.name == "" and len(chain) > 1 and chain[-2].name == "register_script":
        return _registered(site, chain[-2].made)
    if last.name in ("acquire", "release", "extend", "reacquire", "locked", "owned", "unlock"):
        return _lock(site, chain)
    if site.callee.package == "redlock" and last.name == "lock" and len(chain) > 1:
        return _held("acquire", "lock", before(site.callee, 1), last)
    if last.name in LOCKS | BATCHES | {"register_script", "pubsub", "client"}:
        return Meaning(is_lazy=True) if _is_client(chain) or last.name == "Lock" else None
    if last.made is None or not _is_client(chain[:-1]):
        return None
    return _command(site, last.name)


def _command(site: CallSite, name: str) -> Meaning | None:
    connection = before(site.callee, 1)
    if name == "execute" and not BATCHES.isdisjoint(connection.names):
        return Meaning(effects=(_executed(site, connection),), is_async=_is_async(connection))
    if name in ("multi", "reset", "aclose", "close", "initialize", "wait_closed"):
        return Meaning()
    if name == "transaction":
        function = given(site, 0, "func")
        keys = site.arguments[1:]
        effect = command_effect("watch", keys, library="redis", session=connection)
        called_back: tuple[Callback, ...] = ()
        if function is not None:
            pipe = Library(site.callee.package, (*connection.steps, "pipeline", Made()))
            called_back = (Callback(function=function, arguments=(pipe,), retried=True),)
        return Meaning(effects=(effect,) if effect else (), callbacks=called_back)
    command = RENAMED.get(name, name) or (text(given(site, 0)) or "").lower()
    if command in ("eval", "evalsha"):
        return _script(site, command)
    if not is_command(command):
        return Meaning() if command in QUIET else None
    arguments = _protocol(name, site)
    queued = _queued(connection)
    effect = command_effect(
        command,
        arguments,
        library="redis",
        session=connection if queued else None,
        options={"queued": Known(queued)} if queued else {},
    )
    if effect is None:
        return Meaning()
    is_async = _is_async(connection) and not queued
    return Meaning(effects=(effect,), is_async=is_async, result=connection if queued else None)


def _protocol(name: str, site: CallSite) -> tuple[Value, ...]:
    """Arguments in the protocol's order."""
    found = list(site.arguments)
    if name == "execute_command":
        return tuple(found[1:])
    for one in ORDER.get(name, ("name",))[len(found) :]:
        if one in site.keywords:
            found.append(site.keywords[one])
    if name in ("hset", "hmset", "mset", "zadd", "msetnx"):
        found = _spread(found, site)
        if name == "zadd":
            flags = [one for one in ("nx", "xx") if _may_be(site.keywords.get(one))]
            found[1:1] = [Known(one) for one in flags]
    elif name == "set":
        for place, flag in enumerate(("ex", "px", "nx", "xx", "keepttl", "get"), 2):
            value = site.keywords.get(flag)
            if value is None and place < len(site.arguments):
                value = site.arguments[place]
            if value is None or value in (Known(None), Known(False)):
                continue
            if flag in ("ex", "px"):
                found = [*found[:2], *found[2:], Known(flag), value]
            elif is_true(value):
                found.append(Known(flag))
    elif found and elements(found[0]):
        found = [*elements(found[0]), *found[1:]]
    return tuple(found)


def _may_be(flag: Value | None) -> bool:
    """Whether a flag is set, or given by whoever calls."""
    return flag is not None and flag not in (Known(False), Known(None))


def _spread(found: list[Value], site: CallSite) -> list[Value]:
    """``mapping={field: value}`` as fields and values."""
    spread: list[Value] = []
    for one in found:
        inner = members(one)
        spread += [each for key, value in inner.items() for each in (Known(key), value)] or [one]
    for key, value in members(site.keywords.get("mapping")).items():
        spread += [Known(key), value]
    return spread


def _queued(connection: Library) -> str:
    for one in links(connection):
        if one.name == "multi_exec":
            return "MULTI"
        if one.name == "pipeline":
            return "pipeline" if given(one.made, 0, "transaction") == Known(False) else "MULTI"
    return ""


def _executed(site: CallSite, connection: Library) -> Effect:
    return Effect(
        kind="script",
        store="keys",
        library="redis",
        verb="EXEC" if _queued(connection) == "MULTI" else "pipeline",
        session=connection,
        options={"queued": Known(_queued(connection))},
    )


def _script(site: CallSite, name: str) -> Meaning:
    """``eval(script, count, *keys, *arguments)``."""
    count = number(given(site, 1, "numkeys"))
    end = 2 + int(count) if count is not None else len(site.arguments)
    effect = script_effect(
        given(site, 0, "script") if name == "eval" else None,
        site.arguments[2:end],
        site.arguments[end:],
        library="redis",
        verb=name.upper(),
    )
    return Meaning(effects=(effect,), is_async=_is_async(site.callee))


def _registered(site: CallSite, made: Made | None) -> Meaning:
    """``script = client.register_script(text)``, then ``script(keys=[…], args=[…])``."""
    effect = script_effect(
        given(made, 0, "script"),
        elements(given(site, 0, "keys")),
        elements(given(site, 1, "args")),
        library="redis",
        verb="EVALSHA",
    )
    return Meaning(effects=(effect,), is_async=_is_async(site.callee))


# Locks.


def _lock_of(chain: tuple[Link, ...]) -> Link | None:
    return next((one for one in chain if one.name in LOCKS and one.made is not None), None)


def _named(link: Link) -> Value | None:
    place = 1 if link.name == "Lock" else 0
    return given(link.made, place, "name", "resource", "key")


def _lease(link: Link) -> Value | None:
    if link.name == "Lock":
        return given(link.made, 2, "expire", "timeout")
    return given(link.made, 1, "timeout", "ttl", "auto_release_time", "lock_timeout")


def _lock(site: CallSite, chain: tuple[Link, ...]) -> Meaning | None:
    lock = _lock_of(chain[:-1])
    verb = chain[-1].name
    if lock is None:
        return None
    if verb in ("locked", "owned"):
        return Meaning()
    kind: EffectKind = "acquire" if verb == "acquire" else "release"
    if verb in ("extend", "reacquire"):
        kind = "extend"
    return _held(kind, verb, before(site.callee, 1), lock)


def _held(kind: EffectKind, verb: str, session: Library, lock: Link) -> Meaning:
    name, lease = _named(lock), _lease(lock)
    seconds = number(lease)
    scale = 0.001 if session.package == "redlock" else 1.0
    options: dict[str, Value] = {} if name is None else {"key": name}
    if seconds is None and lease is not None and lease != Known(None):
        options["expiry"] = lease
    # Of a lock that only an annotation names (`lock: Lock`) it is not known how it was made.
    is_seen = lock.made is not None and lock.made.location is not None
    is_endless = lease in (None, Known(None)) and session.package in ENDLESS
    if kind == "acquire" and is_seen and is_endless:
        options["endless"] = Known(True)
    effect = Effect(
        kind=kind,
        store="keys",
        library="redis",
        verb=verb,
        subject=pattern(name),
        where={} if name is None else {"key": name},
        session=session,
        owner_checked=kind != "acquire",
        expiry_s=None if seconds is None else seconds * scale,
        options=options,
    )
    return Meaning(effects=(effect,), is_async=_is_async(session))


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if moment != "enter" or not chain or chain[-1].made is None:
        return None
    if chain[-1].name in LOCKS:
        return _held("acquire", "with", value, chain[-1])
    return None


FRAMEWORK = LibraryTable(name="redis-py", packages=PACKAGES, calls=_call, settles=_settle)
