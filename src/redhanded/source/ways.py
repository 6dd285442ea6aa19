"""Ways from an entry of a program to what it writes, also across queues."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from redhanded.source.callgraph import Closure, Site
from redhanded.source.frameworks.facts import AccessFact, ConsumerFact, EnqueueFact, RouteFact
from redhanded.source.job_names import is_for_another_job
from redhanded.source.reading import Reading

STATES_MAX = 20_000
"""Functions looked at from one entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A step through a call."""

    site: Site
    target: Closure


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A step across a queue."""

    enqueue: EnqueueFact
    consumer: ConsumerFact
    target: Closure


Step: TypeAlias = Call | Queued


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From an entry to one write."""

    entry: RouteFact | ConsumerFact
    start: Closure
    steps: tuple[Step, ...]
    write: AccessFact

    @property
    def queues(self) -> int:
        """How many queues are crossed."""
        return sum(isinstance(one, Queued) for one in self.steps)

    def stops(self) -> list[tuple[Closure, Site]]:
        """Each function on the way with the call at which it is left."""
        found = []
        closure = self.start
        for step in self.steps:
            found.append((closure, step.site if isinstance(step, Call) else step.enqueue.site))
            closure = step.target
        found.append((closure, self.write.site))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    closure: Closure
    before: _State | None
    step: Step | None
    start: Closure
    job: str | None = None
    """Name of the job that is processed, right in its processor."""
    queues: tuple[str, ...] = field(default=())


def ways(reading: Reading) -> list[Way]:
    """The shortest way from every entry to every write, direct ones and queued ones apart.

    Entries are routes, and processors of jobs that nothing in the program enqueues.
    """
    found: list[Way] = []
    fed: set[int] = set()
    for enqueue in reading.facts.enqueues:
        fed.update(id(one.site) for one in consumers_of(reading, enqueue))
    for route in reading.facts.routes:
        found += _from(reading, route, [*route.middleware, *route.handlers])
    for consumer in reading.facts.consumers:
        if id(consumer.site) not in fed:
            found += _from(reading, consumer, list(consumer.handlers))
    return found


def consumers_of(reading: Reading, fact: EnqueueFact) -> list[ConsumerFact]:
    """The processors that get a job: by queue, and where the library does so by job name."""
    found = []
    for one in reading.facts.consumers:
        enqueue, consumer = fact.enqueue, one.consumer
        if enqueue.library != consumer.library:
            continue
        same_name = enqueue.queue is not None and enqueue.queue == consumer.queue
        if not same_name and (fact.queue is None or fact.queue != one.queue):
            continue
        unknown = fact.named and enqueue.job is None
        by_name = consumer.library != "bull" or consumer.job in (enqueue.job, "*")
        if unknown or by_name:
            found.append(one)
    return found


def reads_before(reading: Reading, way: Way, *, depth: int = 3) -> dict[int, list[AccessFact]]:
    """Look-ups of the written table on the way, by the stop they precede."""
    table = way.write.access.table
    found: dict[int, list[AccessFact]] = {}
    seen = {way.write.access.location}
    for position, (closure, left_at) in enumerate(way.stops()):
        earlier: list[AccessFact] = []
        if position == 0 and isinstance(way.entry, RouteFact):
            before = [one for one in way.entry.middleware if one is not closure]
            earlier += _reads(reading, before, table, depth)
        for site in reading.graph.sites(closure):
            if site.call.start_byte >= left_at.call.start_byte:
                continue
            if site.call.end_byte > left_at.call.end_byte:
                continue
            earlier += [
                one
                for one in reading.accesses.get(id(site), ())
                if one.access.table == table and one.access.access != "write"
            ]
            inner = [*site.targets, *site.callbacks]
            if not _is_registration(reading, site):
                earlier += _reads(reading, inner, table, depth)
        for one in earlier:
            if one.access.location not in seen:
                seen.add(one.access.location)
                found.setdefault(position, []).append(one)
    return found


def _reads(reading: Reading, closures: list[Closure], table: str, depth: int) -> list[AccessFact]:
    return [
        fact
        for closure in reading.graph.reach(closures, depth)
        for site in reading.graph.sites(closure)
        for fact in reading.accesses.get(id(site), ())
        if fact.access.table == table and fact.access.access != "write"
    ]


def _from(reading: Reading, entry: RouteFact | ConsumerFact, starts: list[Closure]) -> list[Way]:
    job = entry.consumer.job if isinstance(entry, ConsumerFact) else None
    edge = deque(_State(one, None, None, one, job) for one in starts)
    seen: set[tuple[int, str | None, tuple[str, ...]]] = set()
    found: dict[tuple[object, ...], Way] = {}
    while edge and len(seen) < STATES_MAX:
        state = edge.popleft()
        key = (id(state.closure), state.job, state.queues)
        if key in seen:
            continue
        seen.add(key)
        for site in reading.graph.sites(state.closure):
            if state.job is not None and is_for_another_job(reading, site, state.job):
                continue
            for access in reading.accesses.get(id(site), ()):
                if access.access.access != "read":
                    way = _way(entry, state, access)
                    at = access.access.location
                    target = (at.path, at.line, access.access.table, state.queues)
                    found.setdefault(target, way)
            edge.extend(_following(reading, state, site))
    return list(found.values())


def _following(reading: Reading, state: _State, site: Site) -> list[_State]:
    following = []
    for enqueue in reading.enqueues.get(id(site), ()):
        for consumer in consumers_of(reading, enqueue):
            name = str(consumer.site.location)
            if name in state.queues:
                continue
            for target in consumer.handlers:
                step = Queued(enqueue=enqueue, consumer=consumer, target=target)
                queues = (*state.queues, name)
                job = enqueue.enqueue.job
                following.append(_State(target, state, step, state.start, job, queues))
    for target in () if _is_registration(reading, site) else (*site.targets, *site.callbacks):
        call = Call(site=site, target=target)
        following.append(_State(target, state, call, state.start, None, state.queues))
    return following


def _is_registration(reading: Reading, site: Site) -> bool:
    """A call that only says what is to run later, for a request or a job of its own."""
    return id(site) in reading.routes or id(site) in reading.consumers


def _way(entry: RouteFact | ConsumerFact, state: _State, write: AccessFact) -> Way:
    steps: list[Step] = []
    current: _State | None = state
    while current is not None:
        if current.step is not None:
            steps.append(current.step)
        current = current.before
    return Way(entry=entry, start=state.start, steps=tuple(reversed(steps)), write=write)
