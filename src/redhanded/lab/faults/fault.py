"""What a fault is to the lab: where it can happen, and what it does there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redhanded.case.operation import Operation, Protocol, Touch
from redhanded.case.run import Run
from redhanded.case.schedule import Event, EventKind
from redhanded.lab.faults.gate import Gate
from redhanded.lab.held import Held
from redhanded.lab.proxy import Channel
from redhanded.lab.running import RunningSystem

ENVIRONMENT = "environment"
"""The role of what neither the system nor its visitors do."""
WIRE: tuple[Protocol, ...] = ("postgres", "redis", "http")
EVERYTHING: tuple[Protocol, ...] = (*WIRE, "delivery")


@dataclass(slots=True, kw_only=True)
class Place:
    """An event of a schedule, at the operation that it names."""

    running: RunningSystem
    event: Event
    held: Held
    release: Callable[[Held], None]
    """Lets an operation go as if nothing happened to it."""
    deliver_again: Callable[[Held], bool]
    """Plans another delivery of the same request; False if the operation is none."""
    gates: dict[Event, Gate]
    """Locks that hold statements back inside, by event."""
    missed: dict[Event, str]
    """Events that could not be made to happen, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that the environment may do, although it seldom does."""

    kind: EventKind
    protocols: tuple[Protocol, ...]
    """What it can happen to at all; at anything else it is missed, and said to be."""
    applies: Callable[[Operation, Run], bool]
    """Whether it could have happened at this operation of that run."""
    begin: Callable[[Place], None]
    """Instead of releasing the operation."""
    end: Callable[[Place], None] | None = None
    """Once the operation has been answered and all is at rest."""
    look: Callable[[RunningSystem, Event, Held], None] | None = None
    """At each operation that is released before the one of the event."""


def miss(place: Place, why: str) -> None:
    """Says that it cannot happen here, and lets the operation go as if it had not been asked."""
    place.missed[place.event] = why
    place.release(place.held)


def release(place: Place) -> None:
    """As if nothing happened."""
    place.release(place.held)


def release_unanswered(place: Place) -> None:
    """The service gets it and answers; the process is not given the answer."""
    place.held.withheld = True
    place.release(place.held)


def record(
    place: Place, target: str, text: str, *, service: str = "", touches: tuple[Touch, ...] = ()
) -> Held:
    """Gives what happened its place in the order of the run."""
    causes, now_ms = place.running.traffic.causes, place.running.traffic.now_ms()
    happened = Held(
        protocol="fault",
        process=ENVIRONMENT,
        role=ENVIRONMENT,
        service=service or place.held.service,
        kind=place.event.kind,
        target=target,
        access="write",
        text=text,
        fingerprint=place.event.kind,
        touches=touches,
        cause=place.held.index if place.held.index >= 0 else None,
        task=place.held.task,
        arrived_ms=now_ms,
    )
    causes.count(happened)
    causes.take_place(happened, now_ms)
    happened.state, happened.replied_ms = "done", now_ms
    return happened


def cut(place: Place, channel: Channel, happened: Held) -> None:
    """Ends a connection, on both sides, as a router that loses it would.

    What its process sends next it sends because of that.
    """
    channel.cut()
    place.running.traffic.causes.tell(channel.route.process, happened)
