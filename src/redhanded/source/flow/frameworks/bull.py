"""Bull 3 and 4: queues, their jobs and processors.

Reference: github.com/OptimalBits/bull/blob/develop/REFERENCE.md. A job without a name has the job
None. Options of the queue's ``defaultJobOptions`` are those of each job unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.jobs import consumer, enqueue, options_of
from redhanded.source.flow.frameworks.nest_queues import job_defaults
from redhanded.source.flow.frameworks.reading import (
    argument,
    base,
    elements,
    members,
    number,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Made, Record, Value

QUIET = words(
    "on once off close pause resume getJob getJobs getJobCounts getWaiting getActive getDelayed"
    " getCompleted getFailed isReady whenCurrentJobsFinished getRepeatableJobs count getWorkers"
    " setMaxListeners removeListener getJobLogs getMetrics isPaused getFailedCount getWaitingCount"
    " getActiveCount getCompletedCount getDelayedCount removeAllListeners"
)
REMOVES = words("removeRepeatable removeRepeatableByKey removeJobs clean empty obliterate remove")
JOB_OPTIONS = words(
    "jobId attempts backoff delay priority repeat lifo timeout removeOnComplete removeOnFail"
    " stackTraceLimit preventParsingData debounce"
)


def queue_made(library: Library) -> Made | None:
    """``new Queue(…)`` or ``Queue(…)``, also as a property of the package."""
    for place, step in enumerate(library.steps):
        if isinstance(step, Made):
            before = library.names[:place]
            return step if before in ((), ("Queue",), ("default",)) else None
    return None


def queue_name(made: Made | None) -> str | None:
    return pattern(made.arguments[0]) if made is not None and made.arguments else None


def _defaults(made: Made | None, around: Surroundings) -> Value | None:
    """Options may stand second, after the address, or hold it."""
    for one in made.arguments[1:] if made is not None else ():
        if (found := members(one).get("defaultJobOptions")) is not None:
            return found
    return job_defaults(queue_name(made), around)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    made = queue_made(site.callee)
    if made is None or len(site.callee.names) < 2:
        return None
    method, name = site.callee.names[-1], queue_name(made)
    if method == "add":
        job, data, options = named(site.arguments)
        given = options_of(_defaults(made, around), options)
        return Meaning(effects=(enqueue(site, name, job, data, given),))
    if method == "addBulk":
        effects = [
            enqueue(site, name, text(members(one).get("name")), members(one).get("data"), given)
            for one in elements(argument(site, 0)) or (argument(site, 0),)
            for given in [options_of(_defaults(made, around), members(one).get("opts"))]
        ]
        return Meaning(effects=tuple(effects))
    if method == "process" or method in QUIET or method in REMOVES:
        return Meaning()
    return None


def named(
    arguments: tuple[Value, ...],
) -> tuple[str | None, Value | None, Value | None]:
    """Name, data and options of ``add([name], data, [options])``."""
    is_named = bool(arguments) and (
        len(arguments) > 2
        or pattern(arguments[0]) is not None
        or (
            len(arguments) == 2
            and not isinstance(arguments[0], Record)
            and not _are_options(members(arguments[1]))
        )
    )
    name = pattern(arguments[0]) if is_named else None
    rest = arguments[1:] if is_named else arguments
    data = rest[0] if rest else None
    return name, data, rest[1] if len(rest) > 1 else None


def _are_options(parts: Mapping[str, Value]) -> bool:
    return bool(parts) and JOB_OPTIONS.issuperset(parts)


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    made = queue_made(base(site.callee))
    if made is None or site.callee.names[-1:] != ("process",) or not site.arguments:
        return
    work = site.arguments[-1]
    name = next((found for one in site.arguments[:-1] if (found := text(one))), None)
    concurrency = next(
        (one for one in site.arguments[:-1] if number(one) is not None and text(one) is None),
        Known(1),
    )
    options = {"concurrency": concurrency}
    for one in made.arguments[1:]:
        options.update(members(members(one).get("settings")))
    entry = consumer(site, queue_name(made), name, work, options, around)
    if entry is not None:
        yield entry


FRAMEWORK = LibraryTable(name="bull", packages=("bull",), calls=_call, registers=_registered)
