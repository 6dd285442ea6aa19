"""What a Nest program says of all jobs of a queue, in its modules.

``BullModule.registerQueue({ name, defaultJobOptions })``, and ``forRoot`` for all queues; what a
queue says takes the place of what is said for all. Reference: docs.nestjs.com, Queues.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redhanded.source.flow.form import Expression, Return
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import once
from redhanded.source.flow.frameworks.reading import members, pattern
from redhanded.source.flow.values import Kind, Library, Made, Procedure, Record, Value

PACKAGES = frozenset(("@nestjs/bull", "@nestjs/bullmq"))
QUEUES = frozenset(("registerQueue", "registerQueueAsync"))
ROOTS = frozenset(("forRoot", "forRootAsync"))
DEPTH_MAX = 5


def job_defaults(queue: str | None, around: Surroundings) -> Value | None:
    """Options that hold for every job of a queue; None: nothing is said."""
    said = once(_said, around)
    return said.get(queue, said.get(None)) if queue is not None else said.get(None)


def _said(around: Surroundings) -> Mapping[str | None, Value]:
    found: dict[str | None, Value] = {}
    for module in around.modules():
        if not any(one.specifier in PACKAGES for one in module.imports):
            continue
        for index, of in enumerate(module.classes):
            for one in (
                around.decorators(Kind(module.path, index, of.name)) if of.decorators else ()
            ):
                for name, options in _options(one, around, DEPTH_MAX):
                    defaults = options.get("defaultJobOptions")
                    if defaults is not None:
                        found.setdefault(name, defaults)
    return found


def _options(
    value: Value, around: Surroundings, depth: int
) -> Iterator[tuple[str | None, Mapping[str, Value]]]:
    """Of each registration in ``@Module({ imports: [ … ] })``: the queue, None for all of them."""
    if depth == 0:
        return
    if isinstance(value, Record):
        for one in value.parts.values() if isinstance(value.parts, dict) else ():
            yield from _options(one, around, depth - 1)
    if not isinstance(value, Library):
        return
    for place, step in enumerate(value.steps):
        if not isinstance(step, Made):
            continue
        name = value.steps[place - 1] if place else ""
        if value.package in PACKAGES and name in QUEUES | ROOTS:
            for one in step.arguments:
                given = {**members(one), **_made_by(members(one).get("useFactory"), around)}
                yield (pattern(given.get("name")) if name in QUEUES else None), given
        else:
            for one in step.arguments:
                yield from _options(one, around, depth - 1)


def _made_by(factory: Value | None, around: Surroundings) -> Mapping[str, Value]:
    """What ``useFactory: () => ({ … })`` returns, where it is written."""
    if not isinstance(factory, Procedure):
        return {}
    written: Expression | None = None
    for one in around.function_of(factory).body:
        if isinstance(one, Return):
            written = one.value
    if written is None:
        return {}
    return members(around.evaluate(written, factory.path, factory.function))
