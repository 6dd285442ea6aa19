"""Bull 3 and 4: ``queue.add``, ``queue.process``.

Reference: https://github.com/OptimalBits/bull/blob/develop/REFERENCE.md
"""

from __future__ import annotations

from tree_sitter import Node

from redhanded.case.codemap import Consumer, Enqueue
from redhanded.case.evidence import Location
from redhanded.source.callgraph import CallGraph, Closure, Site, name_of
from redhanded.source.frameworks import jobs
from redhanded.source.frameworks.facts import ConsumerFact, EnqueueFact, Facts, Framework
from redhanded.source.syntax import arguments_of, flat, line_of
from redhanded.source.values import External, Function, Made, Member, Object, Value

LIBRARY = "bull"


def read(graph: CallGraph, sites: tuple[Site, ...], facts: Facts) -> None:
    """Adds producers and consumers."""
    for site in sites:
        for callee in site.callee:
            if not isinstance(callee, Member) or not is_queue(callee.base):
                continue
            if callee.name == "add":
                facts.enqueues.append(_enqueue(graph, site, callee.base))
            elif callee.name == "addBulk":
                facts.enqueues += bulk(graph, site, callee.base, LIBRARY)
            elif callee.name == "process":
                facts.consumers.append(_consumer(graph, site, callee))


FRAMEWORK = Framework(name=LIBRARY, read=read, libraries=(LIBRARY,))


def is_queue(value: Value) -> bool:
    """Made by ``new Queue(…)`` or ``Queue(…)``."""
    if not isinstance(value, Made) or not isinstance(value.callee, External):
        return False
    return value.callee.module == LIBRARY and value.callee.members in ((), ("Queue",))


def _enqueue(graph: CallGraph, site: Site, queue: Value) -> EnqueueFact:
    given = arguments_of(site.call)
    named = jobs.is_name(graph.evaluator, given, site.scope, site.closure.frame)
    name, data, options = (given[0] if named else None, *_two(given[1:] if named else given))
    return enqueue(graph, site, queue, LIBRARY, (name, data, options))


def _two(nodes: list[Node]) -> tuple[Node | None, Node | None]:
    return (nodes[0] if nodes else None, nodes[1] if len(nodes) > 1 else None)


def enqueue(
    graph: CallGraph,
    site: Site,
    queue: Value,
    library: str,
    given: tuple[Node | None, Node | None, Node | None],
) -> EnqueueFact:
    """One enqueued job; ``given`` is name, data and options."""
    evaluator, frame = graph.evaluator, site.closure.frame
    name, data, options = given
    job = evaluator.text(name, site.scope, frame) if name is not None else None
    queue_name = jobs.queue_name(evaluator, queue) if isinstance(queue, Made) else None
    in_force = jobs.default_options(evaluator, queue) if isinstance(queue, Made) else {}
    in_force.update(jobs.object_at(evaluator, options, site.scope, frame))
    shown = f"{site.label}({job!r})" if job is not None else f"{site.label}()"
    if name is not None and job is None:
        shown = f"{site.label}({flat(name)})"
    return EnqueueFact(
        enqueue=Enqueue(
            queue=queue_name,
            job=job,
            library=library,
            location=site.location,
            options=in_force,
            data=jobs.object_at(evaluator, data, site.scope, frame),
        ),
        site=site,
        queue=queue,
        label=shown,
        named=name is not None,
    )


def bulk(graph: CallGraph, site: Site, queue: Value, library: str) -> list[EnqueueFact]:
    """``addBulk([{ name, data, opts }])``; one without a name where the list is not written out."""
    evaluator = graph.evaluator
    found = []
    for node in arguments_of(site.call)[:1]:
        for one in evaluator.value(node, site.scope, site.closure.frame):
            elements = one.node.named_children if isinstance(one, Object) else []
            for element in elements:
                for value in evaluator.value(element, site.scope, site.closure.frame):
                    parts = evaluator.properties(value)
                    name, data, options = (
                        parts[key][0] if key in parts else None for key in ("name", "data", "opts")
                    )
                    found.append(enqueue(graph, site, queue, library, (name, data, options)))
    return found or [enqueue(graph, site, queue, library, (None, None, None))]


def _consumer(graph: CallGraph, site: Site, callee: Member) -> ConsumerFact:
    evaluator, frame = graph.evaluator, site.closure.frame
    given = arguments_of(site.call)
    processors = jobs.handlers(graph, site, callee, given[-1]) if given else []
    job, concurrency = None, None
    for position, node in enumerate(given[:-1]):
        text = evaluator.text(node, site.scope, frame)
        if position == 0 and text is not None and not text.isdigit():
            job = text
        elif node.type != "object":
            concurrency = text or flat(node)
    queue_name = jobs.queue_name(evaluator, callee.base) if isinstance(callee.base, Made) else None
    return ConsumerFact(
        consumer=Consumer(
            queue=queue_name,
            job=job,
            library=LIBRARY,
            location=site.location,
            handler=definition(processors),
            concurrency=concurrency,
        ),
        site=site,
        queue=callee.base,
        handlers=tuple(closure for _, closure in processors),
    )


def definition(processors: list[tuple[Function, Closure]]) -> Location | None:
    """Where a processor is defined."""
    for function, _ in processors:
        info = function.function
        return Location(path=info.module.path, line=line_of(info.node), function=name_of(info))
    return None
