"""What the frameworks of a program say about it, before it is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from redhanded.case.codemap import Consumer, DataAccess, Enqueue, Route, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.callgraph import CallGraph, Closure, Site
from redhanded.source.evaluate import Result
from redhanded.source.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFact:
    """A route, and the functions that run when it is asked for."""

    route: Route
    site: Site
    handlers: tuple[Closure, ...]
    middleware: tuple[Closure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueFact:
    """A call that enqueues, and the queue object it is made on."""

    enqueue: Enqueue
    site: Site
    queue: Value | None
    label: str
    named: bool = False
    """It is given a job name, whether that could be read or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerFact:
    """A processor of jobs, and the queue object it listens on, if it is the same one."""

    consumer: Consumer
    site: Site
    queue: Value | None
    handlers: tuple[Closure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFact:
    """A call that reads or writes a table; ``verb`` is the SQL statement's first word."""

    access: DataAccess
    site: Site
    verb: str
    model: Location | None = None
    """Where the model is defined."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """Everything that was recognised."""

    routes: list[RouteFact] = field(default_factory=list)
    enqueues: list[EnqueueFact] = field(default_factory=list)
    consumers: list[ConsumerFact] = field(default_factory=list)
    accesses: list[AccessFact] = field(default_factory=list)
    constraints: list[UniqueConstraint] = field(default_factory=list)
    """Those that models declare."""
    limits: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One library that is understood."""

    name: str
    read: Callable[[CallGraph, tuple[Site, ...], Facts], None]
    """Adds what it recognises among the calls."""
    libraries: tuple[str, ...]
    """Packages that it is imported from."""
    result: Result | None = None
    """What its calls give, where that is part of the program."""
