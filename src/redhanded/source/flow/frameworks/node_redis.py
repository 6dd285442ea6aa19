"""node-redis 3, 4 and 5 (``redis``, ``@redis/client``): commands as methods in camel or upper case.

Reference: github.com/redis/node-redis (docs/programmability, transactions, isolated-execution).
``set(key, value, {NX: true, PX: 1000})``; in 5 also ``{condition: 'NX', expiration: {type: 'PX',
value: 1000}}``. Batches as in ``ioredis.py``.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.ioredis import executed, queued_in
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    called_back,
    elements,
    gives,
    is_true,
    last_function,
    members,
    number,
    text,
    words,
)
from redhanded.source.flow.frameworks.redis_commands import (
    QUIET,
    command_effect,
    is_command,
    script_effect,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Record, Value

MADE_BY = frozenset(["createClient", "createCluster", "createClientPool", "RedisClient"])
ITSELF = words("bind on once off connect duplicate withTypeMapping legacy asap withAbortSignal")
CLIENT_METHODS = words(
    "disconnect destroy close emit removeListener removeAllListeners unref ref addListener"
    " subscribe pSubscribe sSubscribe unsubscribe pUnsubscribe scanIterator hScanIterator end"
    " sScanIterator zScanIterator isOpen isReady"
)
ISOLATED = frozenset(["executeIsolated", "execute"])
WITH_OPTIONS = frozenset(["set", "getex", "zadd", "expire", "pexpire"])


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if len(names) < 3 or names[0] not in MADE_BY:
        return None
    method, connection = names[-1], base(site.callee)
    if method in ITSELF:
        return Meaning(result=connection)
    if method in CLIENT_METHODS:
        return Meaning()
    if method in ("multi", "batch", "MULTI"):
        return Meaning(result=gives(site))
    if method in ("exec", "execAsPipeline", "execTyped", "EXEC"):
        return executed(site, connection)
    if method in ISOLATED and (called := last_function(site)) is not None:
        session = gives(site)
        return Meaning(callbacks=(Callback(function=called, arguments=(session,), gives=True),))
    return _command(site, method, connection)


def _command(site: CallSite, method: str, connection: Library) -> Meaning | None:
    name = method.lower().removesuffix("async").removesuffix("_")
    if connection.names[-1:] in (("json",), ("ft",), ("ts",), ("bf",)):
        name = f"{connection.names[-1]}.{name}"
    arguments = site.arguments
    called = called_back(site, THIS)
    if called:
        arguments = arguments[:-1]
    if name == "sendcommand":
        given = elements(argument(site, 0)) or arguments
        name, arguments = (text(given[0]) or "").lower() if given else "", given[1:]
    effect = _effect(site, name, arguments, connection)
    if effect is None:
        return Meaning() if name in QUIET or "." in name else None
    is_queued = bool(queued_in(connection))
    return Meaning(effects=(effect,), result=connection if is_queued else None, callbacks=called)


def _effect(
    site: CallSite, name: str, arguments: tuple[Value, ...], connection: Library
) -> Effect | None:
    library = site.callee.package
    if name in ("eval", "evalsha", "evalro", "evalsharo", "fcall", "fcallro"):
        return _script(library, name, arguments)
    if not is_command(name):
        if name.startswith(("ft.", "ts.", "bf.")):
            return None
        return script_effect(
            None, arguments[:1], arguments[1:], library=library, verb=site.callee.names[-1]
        )
    queued = queued_in(connection)
    isolated = any(one in connection.names for one in ISOLATED)
    return command_effect(
        name,
        _protocol(name, arguments),
        library=library,
        session=connection if queued or isolated else None,
        options={"queued": Known(queued)} if queued else {},
    )


def _script(library: str, name: str, arguments: tuple[Value, ...]) -> Effect:
    """``eval(script, {keys, arguments})``; in 3 ``eval(script, count, …)``."""
    given = members(arguments[1]) if len(arguments) > 1 else {}
    keys, values = elements(given.get("keys")), elements(given.get("arguments"))
    if not given:
        count = number(arguments[1]) if len(arguments) > 1 else None
        end = 2 + int(count) if count is not None else 3
        keys, values = arguments[2:end], arguments[end:]
    script = arguments[0] if arguments and name.startswith("eval") else None
    is_text = script is not None and not name.startswith("evalsha")
    return script_effect(
        script if is_text else None, keys, values, library=library, verb=name.upper()
    )


def _protocol(name: str, arguments: tuple[Value, ...]) -> tuple[Value, ...]:
    """Options, members and lists as the protocol's arguments."""
    found: list[Value] = []
    for one in arguments:
        if isinstance(one, Record) and (inner := elements(one)):
            found.extend(_protocol(name, inner))
        elif isinstance(one, Record) and name in WITH_OPTIONS:
            found.extend(_flags(one))
        elif isinstance(one, Record):
            for field, value in one.parts.items():
                found += [Known(field), value]
        else:
            found.append(one)
    return tuple(found)


def _flags(options: Record) -> list[Value]:
    found: list[Value] = []
    for name, value in options.parts.items():
        if name == "condition" and (said := text(value)):
            found.append(Known(said))
        elif name == "expiration":
            parts = members(value)
            found += [parts["type"], parts["value"]] if {"type", "value"} <= parts.keys() else []
        elif name in ("score", "value"):
            found.append(value)
        elif is_true(value) and name in ("NX", "XX", "GET", "KEEPTTL", "GT", "LT"):
            found.append(Known(name))
        elif name in ("EX", "PX", "EXAT", "PXAT"):
            found += [Known(name), value]
    return found


FRAMEWORK = LibraryTable(
    name="node-redis", packages=("redis", "@redis/client", "handy-redis"), calls=_call
)
