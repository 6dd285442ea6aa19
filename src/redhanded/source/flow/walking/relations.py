"""Rows that a row leads to, as the library of its class says."""

from __future__ import annotations

from redhanded.source.flow.framework import THIS, Relating
from redhanded.source.flow.values import Kind, Library, Made, Record, Result, Value
from redhanded.source.flow.walking import classes
from redhanded.source.flow.walking.run import Run

PARTS_MAX = 8


def related(run: Run, value: Result | Record, name: str) -> Value | None:
    """What an attribute of an instance is, where its library knows; None: a value of its own."""
    kind = value.of
    if not isinstance(kind, Kind):
        return None
    known = run.program.relations
    key = (kind.path, kind.index, name)
    if key not in known:
        known[key] = None
        for base in classes.linearised(run.program, kind):
            if isinstance(base, Library):
                for one in run.program.frameworks_of(base.package):
                    if known[key] is None and isinstance(one, Relating):
                        known[key] = one.part(kind, name, run.program)
    found = known[key]
    return None if found is None else _of_instance(found, value)


def _of_instance(found: Value, instance: Result | Record) -> Value | None:
    if isinstance(found, Result) and found.event == THIS.event:
        if isinstance(instance, Record):
            return None if found.parts else instance
        return Result(instance.event, (*instance.parts[:PARTS_MAX], *found.parts), found.of)
    if isinstance(found, Library):
        steps = tuple(_step(one, instance) for one in found.steps)
        return Library(found.package, steps, through=found.through)
    return found


def _step(step: str | Made, instance: Result | Record) -> str | Made:
    if isinstance(step, str):
        return step
    keywords = {name: _of_instance(one, instance) or one for name, one in step.keywords.items()}
    return Made(step.arguments, keywords, step.location)
