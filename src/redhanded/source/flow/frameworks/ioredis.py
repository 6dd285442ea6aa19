"""ioredis: commands as methods, pipelines, transactions, scripts.

Reference: github.com/redis/ioredis (README, API). ``set(key, value, 'PX', 1000, 'NX')`` takes the
protocol's arguments in any case of letters. Commands of a pipeline or ``multi`` have the option
``queued`` (``MULTI`` or ``pipeline``): they are sent by ``exec`` and give no promise. A method that
is no command was made by ``defineCommand``, and is a script.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    called_back,
    elements,
    gives,
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

CLIENT_METHODS = words(
    "on once off emit addListener removeListener removeAllListeners setMaxListeners connect"
    " disconnect quit duplicate defineCommand createBuiltinCommand addBuiltinCommand nodes"
    " scanStream sscanStream hscanStream zscanStream getBuiltinCommands listenerCount end"
)
CLASSES = frozenset(["Redis", "Cluster", "Valkey", "default"])


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if "()" not in names:
        return None
    method = names[-1]
    connection = base(site.callee)
    if method in ("multi", "pipeline"):
        return Meaning(effects=_batched(site, connection), result=gives(site))
    if method in ("exec", "execBuffer"):
        return executed(site, connection)
    if method in CLIENT_METHODS:
        return Meaning() if method != "duplicate" else Meaning(result=connection)
    name, arguments = method.removesuffix("Buffer"), _flat(site.arguments)
    if method in ("call", "send_command", "sendCommand") and arguments:
        name, arguments = text(arguments[0]) or "", arguments[1:]
    called = called_back(site, THIS)
    if called:
        arguments = arguments[:-1]
    effect = _effect(site, name, arguments, connection)
    if effect is None:
        return Meaning() if name.lower() in QUIET else None
    queued = queued_in(connection)
    return Meaning(
        effects=(effect,),
        result=connection if queued else None,
        callbacks=called,
    )


def _effect(
    site: CallSite, name: str, arguments: tuple[Value, ...], connection: Library
) -> Effect | None:
    library, prefix = site.callee.package, _prefix(connection)
    queued = queued_in(connection)
    options: dict[str, Value] = {"queued": Known(queued)} if queued else {}
    session = connection if queued else None
    if name.lower() in ("eval", "evalsha"):
        return _script(name, arguments, library=library, prefix=prefix)
    if not is_command(name):
        if not name or name.startswith("_"):
            return None
        return script_effect(None, arguments[:1], arguments[1:], library=library, verb=name)
    return command_effect(
        name, arguments, library=library, prefix=prefix, session=session, options=options
    )


def _script(name: str, arguments: tuple[Value, ...], *, library: str, prefix: str) -> Effect:
    """``eval(script, count, …keys, …arguments)``."""
    count = number(arguments[1]) if len(arguments) > 1 else None
    end = 2 + int(count) if count is not None else len(arguments)
    return script_effect(
        arguments[0] if arguments and name.lower() == "eval" else None,
        arguments[2:end],
        arguments[end:],
        library=library,
        verb=name.upper(),
        prefix=prefix,
    )


def _flat(arguments: tuple[Value, ...]) -> tuple[Value, ...]:
    """Lists are spread; ``hset(key, {field: value})`` becomes fields and values."""
    found: list[Value] = []
    for one in arguments:
        if isinstance(one, Record) and (inner := elements(one)):
            found.extend(inner)
        elif isinstance(one, Record) and one.of is None and one.parts:
            for name, value in one.parts.items():
                found += [Known(name), value]
        else:
            found.append(one)
    return tuple(found)


def queued_in(connection: Library) -> str:
    for name in reversed(connection.names):
        if name == "multi":
            return "MULTI"
        if name == "pipeline":
            return "pipeline"
    return ""


def _prefix(connection: Library) -> str:
    """Of ``new Redis({keyPrefix})``, wherever the options stand."""
    for step in connection.steps:
        if not isinstance(step, str):
            for one in step.arguments:
                if (found := text(members(one).get("keyPrefix"))) is not None:
                    return found
    return ""


def _batched(site: CallSite, connection: Library) -> tuple[Effect, ...]:
    """``multi([['set', key, value], …])``."""
    whole = Library(site.callee.package, site.callee.steps)
    found = []
    for one in elements(argument(site, 0)):
        name, *rest = elements(one) or (Known(""),)
        if (said := text(name)) is not None:
            effect = _effect(site, said, tuple(rest), whole)
            if effect is not None:
                found.append(effect)
    return tuple(found)


def executed(site: CallSite, connection: Library) -> Meaning | None:
    queued = queued_in(connection)
    if not queued:
        return None
    effect = Effect(
        kind="script",
        store="keys",
        library=site.callee.package,
        verb="EXEC" if queued == "MULTI" else "pipeline",
        session=connection,
        options={"queued": Known(queued)},
    )
    return Meaning(effects=(effect,), callbacks=called_back(site, THIS))


FRAMEWORK = LibraryTable(name="ioredis", packages=("ioredis", "iovalkey"), calls=_call)
