"""tRPC: procedures as entries.

``procedure.input(schema).mutation(async ({ ctx, input }) => …)``. Reference: trpc.io/docs, Define
Procedures, Context (``initTRPC.context<Context>()``). Middleware is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.graphql_resolvers import made_by
from redhanded.source.flow.frameworks.reading import last_function
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Library, Made, Record, Unknown, Value

PACKAGES = ("@trpc/server",)
ENDS = frozenset(("query", "mutation", "subscription"))


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    names = site.callee.names
    if names[:1] != ("initTRPC",) or names[-1] not in ENDS:
        return
    called = last_function(site)
    if called is None:
        return
    given = Record(
        {
            "ctx": _context(site.callee, around),
            "input": Input("request", ("body",)),
        },
        is_complete=False,
    )
    entry = Entry(
        kind="route", name=f"{names[-1]} ({site.location})", location=site.location, library="trpc"
    )
    yield FoundEntry(entry=entry, functions=(called,), arguments=(given,))


def _context(library: Library, around: Surroundings) -> Value:
    """What ``initTRPC.context<Context>()`` says that every procedure is given."""
    for place, step in enumerate(library.steps[:-1]):
        made = library.steps[place + 1]
        if step == "context" and isinstance(made, Made):
            return made_by(made.keywords.get("<>"), around)
    return Unknown("ctx")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if not site.callee.steps:
        return None
    return Meaning(is_lazy=True) if site.callee.names[-1] in ENDS else None


FRAMEWORK = LibraryTable(name="trpc", packages=PACKAGES, calls=_call, registers=_registered)
