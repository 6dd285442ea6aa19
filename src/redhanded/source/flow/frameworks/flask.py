"""Flask and Quart: routes, blueprints, class-based views, commands.

References: https://flask.palletsprojects.com/en/stable/api/, …/blueprints/, …/views/;
Flask-RESTful's ``add_resource``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Mount, Surroundings
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
    parameters_of,
    place_of,
    route,
)
from redhanded.source.flow.frameworks.reading import text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import Input, Kind, Library, Procedure, Value

PACKAGES = ("flask", "quart", "flask_restful", "flask_restx", "flask_smorest", "apiflask")
REGISTERS = frozenset({"register_blueprint", "add_namespace", "add_url_rule", "add_resource"})
MAKERS = frozenset({"Flask", "Blueprint", "Quart", "Api", "APIFlask", "APIBlueprint", "Namespace"})


def _makes_routes(value: Library) -> bool:
    return any(one.name in MAKERS for one in links(value))


def _prefix(value: Library) -> str:
    for one in links(value):
        if one.name in MAKERS and one.made is not None:
            return text(given(one.made, -1, "url_prefix", "path", "prefix")) or ""
    return ""


BEFORE = frozenset({"before_request", "before_app_request"})
"""Decorators of functions that run before each handler of an application or blueprint."""


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    for here, _, values in decorated(around, *PACKAGES):
        for value in values:
            last, on = links(value)[-1], before(value, 1)
            if last.name in BEFORE and last.made is None and _makes_routes(on):
                yield Mount(on=on, location=place_of(here, around), functions=(here,))
    for here, _, values in decorated(around, *PACKAGES):
        for value in values:
            last, on = links(value)[-1], before(value, 1)
            if last.name == "command" and "cli" in value.names:
                yield _command(here, text(given(last.made, 0, "name")), around)
                continue
            if last.made is None or not _makes_routes(on):
                continue
            if last.name == "route":
                methods = methods_in(last.made.keywords.get("methods"), "GET")
            elif last.name in METHODS:
                methods = (last.name.upper(),)
            else:
                continue
            path = text(given(last.made, 0, "rule")) or ""
            for method in methods:
                yield _route(method, path, here, on, around)
    yield from _classes(around)
    for site in calls_in_factories(around, REGISTERS):
        yield from _registered(site, around)


def _command(here: Procedure, name: str | None, around: Surroundings) -> FoundEntry:
    entry = Entry(
        kind="command",
        name=f"flask {name or around.function_of(here).name}",
        location=place_of(here, around),
        library="flask",
    )
    return FoundEntry(entry=entry, functions=(here,))


def _classes(around: Surroundings) -> Iterator[FoundEntry]:
    """Resources that a decorator gives a path: ``@api.route("/x") class X(Resource)``."""
    for module in around.modules():
        if module.language != "python":
            continue
        for index, one in enumerate(module.classes):
            if not one.decorators:
                continue
            kind = Kind(module.path, index, one.name)
            for value in around.decorators(kind):
                if not isinstance(value, Library) or value.package not in PACKAGES:
                    continue
                last = links(value)[-1]
                if last.name == "route" and last.made is not None:
                    path = text(given(last.made, 0)) or ""
                    yield from _resource(kind, path, before(value, 1), around)


def _resource(kind: Kind, path: str, on: Library, around: Surroundings) -> Iterator[FoundEntry]:
    for method in sorted(METHODS):
        function = method_of(kind, method, around)
        if function is not None:
            yield _route(method, path, function, on, around)


def _route(
    method: str, path: str, here: Procedure, on: Library, around: Surroundings
) -> FoundEntry:
    own = _prefix(on)
    whole = join_path(own, path) if own else path
    inputs: dict[str, Value] = {
        name: Input("request", ("params", name)) for name in parameters_of(path)
    }
    return FoundEntry(
        entry=route(method, whole or "/", here, "flask", around),
        functions=(here,),
        keywords=inputs,
        on=on,
        path=whole,
    )


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    chain = links(site.callee)
    if not is_python(site) or len(chain) < 2 or not _makes_routes(before(site.callee, 1)):
        return
    on, name = before(site.callee, 1), chain[-1].name
    if name in ("register_blueprint", "add_namespace"):
        what = given(site, 0, "blueprint", "ns")
        if isinstance(what, Library):
            said = text(given(site, 1 if name == "add_namespace" else -1, "url_prefix", "path"))
            own = _prefix(what)
            # A prefix given here takes the place of the blueprint's own.
            prefix = said.removesuffix(own) if said and own and said.endswith(own) else said
            yield Mount(on=on, location=site.location, what=what, prefix=prefix or "")
    elif name == "add_url_rule":
        view = given(site, 2, "view_func")
        path = text(given(site, 0, "rule")) or ""
        if isinstance(view, Procedure):
            for method in methods_in(site.keywords.get("methods"), "GET"):
                yield _route(method, path, view, on, around)
        elif isinstance(view, Library) and "as_view" in view.names:
            kind = kind_of(view)
            if kind is not None:
                yield from _resource(kind, path, on, around)
    elif name == "add_resource":
        kind = kind_of(given(site, 0, "resource"))
        for one in site.arguments[1:]:
            path = text(one) or ""
            if kind is not None and path:
                yield from _resource(kind, path, on, around)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    """``request.get_json()`` and the like: what came with the request."""
    if not is_python(site):
        return None
    chain = links(site.callee)
    names = [one.name for one in chain]
    if names[:1] != ["request"] or len(names) < 2:
        return None
    if names[1:] in (["get_json"], ["get_data"]):
        return Meaning(result=Input("request", ("body",)))
    part = {"json": "body", "form": "form", "args": "query", "headers": "headers"}.get(names[1])
    if part is not None and names[-1] in ("get", "getlist", "pop"):
        name = text(given(site, 0, "key"))
        return Meaning(result=Input("request", (part, name) if name else (part,)))
    return None


FRAMEWORK = LibraryTable(
    name="flask",
    packages=PACKAGES,
    calls=_call,
    declares=_entries,
    registers=_registered,
)
