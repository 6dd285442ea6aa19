"""Commands of programs for the command line: commander, yargs, cac.

References: github.com/tj/commander.js (action), yargs.js.org/docs (command).
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import links
from redhanded.source.flow.frameworks.reading import (
    argument,
    function,
    last_function,
    members,
    pattern,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Value

PACKAGES = ("commander", "yargs", "cac")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    return Meaning()


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    last = site.callee.names[-1] if site.callee.names else ""
    if last == "action":
        named = [one for one in links(site.callee) if one.name == "command" and one.made]
        given = named[-1].made.arguments if named and named[-1].made else ()
        yield from _command(site, given[0] if given else None, last_function(site))
    elif last == "command" and site.callee.package == "yargs":
        parts = members(argument(site, 0))
        if parts:
            yield from _command(site, parts.get("command"), function(parts.get("handler")))
        elif len(site.arguments) > 3:
            yield from _command(site, argument(site, 0), function(argument(site, 3)))


def _command(site: CallSite, name: Value | None, called: Value | None) -> Iterable[FoundEntry]:
    if called is None:
        return
    said = (pattern(name) or "").partition(" ")[0]
    entry = Entry(
        kind="command",
        name=said or site.location.path,
        location=site.location,
        library=site.callee.package,
    )
    yield FoundEntry(
        entry=entry, functions=(called,), arguments=(Input("argument"), Input("argument"))
    )


FRAMEWORK = LibraryTable(
    name="ecmascript commands", packages=PACKAGES, calls=_call, registers=_registered
)
