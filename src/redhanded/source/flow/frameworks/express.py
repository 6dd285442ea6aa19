"""Express: routes, routers mounted on one another, middleware in its order.

Reference: expressjs.com, Routing, Using middleware. A function of four parameters is an error
handler and no part of the way a request takes.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Mount, Surroundings
from redhanded.source.flow.frameworks.reading import base, elements, functions, made, pattern, words
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Known, Library, Made, Procedure, Record, Value

METHODS = words("get post put patch delete del all head options")
QUIET = frozenset(["set", "enable", "disable", "listen", "engine", "param", "on"])
ROUTERS = frozenset(["", "Router", "default", "express"])
REQUEST = Input("request")
RESPONSE = Library("express", ("Response", Made()))
NEXT = Library("express", ("next",))
ANSWERS = words("send json jsonp end sendStatus sendFile redirect render download")


def _is_router(library: Library) -> bool:
    """``express()``, ``express.Router()``, and what their own methods give back."""
    names = library.names
    return names[:1] == ("()",) or names[:2] == ("Router", "()")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if not names or names in (("Router",), ("next",)):
        return Meaning()
    if names[0] == "Response":
        return answered(site)
    if names[0] in ("json", "urlencoded", "raw", "text", "static") and len(names) == 1:
        return Meaning()
    if not _is_router(site.callee):
        return None
    if names[-1] in METHODS or names[-1] in ("use", "route", *QUIET):
        on = base(site.callee)
        return Meaning(result=on if names[-1] not in ("route", "get") and on.steps else None)
    return None


def answered(site: CallSite, *, is_last: bool = False) -> Meaning:
    """``res.status(201).json(x)``. ``is_last``: it answers whatever it is called."""
    package, verb = site.callee.package, site.callee.names[-1]
    if verb not in ANSWERS and not is_last:
        return Meaning(result=base(site.callee))
    effect = Effect(kind="respond", store="network", library=package, verb=verb)
    return Meaning(effects=(effect,), result=base(site.callee))


def registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    """What a call on an application or router adds."""
    names = site.callee.names
    if not _is_router(site.callee) or len(names) < 2:
        return
    if names[-1] == "use":
        yield from _used(site, around)
    elif names[-1] in METHODS:
        yield from _routed(site, around)


def _routed(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    on, arguments = base(site.callee), site.arguments
    paths: tuple[Value, ...]
    if (route := _route_of(on)) is not None:
        on, paths = route[0], (route[1],)
    elif len(arguments) < 2:
        return  # app.get('setting')
    else:
        paths, arguments = elements(arguments[0]) or (arguments[0],), arguments[1:]
    handlers = tuple(one for one in functions(arguments) if not is_error_handler(one, around))
    if not handlers:
        return
    method = {"all": "ANY", "del": "DELETE"}.get(site.callee.names[-1], site.callee.names[-1])
    for one in paths:
        path = path_of(one)
        entry = Entry(
            kind="route",
            name=f"{method.upper()} {path}",
            location=site.location,
            library=site.callee.package,
        )
        yield FoundEntry(
            entry=entry,
            functions=handlers,
            arguments=(REQUEST, RESPONSE, NEXT),
            on=on,
            path=path,
        )


def _route_of(library: Library) -> tuple[Library, Value] | None:
    """``router.route('/x').get(…).post(…)``: the router and the path."""
    steps = library.steps
    for place, step in enumerate(steps):
        if step == "route" and place + 1 < len(steps):
            call = made(Library(library.package, steps[: place + 2]))
            if call is not None and call.arguments:
                return Library(library.package, steps[:place], library.through), call.arguments[0]
    return None


def _used(site: CallSite, around: Surroundings) -> Iterable[Mount]:
    on, arguments = base(site.callee), site.arguments
    prefixes: tuple[str, ...] = ("",)
    if arguments and _is_path(arguments[0]):
        prefixes = tuple(map(path_of, elements(arguments[0]) or (arguments[0],)))
        arguments = arguments[1:]
    before: list[Value] = []
    for one in _flat(arguments):
        if isinstance(one, Library) and _is_router(one) and one.package == site.callee.package:
            for prefix in prefixes:
                yield Mount(
                    on=on,
                    location=site.location,
                    what=one,
                    prefix=prefix,
                    functions=tuple(before),
                )
        else:
            before.extend(x for x in functions((one,)) if not is_error_handler(x, around))
    if before:
        for prefix in prefixes:
            yield Mount(on=on, location=site.location, prefix=prefix, functions=tuple(before))


def _flat(values: tuple[Value, ...]) -> Iterable[Value]:
    for one in values:
        yield from _flat(elements(one)) if isinstance(one, Record) and elements(one) else (one,)


def _is_path(value: Value) -> bool:
    if isinstance(value, Record):
        inner = elements(value)
        return bool(inner) and all(map(_is_path, inner))
    return not isinstance(value, Library | Procedure) and (
        isinstance(value, Known) or pattern(value) is not None
    )


def path_of(value: Value) -> str:
    """As written; what is not is ``*``."""
    return pattern(value) or ("" if value == Known("") else "*")


def is_error_handler(value: Value, around: Surroundings) -> bool:
    """It is given the error first."""
    return isinstance(value, Procedure) and len(around.function_of(value).parameters) == 4


FRAMEWORK = LibraryTable(
    name="express",
    packages=("express", "express-promise-router"),
    calls=_call,
    registers=registered,
)
