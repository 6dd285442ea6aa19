"""Redis commands: which read, which write, which are atomic in themselves.

Reference: redis.io/commands. The names are those of the protocol, lower case; libraries spell them
their own way and bring arguments into the protocol's order before they ask here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.frameworks.reading import number, pattern, text, words
from redhanded.source.flow.values import Computed, Known, Unknown, Value

READ = words(
    "get mget getrange substr strlen exists ttl pttl expiretime pexpiretime type hget hgetall"
    " hmget hexists hkeys hvals hlen hscan hstrlen hrandfield lrange lindex llen lpos smembers"
    " sismember smismember scard srandmember sscan sinter sunion sdiff sintercard zscore"
    " zmscore zrange zrangebyscore zrevrange zrevrangebyscore zrank zrevrank zcard zcount"
    " zscan zrangebylex zlexcount zrandmember keys scan dbsize xrange xrevrange xlen xread"
    " xinfo xpending getbit bitcount bitpos pfcount geopos geodist geosearch georadius dump"
    " object randomkey touch json.get json.mget json.type memory"
)
WRITE = words(
    "set setex psetex setnx mset msetnx getset hset hmset hsetnx append setbit setrange lset"
    " linsert rename renamenx restore copy json.set json.merge bitfield bitop sort sinterstore"
    " sunionstore sdiffstore zunionstore zinterstore zrangestore geoadd pfmerge hsetex"
)
INCREMENT = words("incr incrby incrbyfloat decr decrby hincrby hincrbyfloat zincrby json.numincrby")
REMOVE = words(
    "del unlink hdel getdel srem zrem lrem ltrim xdel xtrim flushdb flushall zremrangebyscore"
    " zremrangebyrank zremrangebylex json.del hgetdel"
)
EXPIRE = frozenset(
    ["expire", "pexpire", "expireat", "pexpireat", "persist", "getex", "hexpire", "hgetex"]
)
PUSH = words("lpush rpush lpushx rpushx sadd zadd xadd pfadd smove")
POP = words(
    "lpop rpop spop zpopmin zpopmax blpop brpop bzpopmin bzpopmax rpoplpush brpoplpush lmove"
    " blmove lmpop blmpop zmpop bzmpop xreadgroup xclaim xautoclaim xack"
)
SCRIPT = frozenset(["eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"])
PUBLISH = frozenset(["publish", "spublish"])
QUIET = words(
    "ping auth select info config client quit echo wait cluster script function debug time"
    " subscribe psubscribe ssubscribe unsubscribe punsubscribe xgroup acl command slowlog"
    " unwatch discard hello readonly readwrite latency module monitor save bgsave"
)
ALL_KEYS = words("mget exists del unlink sinter sunion sdiff pfcount watch touch")
MANY = frozenset(["keys", "scan", "flushdb", "flushall", "mset", "msetnx"])
FIELD = words("hget hset hsetnx hincrby hincrbyfloat hdel hexists sismember zscore")

_KINDS: tuple[tuple[frozenset[str], EffectKind], ...] = (
    (READ, "get"),
    (WRITE, "set"),
    (INCREMENT, "increment"),
    (REMOVE, "remove"),
    (EXPIRE, "expire"),
    (PUSH, "push"),
    (POP, "pop"),
    (SCRIPT, "script"),
    (PUBLISH, "publish"),
)
_ONCE = ("nx", "setnx", "msetnx", "hsetnx", "renamenx")
_COMPARES = re.compile(
    r"redis\.p?call\(\s*['\"]get['\"][^)]*\)\s*==|==\s*redis\.p?call\(\s*['\"]get['\"]",
    re.IGNORECASE,
)


def is_command(name: str) -> bool:
    name = name.lower()
    return name in QUIET or name == "watch" or any(name in group for group, _ in _KINDS)


def command_effect(
    command: str,
    arguments: Sequence[Value],
    *,
    library: str,
    session: Value | None = None,
    prefix: str = "",
    options: Mapping[str, Value] | None = None,
) -> Effect | None:
    """What a command does, its arguments in the protocol's order; None: nothing to the keys.

    ``where`` has the ``key`` and, of a hash or set, the ``field``; ``values`` the ``value``.
    """
    name = command.lower()
    kind = "watch" if name == "watch" else next((it for group, it in _KINDS if name in group), None)
    if kind is None:
        return None
    flags = (
        {said.lower() for one in arguments[1:] if (said := text(one))} if name != "eval" else set()
    )
    key = arguments[0] if arguments else None
    where: dict[str, Value] = {} if key is None or kind == "script" else {"key": key}
    if name in FIELD and len(arguments) > 1:
        where["field"] = arguments[1]
    values: dict[str, Value] = {}
    if kind in ("set", "push", "increment") and len(arguments) > 1:
        values["value"] = (
            arguments[-1] if name in ("setex", "psetex") else _written(name, arguments)
        )
    expiry, unknown = _expiry(name, arguments)
    once = name in _ONCE or (name == "set" and "nx" in flags)
    more: dict[str, Value] = dict(options or {})
    if unknown is not None:
        more["expiry"] = unknown
    if "xx" in flags and name in ("set", "zadd", "getex"):
        more["only_if_there"] = Known(True)
    if name == "set" and "get" in flags:
        more["gives_previous"] = Known(True)
    verb = f"{name.upper()} NX" if name == "set" and once else name.upper()
    return Effect(
        kind=kind,
        store="keys" if kind != "publish" else "queue",
        library=library,
        verb=verb,
        subject=_subject(key, prefix) if kind != "script" else None,
        where=where,
        values=values,
        session=session,
        only_if_absent=once,
        expiry_s=expiry,
        many=(name in ALL_KEYS and len(arguments) > 1)
        or name in ("keys", "scan", "flushdb", "mset"),
        options=more,
    )


def _subject(key: Value | None, prefix: str) -> str | None:
    found = pattern(key)
    if found is None:
        return f"{prefix}*" if prefix else None
    return f"{prefix}{found}"


def _written(name: str, arguments: Sequence[Value]) -> Value:
    if (
        name in ("hset", "hsetnx", "hincrby", "hincrbyfloat", "zincrby", "zadd")
        and len(arguments) > 2
    ):
        return arguments[2]
    return arguments[1]


def _expiry(name: str, arguments: Sequence[Value]) -> tuple[float | None, Value | None]:
    """In seconds, or the expression where it is not known."""
    given: Value | None = None
    scale = 1.0
    if name in ("setex", "psetex", "expire", "pexpire") and len(arguments) > 1:
        given, scale = arguments[1], 0.001 if name.startswith("p") else 1.0
    elif name in ("set", "getex", "hsetex"):
        for place, one in enumerate(arguments[1:], 1):
            unit = (text(one) or "").lower()
            if unit in ("ex", "px", "exat", "pxat") and place + 1 < len(arguments):
                given, scale = arguments[place + 1], 0.001 if unit.startswith("p") else 1.0
                if unit.endswith("at"):
                    return None, given
    if given is None:
        return None, None
    known = number(given)
    if known is None:
        return None, given if scale == 1.0 else Computed("*", (given, Known(scale)))
    return known * scale, None


def script_effect(
    script: Value | None,
    keys: Sequence[Value],
    arguments: Sequence[Value],
    *,
    library: str,
    verb: str,
    session: Value | None = None,
    prefix: str = "",
) -> Effect:
    """A Lua script, which is atomic. One that compares what a key holds with an argument before it
    deletes or prolongs it is a release or extension by the holder."""
    body = text(script) or ""
    key = keys[0] if keys else None
    kind: EffectKind = "script"
    is_checked = bool(_COMPARES.search(body)) or (
        bool(re.search(r"call\(\s*['\"]get['\"]", body, re.IGNORECASE))
        and bool(re.search(r"==\s*ARGV|ARGV\[\d\]\s*==", body))
    )
    if is_checked and re.search(r"['\"](?:del|unlink)['\"]", body, re.IGNORECASE):
        kind = "release"
    elif is_checked and re.search(r"['\"]p?expire['\"]", body, re.IGNORECASE):
        kind = "extend"
    options: dict[str, Value] = {"text": script if script is not None else Unknown("script")}
    return Effect(
        kind=kind,
        store="keys",
        library=library,
        verb=verb,
        subject=_subject(key, prefix),
        where={} if key is None else {"key": key},
        values={str(place): one for place, one in enumerate(arguments)},
        session=session,
        owner_checked=is_checked and kind != "script",
        many=len(keys) > 1,
        options=options,
    )
