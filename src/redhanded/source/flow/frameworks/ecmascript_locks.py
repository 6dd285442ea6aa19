"""Locks: over Redis and ZooKeeper-like stores (leases), and in the memory of one process.

References: github.com/mike-marcacci/node-redlock (4 and 5), github.com/errorception/redis-lock,
github.com/swarthy/redis-semaphore, github.com/DirtyHairy/async-mutex, github.com/rogierschouten/
async-lock, github.com/sindresorhus/p-limit and p-queue. A release by redlock compares the holder's
value in a script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redhanded.source.flow.effects import Effect, Store
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    Meaning,
    Surroundings,
)
from redhanded.source.flow.frameworks.reading import (
    argument,
    called_back,
    elements,
    function,
    last_function,
    made,
    members,
    number,
    pattern,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Made, Result, Value


def _effect(
    site: CallSite,
    kind: str,
    key: Value | None,
    *,
    store: Store = "keys",
    lease_ms: Value | None = None,
    entity: Value | None = None,
    is_checked: bool = False,
) -> Effect:
    milliseconds = number(lease_ms)
    options: dict[str, Value] = {} if key is None else {"key": key}
    if lease_ms is not None and milliseconds is None:
        options["expiry"] = lease_ms
    return Effect(
        kind=kind,  # type: ignore[arg-type]
        store=store,
        library=site.callee.package,
        verb=str(site.callee.names[-1]) if site.callee.names else site.callee.package,
        subject=pattern(key),
        expiry_s=None if milliseconds is None else milliseconds / 1000,
        entity=entity,
        owner_checked=is_checked,
        options=options,
    )


def _first(value: Value | None) -> Value | None:
    return next(iter(elements(value)), value)


def _redlock(site: CallSite) -> Meaning | None:
    names = site.callee.names
    last = names[-1] if names else ""
    handle = Result(THIS.event, (), Library(site.callee.package, ("Lock",)))
    through = site.callee.through
    key, lease = _first(argument(site, 0)), argument(site, 1)
    if last in ("acquire", "lock", "disposer"):
        effect = _effect(site, "acquire", key, lease_ms=lease)
        return Meaning(effects=(effect,), result=handle, callbacks=called_back(site, handle))
    if last == "using":
        called = last_function(site)
        effect = _effect(site, "acquire", key, lease_ms=lease)
        if called is None:
            return Meaning(effects=(effect,))
        return Meaning(
            effects=(effect,),
            callbacks=(Callback(function=called, holding=True, gives=True),),
        )
    if last in ("release", "unlock"):
        entity = through or argument(site, 0)
        return Meaning(effects=(_effect(site, "release", None, entity=entity, is_checked=True),))
    if last == "extend":
        entity = through or argument(site, 0)
        lease = argument(site, 0 if through is not None else 1)
        return Meaning(
            effects=(
                _effect(site, "extend", None, entity=entity, lease_ms=lease, is_checked=True),
            ),
            result=entity,
        )
    return Meaning() if last in ("on", "quit") else None


def _redis_lock(site: CallSite) -> Meaning | None:
    """``const done = await lock('name', 5000)``; before, ``lock('name', done => …)``."""
    if site.callee.names == ():
        return Meaning()
    free = Library(site.callee.package, ("done",))
    if site.callee.names == ("done",):
        return Meaning(effects=(_effect(site, "release", None, is_checked=False),))
    lease = argument(site, 1) if function(argument(site, 1)) is None else None
    effect = _effect(site, "acquire", argument(site, 0), lease_ms=lease or Known(5000))
    called = last_function(site)
    callbacks = () if called is None else (Callback(function=called, arguments=(free,)),)
    return Meaning(effects=(effect,), result=free, callbacks=callbacks)


def _semaphore(site: CallSite) -> Meaning | None:
    """redis-semaphore: ``new Mutex(client, 'key', {lockTimeout})``."""
    last = site.callee.names[-1] if site.callee.names else ""
    first = made(Library(site.callee.package, site.callee.steps[:2]))
    if first is None or last not in ("acquire", "tryAcquire", "release"):
        return Meaning() if site.is_new or last == "stopRefresh" else None
    key = first.arguments[1] if len(first.arguments) > 1 else None
    options = members(first.arguments[2]) if len(first.arguments) > 2 else {}
    kind = "release" if last == "release" else "acquire"
    lease = options.get("lockTimeout", Known(10000))
    effect = _effect(
        site,
        kind,
        key,
        lease_ms=lease if kind == "acquire" else None,
        is_checked=kind == "release",
    )
    return Meaning(effects=(effect,))


def _mutex(site: CallSite) -> Meaning | None:
    """async-mutex: ``mutex.runExclusive(f)``, ``const release = await mutex.acquire()``."""
    names = site.callee.names
    last = names[-1] if names else ""
    free = Library(site.callee.package, ("release",))
    if names == ("release",) or (last == "release" and "()" in names):
        return Meaning(effects=(_effect(site, "release", None, store="process"),))
    called = last_function(site)
    effect = _effect(site, "acquire", _object(site), store="process")
    if last == "runExclusive" and called is not None:
        callback = Callback(function=called, holding=True, gives=True)
        return Meaning(effects=(effect,), callbacks=(callback,), is_async=True)
    if last == "acquire":
        return Meaning(effects=(effect,), result=free, is_async=True)
    return Meaning() if site.is_new or last in ("isLocked", "waitForUnlock", "cancel") else None


def _object(site: CallSite) -> Value | None:
    """A lock in memory is known by where it was made."""
    first = next((one for one in site.callee.steps if isinstance(one, Made)), None)
    return Known(str(first.location)) if first is not None and first.location else None


def _async_lock(site: CallSite) -> Meaning | None:
    """``lock.acquire(key, f)``."""
    last = site.callee.names[-1] if site.callee.names else ""
    called = next((one for one in map(function, site.arguments[1:2]) if one is not None), None)
    if last != "acquire" or called is None:
        return Meaning() if site.is_new else None
    effect = _effect(site, "acquire", _first(argument(site, 0)), store="process")
    callback = Callback(function=called, holding=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,), is_async=True)


def _limit(site: CallSite) -> Meaning | None:
    """``pLimit(1)(f)``, ``queue.add(f)``: one at a time holds a lock of the process."""
    names = site.callee.names
    first = next((one for one in site.callee.steps if isinstance(one, Made)), None)
    if first is None:
        return Meaning()
    called = function(argument(site, 0))
    if called is None or (names and names[-1] not in ("()", "add")):
        return Meaning()
    given = first.arguments[0] if first.arguments else None
    count = number(members(given).get("concurrency", given))
    rest = site.arguments[1:] if names[-1] == "()" else ()
    callback = Callback(function=called, arguments=rest, holding=count == 1, gives=True)
    if count != 1:
        return Meaning(callbacks=(callback,))
    effect = _effect(site, "acquire", _object(site), store="process")
    return Meaning(effects=(effect,), callbacks=(callback,), is_async=True)


_CALLS: Mapping[str, Callable[[CallSite], Meaning | None]] = {
    "redlock": _redlock,
    "@sesamecare-oss/redlock": _redlock,
    "redis-lock": _redis_lock,
    "redis-semaphore": _semaphore,
    "async-mutex": _mutex,
    "async-lock": _async_lock,
    "p-limit": _limit,
    "p-queue": _limit,
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    return _CALLS[site.callee.package](site)


FRAMEWORK = LibraryTable(name="ecmascript locks", packages=tuple(_CALLS), calls=_call)
