"""Django's URLs: which function or class serves a path, and management commands.

References: https://docs.djangoproject.com/en/stable/topics/http/urls/,
…/topics/class-based-views/, …/howto/custom-management-commands/; routers and view sets:
https://www.django-rest-framework.org/api-guide/routers/.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Argument, Attribute, Call, Do, Name
from redhanded.source.flow.framework import FoundEntry, Mount, Surroundings
from redhanded.source.flow.frameworks.chain import (
    given,
    kind_of,
    links,
    method_of,
    procedure_of,
)
from redhanded.source.flow.frameworks.django_requests import served as atomically_served
from redhanded.source.flow.frameworks.django_requests import wrapped
from redhanded.source.flow.frameworks.django_views import actions_of, methods_of, served
from redhanded.source.flow.frameworks.python_routes import parameters_of, place_of
from redhanded.source.flow.frameworks.reading import elements, pattern, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Module
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Value,
)

PATTERNS = "urlpatterns"
DEPTH_MAX = 12


@dataclass(frozen=True, slots=True)
class _Place:
    """A path and what serves it."""

    path: str
    view: Value


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    included: set[str] = set()
    found: dict[str, list[_Place]] = {}
    files = [one for one in around.modules() if one.language == "python" and _has_patterns(one)]
    for module in files:
        found[module.path] = list(_places(module, "", around, included, 0))
    for path, places in found.items():
        if path in included:
            continue
        for place in places:
            yield from _served(place, around)
    yield from _commands(around)


def _has_patterns(module: Module) -> bool:
    return any(
        getattr(getattr(one, "target", None), "name", "") == PATTERNS
        for one in module.functions[0].body
    )


def _places(
    module: Module, prefix: str, around: Surroundings, included: set[str], depth: int
) -> Iterator[_Place]:
    value = around.evaluate(Name(PATTERNS), module.path)
    yield from _listed(value, prefix, module, around, included, depth)


def _listed(
    value: Value | None,
    prefix: str,
    module: Module,
    around: Surroundings,
    included: set[str],
    depth: int,
) -> Iterator[_Place]:
    if depth > DEPTH_MAX or value is None:
        return
    if isinstance(value, Computed) and value.operator == "+":
        for one in value.operands:
            yield from _listed(one, prefix, module, around, included, depth + 1)
    elif isinstance(value, Either):
        for one in value.values:
            yield from _listed(one, prefix, module, around, included, depth + 1)
    elif isinstance(value, Record):
        for one in elements(value) or tuple(value.parts.values()):
            if isinstance(one, Library):
                yield from _pattern(one, prefix, module, around, included, depth)
    elif isinstance(value, Library) and value.names[-1:] == ("urls",):
        for place in _routed(value, around):
            yield _Place(join_path(prefix, place.path), place.view)


def _pattern(
    value: Library,
    prefix: str,
    module: Module,
    around: Surroundings,
    included: set[str],
    depth: int,
) -> Iterator[_Place]:
    last = links(value)[-1]
    if last.made is None:
        return
    if last.name in ("i18n_patterns", "format_suffix_patterns"):
        for one in last.made.arguments:
            yield from _listed(
                one if isinstance(one, Record) else Record({"0": one}),
                prefix, module, around, included, depth + 1,
            )  # fmt: skip
        return
    if last.name not in ("path", "re_path", "url"):
        return
    said = pattern(given(last.made, 0, "route", "regex")) or ""
    if last.name != "path":
        said = said.lstrip("^").rstrip("$")
    path = join_path(prefix, said)
    view = given(last.made, 1, "view")
    if isinstance(view, Library) and links(view)[-1].name == "include":
        yield from _included(view, path, module, around, included, depth)
    elif isinstance(view, Record):
        yield from _listed(view, path, module, around, included, depth + 1)
    elif view is not None:
        yield _Place(path, view)


def _included(
    view: Library,
    path: str,
    module: Module,
    around: Surroundings,
    included: set[str],
    depth: int,
) -> Iterator[_Place]:
    what = given(links(view)[-1].made, 0, "arg")
    name = text(what)
    if name is not None:
        inner = _module(name, module.path, around)
        if inner is not None and depth < DEPTH_MAX:
            included.add(inner.path)
            yield from _places(inner, path, around, included, depth + 1)
        return
    if isinstance(what, Record) and what.of is None:
        first = what.parts.get("0")
        if isinstance(first, Record) or (isinstance(first, Library) and "urls" in first.names):
            what = first  # include((patterns, "app"))
        else:
            inside = what.parts.get(PATTERNS) if PATTERNS in what.parts else None
            what = inside if inside is not None else what
    yield from _listed(what, path, module, around, included, depth + 1)


def _module(dotted: str, importer: str, around: Surroundings) -> Module | None:
    """The file of a dotted name, the one nearest to the file that names it."""
    end = dotted.replace(".", "/")
    found = []
    for name in (end + ".py", end + "/__init__.py"):
        found += [
            one for one in around.modules() if one.path == name or one.path.endswith("/" + name)
        ]
    return max(
        found, key=lambda one: len(posixpath.commonprefix([one.path, importer])), default=None
    )


def _routed(router: Library, around: Surroundings) -> Iterator[_Place]:
    """What is registered on a router of REST framework."""
    base = Library(router.package, router.steps[:-1], router.through)
    for module in around.modules():
        if module.language != "python":
            continue
        for statement in module.functions[0].body:
            if not (isinstance(statement, Do) and isinstance(statement.value, Call)):
                continue
            call = statement.value
            if not (isinstance(call.function, Attribute) and call.function.name == "register"):
                continue
            if around.evaluate(call.function.base, module.path) != base:
                continue
            yield from _registered(call, module.path, around)


def _registered(call: Call, path: str, around: Surroundings) -> Iterator[_Place]:
    def of(place: int, name: str) -> Argument | None:
        named = [one for one in call.arguments if one.name == name]
        plain = [one for one in call.arguments if one.name is None]
        return named[0] if named else plain[place] if place < len(plain) else None

    prefix, view = of(0, "prefix"), of(1, "viewset")
    if prefix is None or view is None:
        return
    said = pattern(around.evaluate(prefix.value, path)) or ""
    value = around.evaluate(view.value, path)
    kind = kind_of(value)
    if kind is None:
        return
    for method, name, detail in actions_of(kind, around):
        where = f"/{said}/{{pk}}/" if detail else f"/{said}/"
        if name not in _STANDARD:
            where += f"{name}/"
        made = Made((Record({method: Known(name)}),))
        yield _Place(where, Library("rest_framework", ("as_view", made), through=kind))


_STANDARD = frozenset({"list", "create", "retrieve", "update", "partial_update", "destroy"})


def _served(place: _Place, around: Surroundings) -> Iterator[FoundEntry]:
    view = place.view
    task = procedure_of(view)
    if task is not None and kind_of(view) is None:
        for method in methods_of(task, around):
            yield _entry(method, place.path, task, (task,), around)
        return
    if isinstance(view, Library) and len(links(view)[-1:]) and "as_view" not in view.names:
        made = links(view)[-1].made
        inner = [procedure_of(one) for one in made.arguments] if made is not None else []
        for wrapped in inner:
            if wrapped is not None:
                yield _entry("ANY", place.path, wrapped, (wrapped,), around)
        return
    kind = kind_of(view)
    if kind is None or not isinstance(view, Library):
        return
    for method, functions in served(kind, view, around):
        shown = next((one for one in functions if isinstance(one, Procedure)), None)
        yield _entry(method, place.path, shown or kind, functions, around)


def _entry(
    method: str,
    path: str,
    here: Procedure | Kind,
    functions: tuple[Value, ...],
    around: Surroundings,
) -> FoundEntry:

    if isinstance(here, Procedure):
        location = place_of(here, around)
    else:
        location = Location(path=here.path, line=around.class_of(here).line, function=here.name)
    inputs: dict[str, Value] = {
        name: Input("request", ("params", name)) for name in parameters_of(path)
    }
    return FoundEntry(
        entry=Entry(
            kind="route", name=f"{method.upper()} {path}", location=location, library="django"
        ),
        functions=tuple(wrapped(one, around) for one in functions),
        arguments=(Input("request"),),
        keywords=inputs,
    )


def _commands(around: Surroundings) -> Iterator[FoundEntry]:
    """``app/management/commands/name.py``."""
    for module in around.modules():
        if "/management/commands/" not in "/" + module.path:
            continue
        for index, one in enumerate(module.classes):
            if one.name != "Command":
                continue
            kind = Kind(module.path, index, one.name)
            handle = method_of(kind, "handle", around)
            if handle is not None:
                name = posixpath.basename(module.path).removesuffix(".py")
                entry = Entry(
                    kind="command",
                    name=f"manage.py {name}",
                    location=place_of(handle, around),
                    library="django",
                )
                yield FoundEntry(entry=entry, functions=(handle,))


FRAMEWORK = LibraryTable(
    name="django urls",
    packages=("django", "rest_framework"),
    calls=atomically_served,
    declares=_entries,
)
