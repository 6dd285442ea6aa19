"""Django's cache, and caches in the memory of a process (cachetools).

Reference: https://docs.djangoproject.com/en/stable/topics/cache/#the-low-level-cache-api. ``add``
sets only what is not there; ``get_or_set`` looks, then sets.
"""

from __future__ import annotations

from collections.abc import Mapping

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import before, given, is_python, links
from redhanded.source.flow.frameworks.reading import number, pattern
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Procedure, Value

KINDS: Mapping[str, EffectKind] = {
    "get": "get",
    "get_many": "get",
    "has_key": "get",
    "set": "set",
    "set_many": "set",
    "add": "set",
    "get_or_set": "get",
    "incr": "increment",
    "decr": "increment",
    "delete": "remove",
    "delete_many": "remove",
    "delete_pattern": "remove",
    "clear": "remove",
    "touch": "expire",
}
PACKAGES = ("django", "flask_caching", "aiocache", "cachelib")
CACHES = frozenset({"cache", "caches", "Cache", "SimpleMemoryCache", "RedisCache", "Caches"})


def _is_cache(value: Library) -> bool:
    names = value.names
    if value.package == "django":
        return names[:3] in (("core", "cache", "cache"), ("core", "cache", "caches"))
    return bool(names) and names[0] in CACHES


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not is_python(site) or not chain or not _is_cache(site.callee):
        return None
    name = chain[-1].name
    plain = name[1:] if name.startswith("a") and name[1:] in KINDS and name != "add" else name
    on = before(site.callee, 1)
    if plain == "lock":
        return Meaning(is_lazy=True)
    if len(chain) > 1 and chain[-2].name == "lock" and plain in ("acquire", "release"):
        return Meaning(effects=(_lock(before(site.callee, 1), plain),))
    kind = KINDS.get(plain)
    if kind is None:
        return None
    effects = [_effect(site, kind, plain, on)]
    called: tuple[Callback, ...] = ()
    if plain == "get_or_set":
        default = given(site, 1, "default")
        if isinstance(default, Procedure):
            called = (Callback(function=default),)
        effects.append(_effect(site, "set", plain, on))
    return Meaning(effects=tuple(effects), callbacks=called, is_async=plain != name)


def _effect(site: CallSite, kind: EffectKind, verb: str, on: Library) -> Effect:
    key = given(site, 0, "key", "data", "keys")
    values: dict[str, Value] = {}
    expiry: Value | None = None
    if verb in ("set", "add", "get_or_set") and kind == "set":
        value = given(site, 1, "value", "default")
        values = {} if value is None else {"value": value}
        expiry = given(site, 2, "timeout")
    elif verb in ("incr", "decr"):
        values = {"value": given(site, 1, "delta") or Known(1)}
    elif verb == "touch":
        expiry = given(site, 1, "timeout")
    seconds = number(expiry)
    options: dict[str, Value] = {}
    if expiry is not None and seconds is None and expiry != Known(None):
        options["expiry"] = expiry
    return Effect(
        kind=kind,
        store="keys",
        library=site.callee.package,
        verb=verb,
        subject=pattern(key),
        where={} if key is None else {"key": key},
        values=values,
        only_if_absent=verb == "add",
        expiry_s=seconds,
        many=verb in ("get_many", "set_many", "delete_many", "delete_pattern", "clear"),
        options=options,
    )


def _lock(value: Library, verb: str) -> Effect:
    """``cache.lock`` of django-redis: redis-py's lock, released by its holder only."""
    link = links(value)[-1]
    name, lease = given(link.made, 0, "key", "name"), given(link.made, -1, "timeout", "expire")
    options: dict[str, Value] = {}
    if lease in (None, Known(None)):
        options["endless"] = Known(True)
    elif lease is not None and number(lease) is None:
        options["expiry"] = lease
    return Effect(
        kind="release" if verb == "release" else "acquire",
        store="keys",
        library="django",
        verb=verb,
        subject=pattern(name),
        where={} if name is None else {"key": name},
        session=value,
        owner_checked=verb == "release",
        expiry_s=number(lease),
        options=options,
    )


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    if moment != "enter" or not _is_cache(value):
        return None
    last = links(value)[-1]
    if last.name != "lock" or last.made is None:
        return None
    return Meaning(effects=(_lock(value, "with"),))


FRAMEWORK = LibraryTable(name="django cache", packages=PACKAGES, calls=_call, settles=_settle)
