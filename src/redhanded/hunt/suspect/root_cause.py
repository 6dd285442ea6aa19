"""The lines that take part in the cause, from the measured operations and the code map."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap, Consumer, DataAccess, Enqueue
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import Hypothesis, RootLocation
from redhanded.case.reproduction import Reproduction
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect.measure import Caught, frames, matches, take_apart
from redhanded.hunt.suspect.mechanism import line_text
from redhanded.hunt.suspect.missing_job_deduplication import NAMING
from redhanded.hunt.suspect.scene import Scene, survey


def locate(
    mechanism: str, reproduction: Reproduction | None, code: CodeMap
) -> tuple[RootLocation, ...]:
    """Lines in the order in which the failure runs through them, each with its role.

    Measured lines win over those of the code map; a role that neither shows is left out.
    """
    caught = take_apart(reproduction, code)
    scene = _scene(caught, reproduction, code)
    enqueue = _enqueue(caught, code) or scene.enqueue
    create = _create(caught, code) or (scene.write.location if scene.write else None)
    consumer = _consumer(enqueue, scene, code)
    look_up = _look_up(caught, code) or (scene.look_up.location if scene.look_up else None)
    places: list[tuple[str, Location | None]] = [
        ("look-up", look_up),
        ("enqueue", enqueue.location if enqueue else _enqueue_line(caught)),
        ("consume", consumer.location if consumer else None),
        ("call", _call(caught, create, consumer, scene)),
        ("create", create),
        ("constraint", scene.constraint.location if scene.constraint else None),
    ]
    return tuple(
        RootLocation(
            path=place.path,
            line=place.line,
            role=role,
            text=line_text(code, place.path, place.line),
            function=place.function,
        )
        for role, place in places
        if place is not None
    )


def sentence(
    blamed: Hypothesis,
    locations: tuple[RootLocation, ...],
    reproduction: Reproduction | None,
    code: CodeMap,
) -> str:
    """The root cause in one sentence, with this system's own names and lines."""
    caught = take_apart(reproduction, code)
    by_role = {each.role: each for each in locations}
    if caught is None or caught.refused is None or "enqueue" not in by_role:
        return blamed.claim
    table = caught.refused.name.target
    failure = caught.refused.failure
    named = failure.constraint if failure and failure.constraint else "the unique constraint"
    looks = (
        f"looks at {table} ({by_role['look-up'].location}) before the first job's COMMIT and "
        if "look-up" in by_role and caught.look_ups
        else ""
    )
    create = f" ({by_role['create'].location})" if "create" in by_role else ""
    return (
        f"A second delivery {looks}queues the same work again ({by_role['enqueue'].location}), "
        f"since {_why_again(code, by_role['enqueue'].location)}; the second job's "
        f"{caught.refused.name.kind} into {table}{create} violates {named}."
    )


def _why_again(code: CodeMap, location: Location) -> str:
    """Why the queue takes a job of the same event again."""
    enqueue = matches(code, location)
    named = enqueue is not None and any(option in enqueue.options for option in NAMING)
    return (
        "its identifier is forgotten when the job is done" if named else "the job has no identifier"
    )


def _scene(caught: Caught | None, reproduction: Reproduction | None, code: CodeMap) -> Scene:
    """The code map around what was measured to fail."""
    name = reproduction.constraint if reproduction else None
    table = None
    stack: tuple[Location, ...] = ()
    if caught is not None and caught.refused is not None:
        table, stack = caught.refused.name.target, frames(caught.refused)
        failure = caught.refused.failure
        name = failure.constraint if failure and failure.constraint else name
    symptom = Symptom(text="", constraint=name, table=table, stack=stack)
    return survey(symptom, code, constraint=name)


def _enqueue(caught: Caught | None, code: CodeMap) -> Enqueue | None:
    for operation in caught.enqueues if caught else ():
        for frame in frames(operation):
            found = matches(code, frame)
            if found is not None:
                return found
    return None


def _enqueue_line(caught: Caught | None) -> Location | None:
    for operation in caught.enqueues if caught else ():
        if operation.location is not None:
            return operation.location
    return None


def _access(code: CodeMap, location: Location) -> DataAccess | None:
    near = [
        each
        for each in code.accesses
        if each.location.path == location.path and abs(each.location.line - location.line) <= 1
    ]
    return min(near, key=lambda each: abs(each.location.line - location.line), default=None)


def _create(caught: Caught | None, code: CodeMap) -> Location | None:
    if caught is None or caught.refused is None:
        return None
    for frame in frames(caught.refused):
        access = _access(code, frame)
        if access is not None and access.access != "read":
            return frame
    return caught.refused.location


def _look_up(caught: Caught | None, code: CodeMap) -> Location | None:
    for operation in reversed(caught.look_ups if caught else ()):
        for frame in frames(operation):
            access = _access(code, frame)
            if access is not None and access.access != "write":
                return frame
        if operation.location is not None:
            return operation.location
    return None


def _consumer(enqueue: Enqueue | None, scene: Scene, code: CodeMap) -> Consumer | None:
    if enqueue is None:
        return scene.consumer
    fitting = [
        each
        for each in code.consumers
        if each.queue == enqueue.queue and each.job in (enqueue.job, None, "*")
    ]
    named = [each for each in fitting if each.job == enqueue.job]
    return next(iter(named or fitting), scene.consumer)


def _call(
    caught: Caught | None, create: Location | None, consumer: Consumer | None, scene: Scene
) -> Location | None:
    """Where the processor calls into what creates: a frame of the write, or a hop of the path."""
    if caught is not None and caught.refused is not None:
        outer = [each for each in frames(caught.refused) if each != create]
        if consumer is not None and consumer.handler is not None:
            for frame in outer:
                if frame.path == consumer.handler.path:
                    return frame
        callers = [each for each in outer if create is None or each.path != create.path]
        if callers:
            return callers[0]
    hops = scene.path.hops if scene.path else ()
    after = False
    for hop in hops:
        after = after or hop.kind == "consume"
        if after and hop.kind == "call" and hop.location is not None:
            return hop.location
    return None
