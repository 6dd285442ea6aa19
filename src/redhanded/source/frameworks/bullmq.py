"""BullMQ: ``queue.add``, ``new Worker``.

Reference: https://api.docs.bullmq.io/classes/v5.Queue.html, …/v5.Worker.html
"""

from __future__ import annotations

from redhanded.case.codemap import Consumer
from redhanded.source.callgraph import CallGraph, Site
from redhanded.source.frameworks import jobs
from redhanded.source.frameworks.bull import bulk, definition, enqueue
from redhanded.source.frameworks.facts import ConsumerFact, Facts, Framework
from redhanded.source.syntax import arguments_of
from redhanded.source.values import External, Made, Member, Value

LIBRARY = "bullmq"


def read(graph: CallGraph, sites: tuple[Site, ...], facts: Facts) -> None:
    """Adds producers and consumers."""
    for site in sites:
        for callee in site.callee:
            if callee == _WORKER and site.call.type == "new_expression":
                facts.consumers.append(_consumer(graph, site, callee))
            elif isinstance(callee, Member) and _is_queue(callee.base):
                if callee.name in ("add", "upsertJobScheduler"):
                    given = [*arguments_of(site.call), None, None, None][:3]
                    parts = (given[0], given[1], given[2])
                    facts.enqueues.append(enqueue(graph, site, callee.base, LIBRARY, parts))
                elif callee.name == "addBulk":
                    facts.enqueues += bulk(graph, site, callee.base, LIBRARY)


FRAMEWORK = Framework(name=LIBRARY, read=read, libraries=(LIBRARY,))

_WORKER = External(module=LIBRARY, members=("Worker",))
_QUEUE = External(module=LIBRARY, members=("Queue",))


def _is_queue(value: Value) -> bool:
    return isinstance(value, Made) and value.callee == _QUEUE


def _consumer(graph: CallGraph, site: Site, callee: Value) -> ConsumerFact:
    evaluator, frame = graph.evaluator, site.closure.frame
    given = arguments_of(site.call)
    processors = jobs.handlers(graph, site, callee, given[1]) if len(given) > 1 else []
    options = jobs.object_at(evaluator, given[2] if len(given) > 2 else None, site.scope, frame)
    name = evaluator.text(given[0], site.scope, frame) if given else None
    return ConsumerFact(
        consumer=Consumer(
            queue=name,
            job=None,
            library=LIBRARY,
            location=site.location,
            handler=definition(processors),
            concurrency=options.get("concurrency"),
        ),
        site=site,
        queue=None,
        handlers=tuple(closure for _, closure in processors),
    )
