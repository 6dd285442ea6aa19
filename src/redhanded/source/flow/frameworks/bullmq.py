"""BullMQ: queues, workers, flows, schedulers.

Reference: docs.bullmq.io; api.docs.bullmq.io (JobsOptions, WorkerOptions, FlowProducer).
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.jobs import consumer, enqueue, options_of
from redhanded.source.flow.frameworks.nest_queues import job_defaults
from redhanded.source.flow.frameworks.reading import (
    argument,
    elements,
    members,
    pattern,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Made, Value

PACKAGES = ("bullmq", "@taskforcesh/bullmq-pro")
QUEUES = frozenset(["Queue", "QueuePro"])
WORKERS = frozenset(["Worker", "WorkerPro"])
QUIET = words(
    "on once off close pause resume getJob getJobs getJobCounts waitUntilReady getWaiting run"
    " getActive getDelayed getCompleted getFailed getRepeatableJobs count disconnect isPaused"
    " getJobSchedulers getJobScheduler getWorkers removeListener isRunning getJobLogs getMetrics"
)
REMOVES = words(
    "removeRepeatable removeRepeatableByKey removeJobScheduler clean drain obliterate remove"
    " removeDeduplicationKey removeDebounceKey"
)


def _made(library: Library, classes: frozenset[str]) -> Made | None:
    steps = library.steps
    if len(steps) > 1 and steps[0] in classes and isinstance(steps[1], Made):
        return steps[1]
    return None


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names, callee = site.callee.names, site.callee
    if site.is_new:
        return Meaning() if len(names) == 1 else None
    if len(names) < 3 or names[1] != "()":
        return None
    method = names[-1]
    if (made := _made(callee, QUEUES)) is not None:
        effects = _added(site, made, method, around)
        if effects:
            return Meaning(effects=effects)
    if names[0] in ("FlowProducer", "FlowProducerPro") and method in ("add", "addBulk"):
        flows = elements(argument(site, 0)) if method == "addBulk" else site.arguments[:1]
        return Meaning(effects=tuple(one for flow in flows for one in _flow(site, flow)))
    return Meaning() if method in QUIET or method in REMOVES else None


def _added(site: CallSite, made: Made, method: str, around: Surroundings) -> tuple[Effect, ...]:
    name = pattern(made.arguments[0]) if made.arguments else None
    given = members(made.arguments[1]) if len(made.arguments) > 1 else {}
    defaults = given.get("defaultJobOptions", job_defaults(name, around))
    if method == "add":
        job = pattern(argument(site, 0))
        options = options_of(defaults, argument(site, 2))
        return (enqueue(site, name, job, argument(site, 1), options),)
    if method == "addBulk":
        return tuple(
            enqueue(
                site,
                name,
                pattern(members(one).get("name")),
                members(one).get("data"),
                options_of(defaults, members(one).get("opts")),
            )
            for one in elements(argument(site, 0)) or site.arguments[:1]
        )
    if method == "upsertJobScheduler":
        template = members(argument(site, 2))
        options = options_of(defaults, template.get("opts"))
        options["repeat"] = argument(site, 1) or Known(None)
        if (identity := argument(site, 0)) is not None:
            options["jobId"] = identity
        job = pattern(template.get("name")) or pattern(argument(site, 0))
        return (enqueue(site, name, job, template.get("data"), options),)
    return ()


def _flow(site: CallSite, flow: Value) -> Iterable[Effect]:
    """The children of a flow are done before it."""
    parts = members(flow)
    if not parts:
        return
    for child in elements(parts.get("children")):
        yield from _flow(site, child)
    options = options_of(parts.get("opts"))
    yield enqueue(
        site,
        pattern(parts.get("queueName")),
        pattern(parts.get("name")),
        parts.get("data"),
        options,
    )


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    if site.is_new and site.callee.names in tuple((one,) for one in WORKERS):
        options = options_of(argument(site, 2))
        options.pop("connection", None)
        options.setdefault("concurrency", Known(1))
        queue = pattern(argument(site, 0))
        found = consumer(site, queue, None, argument(site, 1), options, around)
        if found is not None:
            yield found


FRAMEWORK = LibraryTable(name="bullmq", packages=PACKAGES, calls=_call, registers=_registered)
