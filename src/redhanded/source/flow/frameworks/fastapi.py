"""FastAPI and Starlette: routes, routers, dependencies, tasks after the response.

Reference: https://fastapi.tiangolo.com/reference/ (APIRouter, dependencies, background). A function
is given what its parameters ask for: parts of the path, the query, the body, or dependencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.source.flow.form import Call, Expression, Item, Name, Sequence
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Moment,
    Mount,
    Surroundings,
)
from redhanded.source.flow.frameworks.chain import before, given, is_python, links
from redhanded.source.flow.frameworks.python_routes import (
    METHODS,
    calls_in_factories,
    decorated,
    methods_in,
    parameters_of,
    route,
)
from redhanded.source.flow.frameworks.reading import elements, gives, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Parameter
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import Input, Kind, Library, Procedure, Record, Value

PACKAGES = ("fastapi", "starlette")
ROUTERS = frozenset({"FastAPI", "APIRouter", "Starlette", "Router"})
REGISTERS = frozenset({"include_router", "mount", "add_api_route", "add_route"})
DEPENDENCIES = frozenset({"Depends", "Security"})
PROVIDED = frozenset(
    {
        *("Request", "BackgroundTasks", "Response", "WebSocket", "HTTPConnection"),
        *("SecurityScopes", "Depends", "Security"),
    }
)
"""What FastAPI gives by the annotation, beside what is in the request."""
PLAIN = frozenset({"str", "int", "float", "bool", "UUID", "Decimal", "datetime", "date", "list"})


def _routers(value: Library) -> bool:
    return any(one.name in ROUTERS for one in links(value))


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    for here, _, values in decorated(around, *PACKAGES):
        for value in values:
            last = links(value)[-1]
            if last.made is None or not _routers(before(value, 1)):
                continue
            methods: tuple[str, ...] = (last.name.upper(),)
            if last.name in ("api_route", "route"):
                methods = methods_in(last.made.keywords.get("methods"), "GET")
            elif last.name not in METHODS:
                continue
            path = text(given(last.made, 0, "path")) or ""
            first = _dependencies(last.made.keywords.get("dependencies"))
            for method in methods:
                yield _route(method, path, here, before(value, 1), first, around)
    for site in calls_in_factories(around, REGISTERS):
        yield from _registered(site, around)


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    if not is_python(site):
        return
    chain = links(site.callee)
    name = chain[-1].name if chain else ""
    if name in ROUTERS:
        yield from _own_dependencies(site)
    if len(chain) < 2 or not _routers(before(site.callee, 1)):
        return
    on = before(site.callee, 1)
    if name in ("include_router", "mount"):
        what = given(site, 0 if name == "include_router" else 1, "router", "app")
        prefix = given(site, -1 if name == "include_router" else 0, "prefix", "path")
        if isinstance(what, Library):
            yield Mount(
                on=on,
                location=site.location,
                what=what,
                prefix=text(prefix) or "",
                functions=_dependencies(site.keywords.get("dependencies")),
            )
    elif name in ("add_api_route", "add_route"):
        function = given(site, 1, "endpoint", "route")
        path = text(given(site, 0, "path")) or ""
        if isinstance(function, Procedure):
            for method in methods_in(site.keywords.get("methods"), "GET"):
                yield _route(method, path, function, on, (), around)


def _own_dependencies(site: CallSite) -> Iterator[Mount]:
    """``APIRouter(dependencies=[Depends(check)])``."""
    functions = _dependencies(site.keywords.get("dependencies"))
    if functions:
        yield Mount(on=gives(site), location=site.location, functions=functions)


def _dependencies(value: Value | None) -> tuple[Value, ...]:
    found = []
    for one in elements(value):
        function = _depended(one)
        if function is not None:
            found.append(function)
    return tuple(found)


def _depended(value: Value) -> Value | None:
    """What ``Depends(f)`` calls."""
    if isinstance(value, Library):
        last = links(value)[-1]
        if last.name in DEPENDENCIES:
            return given(last.made, 0, "dependency")
    return None


def _route(
    method: str,
    path: str,
    here: Procedure,
    on: Library,
    first: tuple[Value, ...],
    around: Surroundings,
) -> FoundEntry:
    own = next((text(given(one.made, -1, "prefix")) for one in links(on) if one.made), None)
    path = join_path(own or "", path) if own else path
    return FoundEntry(
        entry=route(method, path or "/", here, "fastapi", around),
        functions=(*first, here),
        keywords=_inputs(here, path, around),
        on=on,
        path=path,
    )


def _inputs(here: Procedure, path: str, around: Surroundings) -> dict[str, Value]:
    """Each parameter that is taken from the request."""
    in_path = parameters_of(path)
    found: dict[str, Value] = {}
    for one in around.function_of(here).parameters:
        if not isinstance(one.target, Name) or one.variadic:
            continue
        name = one.target.name
        if name in in_path:
            found[name] = Input("request", ("params", name))
            continue
        source = _source(one, here, around)
        if source == "request":
            found[name] = Input("request")
        elif source == "body":
            found[name] = Input("request", ("body",))
        elif source:
            found[name] = Input("request", (source, name))
    return found


def _source(one: Parameter, here: Procedure, around: Surroundings) -> str:
    """Where a parameter comes from; empty: not from the request."""
    said = _called(one.default)
    kind = one.annotation
    if isinstance(kind, Item) and getattr(kind.base, "name", "") == "Annotated":
        inside = kind.key.items if isinstance(kind.key, Sequence) else (kind.key,)
        said = said or next((name for each in inside if (name := _called(each))), "")
        kind = inside[0] if inside else None
    if said in PROVIDED:
        return ""
    if said in ("Header", "Cookie", "Query", "Path", "Form", "File", "Body"):
        return {"Header": "headers", "Path": "params"}.get(said, said.lower())
    named = getattr(kind, "name", "")
    if named == "Request":
        return "request"
    if named in PROVIDED:
        return ""
    if kind is None or named in PLAIN or isinstance(kind, Item):
        return "query"
    value = around.evaluate(kind, here.path)
    return "body" if isinstance(value, Kind) else "query" if not isinstance(value, Library) else ""


def _called(expression: Expression | None) -> str:
    if isinstance(expression, Call):
        return str(getattr(expression.function, "name", ""))
    return ""


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if not is_python(site):
        return None
    chain = links(site.callee)
    if not chain:
        return None
    if chain[-1].name == "add_task" and any(one.name == "BackgroundTasks" for one in chain):
        function = given(site, 0, "func")
        if function is None:
            return None
        called = Callback(function=function, arguments=site.arguments[1:], keywords=site.keywords)
        return Meaning(callbacks=(called,))
    if any(one.name == "Request" for one in chain[:-1]):
        parts = {"json": ("body",), "form": ("form",), "body": ("body",)}.get(chain[-1].name)
        return None if parts is None else Meaning(result=Input("request", parts))
    return None


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    """A dependency is called where it is asked for."""
    if moment != "inject":
        return None
    function = _depended(value)
    if function is None or isinstance(function, Record):
        return None
    return Meaning(callbacks=(Callback(function=function, gives=True),))


FRAMEWORK = LibraryTable(
    name="fastapi",
    packages=PACKAGES,
    calls=_call,
    settles=_settle,
    declares=_entries,
    registers=_registered,
)
