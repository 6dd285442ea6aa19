"""Classes of tasks that a program makes for Celery: ``@app.task(base=AfterCommit)``.

Reference: https://docs.celeryq.dev/en/stable/userguide/tasks.html#custom-task-classes.
"""

from __future__ import annotations

from redhanded.source.flow.form import Argument, Attribute, Call, Form, Name
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import given, links, method_of, procedure_of
from redhanded.source.flow.frameworks.reading import elements
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import Kind, Library, Value

DECORATORS = frozenset({"task", "shared_task", "periodic_task"})
CANVAS = frozenset({"chain", "group", "chord", "starmap", "chunks"})
SENDING = ("apply_async", "delay")


def waits_for_commit(value: Value, around: Surroundings, depth: int = 4) -> bool:
    """Whether a task's own class queues it when the open transaction is committed, as its
    ``apply_async`` says; of a canvas the first task is sent."""
    if not isinstance(value, Library) or depth == 0:
        return False
    chain = links(value)
    for one in chain:
        if one.name in CANVAS and one.made is not None:
            first = one.made.arguments[:1]
            parts = elements(first[0]) or first if first else ()
            return bool(parts) and waits_for_commit(parts[0], around, depth - 1)
    if procedure_of(value) is not None:
        made = next((one.made for one in chain if one.name in DECORATORS), None)
        base = given(made, -1, "base")
    else:
        of = value.through
        base = of if isinstance(of, Kind) else getattr(of, "of", None)
    if not isinstance(base, Kind):
        return False
    methods = (method_of(base, name, around) for name in SENDING)
    return any(
        calls(around.function_of(one), "on_commit") is not None
        for one in methods
        if one is not None
    )


def calls(function: Function, method: str) -> Call | None:
    """A call of ``x.method(…)`` or ``method(…)`` in the body of a function."""
    waiting: list[object] = [function.body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(one)
        elif isinstance(one, Call) and isinstance(one.function, Attribute | Name):
            if one.function.name == method:
                return one
            waiting.extend((one.function, one.arguments))
        elif isinstance(one, Form | Argument):
            waiting.extend(getattr(one, name) for name in one.__struct_fields__)
    return None
