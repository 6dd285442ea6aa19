"""Schedules of packages that run functions by the clock.

References: github.com/node-cron/node-cron, github.com/kelektiv/node-cron (``cron``),
github.com/node-schedule/node-schedule, croner.56k.guru.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import argument, function, members, pattern
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Value

CALLS = frozenset(
    [
        ("node-cron", "schedule"),
        ("node-cron", "createTask"),
        ("cron", "CronJob"),
        ("cron", "job"),
        ("node-schedule", "scheduleJob"),
        ("croner", "Cron"),
        ("croner", ""),
    ]
)
PACKAGES = ("node-cron", "cron", "node-schedule", "croner")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    return Meaning() if _is_schedule(site) or "()" in site.callee.names else None


def _is_schedule(site: CallSite) -> bool:
    names = site.callee.names
    name = names[-1] if names else ""
    return (site.callee.package, name) in CALLS or names[-2:] == ("CronJob", "from")


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    if not _is_schedule(site):
        return
    given = site.arguments
    time: Value | None = given[0] if given else None
    called = next((one for one in map(function, given) if one is not None), None)
    options = members(argument(site, 0))
    if "onTick" in options:
        time, called = options.get("cronTime"), function(options["onTick"])
    if called is None:
        return
    if site.callee.package == "node-schedule" and len(given) > 2:
        time = given[1]
    entry = Entry(
        kind="schedule",
        name=f"cron {pattern(time) or '*'}",
        location=site.location,
        library=site.callee.package,
    )
    yield FoundEntry(entry=entry, functions=(called,))


FRAMEWORK = LibraryTable(name="schedules", packages=PACKAGES, calls=_call, registers=_registered)
