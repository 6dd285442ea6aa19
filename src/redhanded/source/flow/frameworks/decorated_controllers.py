"""Controllers and resolvers that decorators declare, beside Nest's.

References: routing-controllers and type-graphql (typestack), tsoa, inversify-express-utils,
Ts.ED (tsed.dev/docs/controllers), FoalTS (foalts.org/docs/architecture/controllers), LoopBack 4
(loopback.io/doc/en/lb4/Controller.html), Overnight. What a parameter is given is said by its
decorator; middleware is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import members, pattern, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Class, Module, Parameter
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import Input, Kind, Library, Made, Procedure, Value

VERBS = ("Get", "Post", "Put", "Patch", "Delete", "Head", "Options", "All")
PARTS: Mapping[str, str] = {
    **dict.fromkeys(("Body", "BodyParams", "BodyParam", "requestBody", "RequestBody"), "body"),
    **dict.fromkeys(("Param", "Params", "Path", "PathParams", "requestParam"), "params"),
    **dict.fromkeys(("Query", "Queries", "QueryParam", "QueryParams", "queryParam"), "query"),
    **dict.fromkeys(("Header", "HeaderParam", "HeaderParams", "requestHeaders"), "headers"),
    **dict.fromkeys(("Arg", "Args"), "args"),
}
"""What decorators of parameters take from the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaring:
    """How a library declares them."""

    classes: tuple[str, ...]
    """Decorators of the class, whose first argument is a path; empty: none is needed."""
    methods: Mapping[str, str]
    """Decorators of methods, and the verb that each stands for."""


_ROUTES = {one: one.upper().replace("ALL", "ANY") for one in VERBS}
_CONTROLLER = Declaring(classes=("Controller", "JsonController"), methods=_ROUTES)
LIBRARIES: Mapping[str, Declaring] = {
    "routing-controllers": _CONTROLLER,
    "@overnightjs/core": _CONTROLLER,
    "@tsed/common": _CONTROLLER,
    "@tsed/di": _CONTROLLER,
    "@tsed/schema": _CONTROLLER,
    "tsoa": Declaring(classes=("Route",), methods=_ROUTES),
    "@tsoa/runtime": Declaring(classes=("Route",), methods=_ROUTES),
    "@foal/core": Declaring(classes=(), methods=_ROUTES),
    "@loopback/rest": Declaring(
        classes=(),
        methods={"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "del": "DELETE"},
    ),
    "inversify-express-utils": Declaring(
        classes=("controller",),
        methods={
            **{f"http{one}": one.upper() for one in VERBS if one != "All"},
            "all": "ANY",
        },
    ),
    "type-graphql": Declaring(
        classes=("Resolver",),
        methods={one: one for one in ("Query", "Mutation", "Subscription", "FieldResolver")},
    ),
}


def _entries(around: Surroundings) -> Iterable[FoundEntry]:
    for module in around.modules():
        if any(one.specifier in LIBRARIES for one in module.imports):
            for index, of in enumerate(module.classes):
                yield from _of_class(module, index, of, around)


def _of_class(module: Module, index: int, of: Class, around: Surroundings) -> Iterator[FoundEntry]:
    own = tuple(_ours(around.decorators(Kind(module.path, index, of.name))))
    for number in of.methods:
        function = module.functions[number]
        if not function.decorators:
            continue
        procedure = Procedure(module.path, number)
        for package, name, given in _ours(around.decorators(procedure)):
            declaring = LIBRARIES[package]
            if name not in declaring.methods:
                continue
            on = [made for _, said, made in own if said in declaring.classes]
            if declaring.classes and not on:
                continue
            verb = declaring.methods[name]
            said = _path(on[0] if on else (), given)
            if package == "type-graphql":
                said = function.name
            place = Location(path=module.path, line=function.line, function=function.name or None)
            yield FoundEntry(
                entry=Entry(kind="route", name=f"{verb} {said}", location=place, library=package),
                functions=(procedure,),
                arguments=tuple(_argument(one, module.path, around) for one in function.parameters),
            )


def _ours(decorators: Iterable[Value]) -> Iterator[tuple[str, str, tuple[Value, ...]]]:
    """Package, name and arguments of those that come from one of the libraries."""
    for one in decorators:
        if isinstance(one, Library) and one.package in LIBRARIES and one.steps:
            last = one.steps[-1]
            if isinstance(last, Made):
                yield one.package, one.names[-2] if len(one.names) > 1 else "", last.arguments
            else:
                yield one.package, last, ()


def _path(on: tuple[Value, ...], given: tuple[Value, ...]) -> str:
    first = next(iter(on), None)
    start = pattern(first) or pattern(members(first).get("path")) or ""
    return join_path(start, (pattern(given[0]) or "") if given else "")


def _argument(parameter: Parameter, path: str, around: Surroundings) -> Value:
    for expression in parameter.decorators:
        for _, name, given in _ours((around.evaluate(expression, path),)):
            if name in PARTS:
                part = text(given[0]) if given else None
                return Input("request", (PARTS[name], part) if part else (PARTS[name],))
    return Input("request")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    return None


FRAMEWORK = LibraryTable(
    name="decorated_controllers", packages=tuple(LIBRARIES), calls=_call, declares=_entries
)
