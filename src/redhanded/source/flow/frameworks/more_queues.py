"""Bee-Queue, pg-boss, Agenda and Graphile Worker.

References: github.com/bee-queue/bee-queue (API); timgit.github.io/pg-boss (send, work, policies);
github.com/agenda/agenda (define, unique); worker.graphile.org/docs (addJob, job key).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from redhanded.source.flow.framework import THIS, CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import Link, called
from redhanded.source.flow.frameworks.jobs import consumer, enqueue, options_of
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    function,
    functions,
    gives,
    last_function,
    members,
    number,
    pattern,
    told,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Known, Library, Made, Record, Value


def _made(callee: Library) -> Made | None:
    """What the queue was made by."""
    return next((one for one in callee.steps if isinstance(one, Made)), None)


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _bee(site: CallSite) -> Meaning | None:
    """``queue.createJob(data).setId(id).retries(3).save()``."""
    made, chain = _made(site.callee), called(site)
    if made is None:
        return None
    last = site.callee.names[-1]
    start = next((one for one in chain if one.name == "createJob"), None)
    if start is None or last != "save":
        return Meaning(result=gives(site) if start is not None or last == "createJob" else None)
    settings = members(made.arguments[1]) if len(made.arguments) > 1 else {}
    options = {
        name: settings[name] for name in ("removeOnSuccess", "removeOnFailure") if name in settings
    }
    names = {"setId": "id", "retries": "retries", "backoff": "backoff", "delayUntil": "delay"}
    for link in chain:
        value = _given(link, 0)
        if link.name in names and value is not None:
            options[names[link.name]] = value
    effect = enqueue(site, pattern(made.arguments[0]), None, _given(start, 0), options)
    return Meaning(effects=(effect,), callbacks=told(site, 0, THIS))


def _boss(site: CallSite) -> Meaning | None:
    last, first = site.callee.names[-1], argument(site, 0)
    if last in ("send", "sendAfter", "sendThrottled", "sendDebounced", "publish", "publishOnce"):
        whole = members(first)
        name = pattern(first) or pattern(whole.get("name"))
        data = whole.get("data") if whole else argument(site, 1)
        options = options_of(whole.get("options") if whole else argument(site, 2))
        if last in ("sendThrottled", "sendDebounced"):
            options["singletonSeconds"] = argument(site, 3) or Known(True)
        if "db" in options:
            # It is stored by what the program hands over: the connection of its transaction.
            options["connection"] = Known("given")
        return Meaning(effects=(enqueue(site, name, None, data, options),))
    if last == "insert":
        rows = elements(argument(site, 1)) or elements(first)
        effects = [
            enqueue(
                site,
                pattern(first) or pattern(members(row).get("name")),
                None,
                members(row).get("data"),
                members(row),
            )
            for row in rows
        ]
        return Meaning(effects=tuple(effects))
    if last == "schedule":
        options = {**options_of(argument(site, 3)), "repeat": argument(site, 1) or Known(None)}
        return Meaning(effects=(enqueue(site, pattern(first), None, argument(site, 2), options),))
    return Meaning()


def _agenda(site: CallSite) -> Meaning | None:
    last = site.callee.names[-1]
    if last in ("now", "schedule", "every"):
        at = 0 if last == "now" else 1
        names = argument(site, at)
        options = options_of(argument(site, at + 2))
        if last == "every":
            options["repeat"] = argument(site, 0) or Known(None)
        data = argument(site, at + 1)
        effects = [
            enqueue(site, None, pattern(one), data, options) for one in elements(names) or (names,)
        ]
        return Meaning(effects=tuple(effects))
    chain = called(site)
    start = next((one for one in chain if one.name == "create"), None)
    if start is None or last != "save":
        return Meaning(result=gives(site) if start is not None or last == "create" else None)
    options = {}
    for link in chain:
        if link.name in ("unique", "repeatEvery", "schedule", "priority"):
            options[link.name] = _given(link, 0) or Known(True)
    effect = enqueue(site, None, pattern(_given(start, 0)), _given(start, 1), options)
    return Meaning(effects=(effect,), callbacks=told(site, 0, THIS))


def _graphile(site: CallSite) -> Meaning | None:
    last = site.callee.names[-1]
    if last not in ("addJob", "quickAddJob"):
        return Meaning()
    at = 1 if last == "quickAddJob" else 0
    options = options_of(argument(site, at + 2))
    job = pattern(argument(site, at))
    return Meaning(effects=(enqueue(site, None, job, argument(site, at + 1), options),))


_CALLS: Mapping[str, Callable[[CallSite], Meaning | None]] = {
    "bee-queue": _bee,
    "pg-boss": _boss,
    "agenda": _agenda,
    "@hokify/agenda": _agenda,
    "graphile-worker": _graphile,
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if site.is_new or not site.callee.names:
        return Meaning()
    return _CALLS[site.callee.package](site)


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    names, package = site.callee.names, site.callee.package
    last = names[-1] if names else ""
    found: FoundEntry | None = None
    if package == "bee-queue" and last == "process":
        made = _made(site.callee)
        name = pattern(made.arguments[0]) if made is not None and made.arguments else None
        first = argument(site, 0)
        concurrency = first if number(first) is not None and first is not None else Known(1)
        options: dict[str, Value] = {"concurrency": concurrency}
        found = consumer(site, name, None, last_function(site), options, around)
    elif package == "pg-boss" and last in ("work", "subscribe"):
        options = options_of(argument(site, 1))
        name = pattern(argument(site, 0))
        found = consumer(site, name, None, last_function(site), options, around)
    elif package in ("agenda", "@hokify/agenda") and last == "define":
        work = next(iter(functions(site.arguments[1:])), None)
        given = next((one for one in site.arguments[1:] if isinstance(one, Record)), None)
        job = pattern(argument(site, 0))
        found = consumer(site, None, job, work, options_of(given), around)
    elif package == "graphile-worker" and last in ("run", "runOnce"):
        tasks = members(members(argument(site, 0)).get("taskList")) or members(argument(site, 1))
        for job, work in tasks.items():
            given_data = (Input("job", ("data",)), base(site.callee))
            one = consumer(site, None, job, function(work), {}, around, given_data)
            if one is not None:
                yield one
    if found is not None:
        yield found


FRAMEWORK = LibraryTable(
    name="more queues", packages=tuple(_CALLS), calls=_call, registers=_registered
)
