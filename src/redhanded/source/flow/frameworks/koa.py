"""Koa with its routers, and Hono: routes, nested routers, middleware.

References: koajs.com; github.com/koajs/router (prefix, nested routers); hono.dev (routing,
``app.route``, ``basePath``). The context stands for the request: ``ctx.request.body.seat`` is the
`Input` ``request`` with the parts ``request``, ``body``, ``seat``.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Mount, Surroundings
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    functions,
    made,
    members,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Known, Library, Made, Value

ROUTERS = ("@koa/router", "koa-router", "koa-joi-router", "koa-better-router")
PACKAGES = ("koa", *ROUTERS, "koa-mount", "hono")
METHODS = words("get post put patch delete del all head options")
CONTEXT = Input("request")
NEXT = Library("koa", ("next",))


def _instance(library: Library) -> int:
    """How many steps make the application or router; 0: it is none."""
    names = library.names
    if library.package == "hono":
        return 2 if names[:2] in (("Hono", "()"), ("OpenAPIHono", "()")) else 0
    if names[:1] == ("()",):
        return 1
    return 2 if names[:2] in (("Router", "()"), ("Koa", "()"), ("Application", "()")) else 0


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if names == ("next",) or site.is_new or site.callee.package == "koa-mount":
        return Meaning()
    if not _instance(site.callee):
        return Meaning() if not names else None
    last = names[-1]
    if last in ("routes", "middleware", "allowedMethods", "basePath", "callback"):
        return Meaning()
    if last in METHODS or last in ("use", "prefix", "param", "route", "on", "onError", "notFound"):
        return Meaning(result=base(site.callee))
    return None


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    names = site.callee.names
    if not _instance(site.callee) or not names:
        return
    on, last = base(site.callee), names[-1]
    if last in METHODS:
        yield from _routed(site, on, last, site.arguments)
    elif last == "on" and site.callee.package == "hono" and len(site.arguments) > 2:
        for method in elements(site.arguments[0]) or (site.arguments[0],):
            yield from _routed(site, on, text(method) or "all", site.arguments[1:])
    elif last == "route" and site.callee.package == "hono":
        other = argument(site, 1)
        if isinstance(other, Library):
            prefix = pattern(argument(site, 0)) or ""
            yield from _mounts(site, on, other, prefix, ())
    elif last == "use":
        yield from _used(site, on)
    elif last == "prefix":
        yield from _mounts(site, on, on, "", ())


def _routed(
    site: CallSite, on: Library, method: str, arguments: tuple[Value, ...]
) -> Iterable[FoundEntry]:
    handlers = functions(arguments)
    if not arguments or not handlers:
        return
    written = [one for one in arguments if pattern(one) is not None or elements(one)]
    path = written[-1] if len(written) > 1 and site.callee.package in ROUTERS else arguments[0]
    verb = {"all": "ANY", "del": "DELETE"}.get(method, method.upper())
    for one in elements(path) or (path,):
        said = pattern(one)
        if said is None:
            continue
        whole = _prefix(on) + said
        entry = Entry(
            kind="route",
            name=f"{verb} {whole}",
            location=site.location,
            library=site.callee.package,
        )
        yield FoundEntry(
            entry=entry,
            functions=handlers,
            arguments=(CONTEXT, NEXT),
            on=_router(on),
            path=whole,
        )


def _prefix(on: Library) -> str:
    """``new Router({prefix})``, ``app.basePath('/v1')``."""
    first = made(Library(on.package, on.steps[: _instance(on)]))
    given = members(first.arguments[0]) if first is not None and first.arguments else {}
    said = text(given.get("prefix")) or ""
    for place, step in enumerate(on.steps):
        after = on.steps[place + 1] if place + 1 < len(on.steps) else None
        if step == "basePath" and isinstance(after, Made) and after.arguments:
            said += text(after.arguments[0]) or ""
    return said


def _router(on: Library) -> Library:
    return Library(on.package, on.steps[: _instance(on)], on.through)


def _used(site: CallSite, on: Library) -> Iterable[Mount]:
    arguments = site.arguments
    prefix = pattern(arguments[0]) if arguments else None
    if prefix is not None:
        arguments = arguments[1:]
    prefix = (prefix or "").removesuffix("*")
    before: list[Value] = []
    for one in arguments:
        mounted = _mounted(one)
        if mounted is not None:
            yield from _mounts(site, on, mounted[0], prefix + mounted[1], tuple(before))
        else:
            before.extend(functions((one,)))
    if before:
        yield Mount(
            on=_router(on),
            location=site.location,
            prefix=_prefix(on) + prefix,
            functions=tuple(before),
        )


def _mounted(value: Value) -> tuple[Library, str] | None:
    """``router.routes()``; ``mount('/p', application)``."""
    if not isinstance(value, Library):
        return None
    last = made(value)
    if value.package == "koa-mount" and last is not None:
        inner = last.arguments[-1] if last.arguments else Known(None)
        found = _mounted(inner) or ((inner, "") if isinstance(inner, Library) else None)
        prefix = pattern(last.arguments[0]) if len(last.arguments) > 1 else ""
        return None if found is None else (found[0], (prefix or "") + found[1])
    if value.package in ROUTERS and value.names[-2:] in (("routes", "()"), ("middleware", "()")):
        return Library(value.package, value.steps[:-2], value.through), ""
    if value.package == "koa" and _instance(value):
        return value, ""
    return None


def _mounts(
    site: CallSite, on: Library, what: Library, prefix: str, before: tuple[Value, ...]
) -> Iterable[Mount]:
    if _router(what) != _router(on):
        yield Mount(
            on=_router(on),
            location=site.location,
            what=_router(what),
            prefix=_prefix(on) + prefix,
            functions=before,
        )


FRAMEWORK = LibraryTable(name="koa", packages=PACKAGES, calls=_call, registers=_registered)
