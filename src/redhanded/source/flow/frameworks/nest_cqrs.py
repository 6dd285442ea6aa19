"""Nest's CQRS: a command, query or event is handled by the class that says so.

Reference: docs.nestjs.com, CQRS. ``commandBus.execute(new BookRoom(id))`` calls ``execute`` of the
class decorated ``@CommandHandler(BookRoom)``; an event calls ``handle`` of each of its handlers,
and nobody waits for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import kind_of, once
from redhanded.source.flow.frameworks.reading import argument
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Kind, Library, Made, Procedure

PACKAGES = ("@nestjs/cqrs",)
BUSES: Mapping[str, str] = {"CommandBus": "execute", "QueryBus": "execute"}
HANDLERS = frozenset({"CommandHandler", "QueryHandler"})


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if site.is_new or len(names) < 2 or BUSES.get(names[0]) != names[-1]:
        return None
    given = argument(site, 0)
    kind = kind_of(given)
    handler = once(_handlers, around).get(kind) if kind is not None else None
    if handler is None or given is None:
        return None
    called = Callback(function=handler, arguments=(given,), gives=True)
    return Meaning(callbacks=(called,), is_async=True)


def _handlers(around: Surroundings) -> Mapping[Kind, Procedure]:
    """By what they handle."""
    found: dict[Kind, Procedure] = {}
    for module in around.modules():
        if not any(one.specifier == "@nestjs/cqrs" for one in module.imports):
            continue
        for index, one in enumerate(module.classes):
            for wanted in _handled(Kind(module.path, index, one.name), around):
                for place in one.methods:
                    if module.functions[place].name == "execute":
                        found[wanted] = Procedure(module.path, place)
    return found


def _handled(kind: Kind, around: Surroundings) -> Iterator[Kind]:
    for value in around.decorators(kind):
        made = value.steps[-1] if isinstance(value, Library) and value.steps else None
        if not isinstance(value, Library) or not isinstance(made, Made):
            continue
        if HANDLERS.isdisjoint(value.names):
            continue
        yield from (one for one in made.arguments if isinstance(one, Kind))


FRAMEWORK = LibraryTable(name="nest cqrs", packages=PACKAGES, calls=_call)
