"""Next.js: route handlers, API routes of the pages folder, server actions.

Reference: nextjs.org/docs, route.js, API Routes, Server Actions. They are found by their paths, in
programs that import ``next``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Constant, Do
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.express import RESPONSE
from redhanded.source.flow.frameworks.reading import function
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import Input, Procedure, Record, Value

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ROUTE = re.compile(r"(?:^|/)app/(?:(.*)/)?route\.[cm]?[jt]sx?$")
PAGE = re.compile(r"(?:^|/)pages/api/(.*)\.[cm]?[jt]sx?$")
REQUEST = Input("request")
CONTEXT = Record({"params": Input("request", ("params",))}, is_complete=False)


def _entries(around: Surroundings) -> Iterable[FoundEntry]:
    modules = [one for one in around.modules() if one.language != "python"]
    if not any(_uses_next(one) for one in modules):
        return
    for module in modules:
        if match := ROUTE.search(module.path):
            yield from _handlers(module, _path(match[1] or ""), around)
        elif match := PAGE.search(module.path):
            path = "/api/" + _path(match[1]).removesuffix("index").strip("/")
            yield from _page(module, path.rstrip("/"), around)
        elif _is_server(module):
            yield from _actions(module, around)


def _uses_next(module: Module) -> bool:
    return any(
        one.specifier == "next" or one.specifier.startswith("next/") for one in module.imports
    )


def _path(folders: str) -> str:
    """Groups ``(shop)`` and slots ``@modal`` are no part of the address."""
    kept = [one for one in folders.split("/") if one and not re.match(r"\(.*\)$|@", one)]
    return "/" + "/".join(kept)


def _exported(module: Module, around: Surroundings) -> Iterator[tuple[str, Procedure]]:
    for export in module.exports:
        if export.value is None or export.specifier:
            continue
        found = function(around.evaluate(export.value, module.path))
        if isinstance(found, Procedure):
            yield export.exported, found


def _handlers(module: Module, path: str, around: Surroundings) -> Iterator[FoundEntry]:
    for name, procedure in _exported(module, around):
        if name in METHODS:
            yield _entry(f"{name} {path}", procedure, (REQUEST, CONTEXT), around)


def _page(module: Module, path: str, around: Surroundings) -> Iterator[FoundEntry]:
    for name, procedure in _exported(module, around):
        if name in ("default", "="):
            yield _entry(f"ANY {path}", procedure, (REQUEST, RESPONSE), around)


def _is_server(module: Module) -> bool:
    """The directive at the top; functions are hoisted before it."""
    body = module.functions[0].body if module.functions else ()
    return any(isinstance(one, Do) and one.value == Constant("use server") for one in body)


def _actions(module: Module, around: Surroundings) -> Iterator[FoundEntry]:
    for name, procedure in _exported(module, around):
        count = len(around.function_of(procedure).parameters)
        given = tuple(Input("request", (str(place),)) for place in range(count))
        yield _entry(f"ACTION {name}", procedure, given, around)


def _entry(
    name: str, procedure: Procedure, arguments: tuple[Value, ...], around: Surroundings
) -> FoundEntry:
    line = around.function_of(procedure).line
    place = Location(path=procedure.path, line=line)
    entry = Entry(kind="route", name=name, location=place, library="next")
    return FoundEntry(entry=entry, functions=(procedure,), arguments=arguments)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    """``NextResponse.json(…)``."""
    names = site.callee.names
    if "NextResponse" in names and names[-1] in ("json", "redirect", "next", "NextResponse"):
        effect = Effect(kind="respond", store="network", library="next", verb=names[-1])
        return Meaning(effects=(effect,))
    return None


FRAMEWORK = LibraryTable(name="next", packages=("next",), calls=_call, declares=_entries)
