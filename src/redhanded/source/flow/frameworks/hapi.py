"""Hapi, and Node's own HTTP server.

References: hapi.dev/api (server.route, plugins, route.options.pre); nodejs.org/api/http.html,
http.createServer.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Surroundings,
)
from redhanded.source.flow.frameworks.chain import is_python
from redhanded.source.flow.frameworks.express import answered
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    function,
    functions,
    last_function,
    members,
    pattern,
    text,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Known, Library, Made, Value

HAPI = ("@hapi/hapi", "hapi")
NODE = ("http", "https")
TOOLKIT = Library("@hapi/hapi", ("Response", Made()))
ANSWER = Library("http", ("Response", Made()))


def _is_server(library: Library) -> bool:
    return library.names[:1] in (("server",), ("Server",)) and library.names[1:2] == ("()",)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if is_python(site):
        return None
    names = site.callee.names
    if names[:1] == ("Response",):
        last = names[-1]
        if site.callee.package in HAPI and last in ("response", "redirect", "authenticated"):
            return answered(site, is_last=True)
        return answered(site)
    if site.callee.package in NODE:
        return Meaning() if names[:1] == ("createServer",) else None
    if names in (("server",), ("Server",)):
        return Meaning()
    if not _is_server(site.callee):
        return None
    if names[-1] == "register":
        return _plugins(site)
    return Meaning()


def _plugins(site: CallSite) -> Meaning:
    """``server.register({plugin: {register}, options})``: it is called with the server."""
    callbacks = []
    for one in elements(argument(site, 0)) or (argument(site, 0),):
        parts = members(one)
        plugin = members(parts.get("plugin", one))
        called = function(plugin.get("register"))
        if called is not None:
            given = (base(site.callee), parts.get("options", Known(None)))
            callbacks.append(Callback(function=called, arguments=given))
    return Meaning(callbacks=tuple(callbacks))


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    names = site.callee.names
    if site.callee.package in NODE:
        called = last_function(site)
        if names == ("createServer",) and called is not None:
            entry = Entry(
                kind="route", name="ANY *", location=site.location, library=site.callee.package
            )
            yield FoundEntry(entry=entry, functions=(called,), arguments=(Input("request"), ANSWER))
        return
    if _is_server(site.callee) and names[-1] == "route":
        given = argument(site, 0)
        for one in elements(given) or (given,):
            yield from _route(site, one)


def _route(site: CallSite, route: Value | None) -> Iterable[FoundEntry]:
    parts = members(route)
    options = members(parts.get("options", parts.get("config")))
    handler = function(parts.get("handler")) or function(options.get("handler"))
    if handler is None:
        return
    before = [
        one
        for each in elements(options.get("pre"))
        for one in functions((members(each).get("method", each),))
    ]
    method = parts.get("method", Known("GET"))
    for one in elements(method) or (method,):
        verb = (text(one) or "*").upper().replace("*", "ANY")
        entry = Entry(
            kind="route",
            name=f"{verb} {pattern(parts.get('path')) or '*'}",
            location=site.location,
            library=site.callee.package,
        )
        yield FoundEntry(
            entry=entry,
            functions=(*before, handler),
            arguments=(Input("request"), TOOLKIT),
        )


FRAMEWORK = LibraryTable(name="hapi", packages=(*HAPI, *NODE), calls=_call, registers=_registered)
