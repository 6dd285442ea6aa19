"""Fastify: routes, plugins with prefixes, hooks.

Reference: fastify.dev/docs, Routes, Plugins, Hooks. A plugin is called with an instance of its own,
unless ``fastify-plugin`` wraps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Mount,
    Surroundings,
)
from redhanded.source.flow.frameworks.express import answered
from redhanded.source.flow.frameworks.fastify_autoload import Loaded, is_autoload, loaded
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    function,
    functions,
    gives,
    last_function,
    members,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import (
    Input,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)

METHODS = words("get post put patch delete head options all")
BEFORE = ("onRequest", "preParsing", "preValidation", "preHandler")
REQUEST = Input("request")
REPLY = Library("fastify", ("Reply", Made()))
QUIET = words(
    "listen ready close decorate decorateRequest decorateReply addSchema setErrorHandler inject"
    " setNotFoundHandler addContentTypeParser withTypeProvider setValidatorCompiler hasDecorator"
    " setSerializerCompiler after printRoutes hasPlugin"
)
PLUGINS: Mapping[str, tuple[str, Value]] = {
    "@fastify/postgres": ("pg", Library("pg", ("Pool", Made()))),
    "@fastify/redis": ("redis", Library("ioredis", ("Redis", Made()))),
    "@fastify/mysql": ("mysql", Library("mysql2", ("promise", "createPool", Made()))),
    "@fastify/mongodb": (
        "mongo",
        Record(
            {
                "db": Library("mongodb", ("MongoClient", Made(), "db", Made())),
                "client": Library("mongodb", ("MongoClient", Made())),
            },
            is_complete=False,
        ),
    ),
}
"""What plugins of Fastify's own give to every instance."""


def _is_instance(library: Library) -> bool:
    return library.names[:1] == ("()",) or library.names[:2] in (
        ("fastify", "()"),
        ("Fastify", "()"),
        ("FastifyInstance", "()"),
    )


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if names in ((), ("fastify",), ("Fastify",)):
        return Meaning()
    if names[:1] == ("Reply",):
        return answered(site)
    if not _is_instance(site.callee) or len(names) < 2:
        return None
    on = base(site.callee)
    if names[-1] == "register":
        return _registering(site, on, around)
    if names[-1] in METHODS or names[-1] in ("route", "addHook"):
        return Meaning(result=on)
    if names[-1] == "decorate" and len(site.arguments) > 1:
        name = text(site.arguments[0])
        return Meaning(result=on, adds={name: site.arguments[1]} if name else {})
    if names[-1] in QUIET:
        return Meaning(result=on)
    return None


def _registering(site: CallSite, on: Library, around: Surroundings) -> Meaning:
    plugin = argument(site, 0)
    if is_autoload(plugin):
        return _registering_all(site, on, around)
    called = function(plugin)
    if called is None:
        known = PLUGINS.get(plugin.package) if isinstance(plugin, Library) else None
        return Meaning(result=on, adds=dict([known]) if known is not None else {})
    child = on if _is_shared(plugin) else gives(site)
    options = argument(site, 1) or Record()
    callback = Callback(function=called, arguments=(child, options, Unknown("done")))
    return Meaning(result=on, callbacks=(callback,))


def _registering_all(site: CallSite, on: Library, around: Surroundings) -> Meaning:
    """Each file of a folder, those that are shared first: they give what the others use."""
    found = sorted(loaded(site, around), key=lambda one: not _is_shared(one.plugin))
    options = members(argument(site, 1)).get("options", Record())
    return Meaning(
        result=on,
        callbacks=tuple(
            Callback(
                function=one.function,
                arguments=(
                    on if _is_shared(one.plugin) else _child(site, one),
                    options,
                    Unknown("done"),
                ),
            )
            for one in found
        ),
    )


def _child(site: CallSite, one: Loaded) -> Library:
    made = Made((Known(one.path),), {}, site.location)
    return Library(site.callee.package, (*site.callee.steps, made), site.callee.through)


def _is_shared(plugin: Value | None) -> bool:
    return isinstance(plugin, Library) and plugin.package == "fastify-plugin"


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    names = site.callee.names
    if not _is_instance(site.callee) or len(names) < 2:
        return
    on, last = base(site.callee), names[-1]
    if last == "register" and is_autoload(argument(site, 0)):
        for one in loaded(site, around):
            if not _is_shared(one.plugin):
                child = _child(site, one)
                yield Mount(on=on, location=site.location, what=child, prefix=one.prefix)
    elif last == "register" and function(argument(site, 0)) is not None:
        if not _is_shared(argument(site, 0)):
            prefix = text(members(argument(site, 1)).get("prefix")) or ""
            yield Mount(on=on, location=site.location, what=gives(site), prefix=prefix)
    elif last == "addHook" and text(argument(site, 0)) in BEFORE:
        called = last_function(site)
        if called is not None:
            yield Mount(on=on, location=site.location, functions=(called,))
    elif last in METHODS and len(site.arguments) > 1:
        options = members(site.arguments[1])
        handler = last_function(site) or function(options.get("handler"))
        yield from _route(site, on, (last,), argument(site, 0), options, handler)
    elif last == "route":
        options = members(argument(site, 0))
        method = options.get("method", Known("GET"))
        named = tuple(filter(None, map(text, elements(method) or (method,))))
        path = options.get("url", options.get("path"))
        yield from _route(site, on, named, path, options, function(options.get("handler")))


def _route(
    site: CallSite,
    on: Library,
    methods: tuple[str, ...],
    path: Value | None,
    options: Mapping[str, Value],
    handler: Value | None,
) -> Iterable[FoundEntry]:
    if handler is None:
        return
    before = tuple(one for name in BEFORE if name in options for one in functions((options[name],)))
    said = pattern(path) or ""
    for method in methods:
        verb = "ANY" if method == "all" else method.upper()
        entry = Entry(
            kind="route", name=f"{verb} {said}", location=site.location, library="fastify"
        )
        yield FoundEntry(
            entry=entry,
            functions=(*before, _bound(handler, on)),
            arguments=(REQUEST, REPLY),
            on=on,
            path=said,
        )


def _bound(handler: Value, on: Library) -> Value:
    """``this`` of a handler is the instance that the route is on."""
    if isinstance(handler, Procedure) and handler.receiver is None:
        return replace(handler, receiver=on)
    return handler


FRAMEWORK = LibraryTable(name="fastify", packages=("fastify",), calls=_call, registers=_registered)
