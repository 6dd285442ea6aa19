"""Caches: in the memory of a process, or where Keyv and cache-manager keep them.

References: github.com/node-cache/node-cache, github.com/isaacs/node-lru-cache, keyv.org,
cacheable.org/docs/cache-manager. Times of node-cache are seconds, those of the others milliseconds.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect, EffectKind, Store
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import (
    argument,
    function,
    members,
    number,
    pattern,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Value

IN_PROCESS = ("node-cache", "lru-cache", "memory-cache", "quick-lru", "@isaacs/ttlcache")
SHARED = ("keyv", "cache-manager", "@nestjs/cache-manager", "cacheable", "memjs")
METHODS: dict[str, EffectKind] = {
    "get": "get",
    "has": "get",
    "peek": "get",
    "mget": "get",
    "take": "pop",
    "set": "set",
    "put": "set",
    "mset": "set",
    "wrap": "get",
    "fetch": "get",
    "del": "remove",
    "delete": "remove",
    "flushAll": "remove",
    "clear": "remove",
    "reset": "remove",
    "ttl": "expire",
}
SECONDS = frozenset(["node-cache", "memjs"])
QUIET = words("on once keys close getTtl entries values disconnect store stores")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    last = names[-1] if names else ""
    if site.is_new or last not in METHODS or (len(names) < 2 and not site.callee.through):
        return Meaning() if site.is_new or last in QUIET or "()" not in names else None
    key = argument(site, 0)
    effects = [_effect(site, METHODS[last], key)]
    if last != "wrap":
        return Meaning(effects=tuple(effects), is_async=site.callee.package in SHARED)
    called = function(argument(site, 1))
    callbacks = () if called is None else (Callback(function=called, gives=True),)
    return Meaning(effects=tuple(effects), callbacks=callbacks, is_async=True)


def _effect(site: CallSite, kind: EffectKind, key: Value | None) -> Effect:
    package = site.callee.package
    store: Store = "process" if package in IN_PROCESS else "keys"
    limit = argument(site, 2)
    limit = members(limit).get("ttl", limit)
    length = number(limit)
    scale = 1.0 if package in SECONDS else 1000.0
    value = argument(site, 1)
    return Effect(
        kind=kind,
        store=store,
        library=package,
        verb=site.callee.names[-1],
        subject=pattern(key),
        where={} if key is None else {"key": key},
        values={"value": value} if kind == "set" and value is not None else {},
        expiry_s=None if length is None else length / scale,
    )


FRAMEWORK = LibraryTable(name="ecmascript caches", packages=(*IN_PROCESS, *SHARED), calls=_call)
