"""Sanic: routes of an application or a blueprint, class-based views, middleware.

References: https://sanic.dev/en/guide/basics/routing.html, …/best-practices/blueprints.html,
…/advanced/class-based-views.html. A handler is given the request, then the parts of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.source.flow.framework import CallSite, FoundEntry, Mount, Surroundings
from redhanded.source.flow.frameworks.chain import (
    before,
    given,
    is_python,
    kind_of,
    links,
    method_of,
)
from redhanded.source.flow.frameworks.python_routes import (
    METHODS,
    calls_in_factories,
    decorated,
    methods_in,
    route,
)
from redhanded.source.flow.frameworks.reading import elements, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import Input, Library, Procedure, Record, Value

PACKAGES = ("sanic",)
MAKERS = frozenset({"Sanic", "Blueprint"})
REGISTERS = frozenset({"blueprint", "add_route"})
PARAMETER = re.compile(r"<(\w+)(?::[^>]*)?>")
CHECKS = frozenset({"on_request", "middleware"})
REQUEST = Record(
    {
        "json": Input("request", ("body",)),
        "body": Input("request", ("body",)),
        "form": Input("request", ("body",)),
        "args": Input("request", ("query",)),
        "headers": Input("request", ("headers",)),
    },
    is_complete=False,
)


def _makes_routes(value: Library) -> bool:
    return any(one.name in MAKERS and one.made is not None for one in links(value))


def _prefix(value: Library) -> str:
    for one in links(value):
        if one.name in MAKERS and one.made is not None:
            return text(given(one.made, 1, "url_prefix")) or ""
    return ""


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    for here, _, values in decorated(around, *PACKAGES):
        for value in values:
            last, on = links(value)[-1], before(value, 1)
            if not _makes_routes(on):
                continue
            if last.name in CHECKS:
                place = FoundEntry(entry=route("any", "", here, "sanic", around), functions=(here,))
                yield Mount(on=on, location=place.entry.location, functions=(here,))
            elif last.made is not None and last.name in (*METHODS, "route"):
                methods: tuple[str, ...] = (last.name.upper(),)
                if last.name == "route":
                    methods = methods_in(last.made.keywords.get("methods"), "GET")
                path = text(given(last.made, 0, "uri")) or ""
                for method in methods:
                    yield _route(method, path, here, on, around)
    for site in calls_in_factories(around, REGISTERS):
        yield from _registered(site, around)


def _route(
    method: str, path: str, here: Procedure, on: Library, around: Surroundings
) -> FoundEntry:
    own = _prefix(on)
    whole = join_path(own, path) if own else path
    inputs: dict[str, Value] = {
        name: Input("request", ("params", name)) for name in PARAMETER.findall(path)
    }
    return FoundEntry(
        entry=route(method, whole or "/", here, "sanic", around),
        functions=(here,),
        arguments=(REQUEST,),
        keywords=inputs,
        on=on,
        path=whole,
    )


def _registered(site: CallSite, around: Surroundings) -> Iterator[FoundEntry | Mount]:
    chain = links(site.callee)
    if not is_python(site) or len(chain) < 2 or not _makes_routes(before(site.callee, 1)):
        return
    on, name = before(site.callee, 1), chain[-1].name
    if name == "blueprint":
        what = given(site, 0, "blueprint")
        for one in elements(what) or (what,):
            if isinstance(one, Library):
                prefix = text(site.keywords.get("url_prefix")) or ""
                yield Mount(on=on, location=site.location, what=one, prefix=prefix)
    elif name == "add_route":
        view = given(site, 0, "handler")
        path = text(given(site, 1, "uri")) or ""
        kind = kind_of(view)
        if isinstance(view, Procedure):
            for method in methods_in(site.keywords.get("methods"), "GET"):
                yield _route(method, path, view, on, around)
        elif kind is not None:
            for method in sorted(METHODS):
                function = method_of(kind, method, around)
                if function is not None:
                    yield _route(method, path, function, on, around)


FRAMEWORK = LibraryTable(name="sanic", packages=PACKAGES, declares=_entries, registers=_registered)
