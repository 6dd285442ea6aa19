"""What the queues of the Bull family have in common: options, data and names of jobs."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.callgraph import CallGraph, Closure, Site
from redhanded.source.evaluate import Evaluator
from redhanded.source.outline import Scope
from redhanded.source.syntax import arguments_of, flat
from redhanded.source.values import Frame, Function, Made, Object, Text, Value, Values

OPTIONS = frozenset(
    [
        "jobId",
        "attempts",
        "backoff",
        "delay",
        "priority",
        "removeOnComplete",
        "removeOnFail",
        "lifo",
        "timeout",
        "repeat",
        "stackTraceLimit",
        "deduplication",
        "parent",
    ]
)
"""Job options; an object that has one of them is not a job's data."""


def queue_name(evaluator: Evaluator, queue: Made) -> str | None:
    """The name a queue was made with."""
    given = arguments_of(queue.call)
    return evaluator.text(given[0], queue.scope, queue.frame) if given else None


def default_options(evaluator: Evaluator, queue: Made) -> dict[str, str]:
    """``defaultJobOptions`` of a queue, as written."""
    for values in evaluator.arguments(queue.call, queue.scope, queue.frame):
        for one in values:
            place = evaluator.properties(one).get("defaultJobOptions")
            if place is not None:
                return written(evaluator, evaluator.value(*place))
    return {}


def written(evaluator: Evaluator, values: Values) -> dict[str, str]:
    """Properties of an object literal to the source text of their values."""
    found: dict[str, str] = {}
    for one in values:
        for name, (node, _, _) in evaluator.properties(one).items():
            found[name] = flat(node)
    return found


def object_at(
    evaluator: Evaluator, node: Node | None, scope: Scope, frame: Frame | None
) -> dict[str, str]:
    """The same for an argument."""
    return written(evaluator, evaluator.value(node, scope, frame)) if node is not None else {}


def is_name(evaluator: Evaluator, given: list[Node], scope: Scope, frame: Frame | None) -> bool:
    """Whether the first of these arguments is a job's name and not its data."""
    if len(given) < 2 or given[0].type == "object":
        return False
    values = evaluator.value(given[0], scope, frame)
    if any(isinstance(one, Text) for one in values):
        return True
    if any(isinstance(one, Object) for one in values):
        return False
    return not OPTIONS & set(object_at(evaluator, given[1], scope, frame))


def handlers(
    graph: CallGraph, site: Site, callee: Value, node: Node
) -> list[tuple[Function, Closure]]:
    """Functions that an argument gives as a processor; a file's name stands for what it exports."""
    frame = site.closure.frame
    values = graph.evaluator.value(node, site.scope, frame)
    found = graph.functions_in(values)
    if not found:
        path = graph.evaluator.text(node, site.scope, frame)
        place = path or graph.evaluator.folder_of(node, site.scope.module)
        resolver = graph.evaluator.program.resolver
        file = resolver.at(place.lstrip("./")) if place else None
        module = graph.evaluator.program.module(file) if file else None
        if module is not None:
            found = graph.functions_in(graph.evaluator.exports(module))
            found += graph.functions_in(graph.evaluator.exported(module, "default"))
    return [(function, graph.given(wrapper or callee, function)) for wrapper, function in found]
