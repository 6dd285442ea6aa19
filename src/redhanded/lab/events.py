"""The events of a schedule in one trial: which are still to come, which could not happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from redhanded.case.operation import OperationName
from redhanded.case.schedule import FAULT_KINDS, Event
from redhanded.lab.explorers import Candidate
from redhanded.lab.families import Thread
from redhanded.lab.faults import Place, fault_of
from redhanded.lab.faults.gate import Gate
from redhanded.lab.held import Held
from redhanded.lab.recovery import Recovery
from redhanded.lab.running import RunningSystem


class Means(Protocol):
    """Whether an operation is what a schedule calls by a name."""

    def __call__(
        self, wanted: OperationName, seen: OperationName, *, uncommitted: bool
    ) -> bool: ...


def named_so(wanted: OperationName, seen: OperationName, *, uncommitted: bool) -> bool:
    """By its very name, in the program that the schedule was found on."""
    return wanted == seen


NEVER = "its operation never came"


class Events:
    """Makes the events of one trial happen, each once."""

    def __init__(
        self,
        running: RunningSystem,
        events: Sequence[Event] = (),
        means: Means = named_so,
        deliver_again: Callable[[Held], bool] = lambda _held: False,
    ) -> None:
        self.missed: dict[Event, str] = {}
        """Events that could not be made to happen, and why."""
        self._running = running
        self._means = means
        self._deliver_again = deliver_again
        self._pending = list(events)
        self._count = len(events)
        self.recovery = Recovery()
        self._awaiting: list[Place] = []
        """Begun at an operation whose answer has not come."""
        self._gates: dict[Event, Gate] = {}
        self._overlapped: set[Event] = set()

    def polls(self, waking: Mapping[Thread, float]) -> bool:
        """Whether threads that wake at these times are known to do so in vain, after a fault."""
        if self.recovery.began_ms is None:
            return False
        return self.recovery.hopeless(waking, self._running.traffic.forwarded.total())

    @property
    def any(self) -> bool:
        """Whether anything was to happen in this trial."""
        return self._count > 0

    def release(self, held: Held, candidate: Candidate, go: Callable[[Held], None]) -> None:
        """Lets an operation go, with whatever is to happen at it."""
        self.recovery.go_on()
        event = next((each for each in self._pending if self._is_at(each, candidate)), None)
        for other in self._pending:
            look = fault_of(other.kind).look
            if look is not None and other is not event:
                look(self._running, other, held)
        if event is None:
            go(held)
            return
        fault = fault_of(event.kind)
        if held.protocol not in fault.protocols:
            self._pending.remove(event)
            self.missed[event] = f"that cannot happen to {_what(held)}"
            go(held)
            return
        place = Place(
            running=self._running,
            event=event,
            held=held,
            release=go,
            deliver_again=self._deliver_again,
            gates=self._gates,
            missed=self.missed,
        )
        if event.other is None or event in self._gates:
            self._pending.remove(event)
        fault.begin(place)
        if event.kind in FAULT_KINDS and event not in self.missed:
            self.recovery.begin()
        if fault.end is not None and event not in self.missed:
            self._awaiting.append(place)

    def go_on(self) -> bool:
        """Finishes one event whose operation has been answered; False if there is none."""
        for place in self._awaiting:
            if place.held.replied_ms is not None or place.held.state == "lost":
                self._awaiting.remove(place)
                end = fault_of(place.event.kind).end
                if end is not None and place.held.state != "lost":
                    end(place)
                    if self.recovery.began_ms is not None:
                        self.recovery.begin()
                elif place.held.state == "lost":
                    self.missed[place.event] = "its connection ended first"
                return True
        return self._look_at_gates()

    def open_gates(self) -> bool:
        """Lets all statements that are held back inside go on; False if none were."""
        closed = [event for event, gate in self._gates.items() if gate.closed]
        for event in closed:
            self._gates[event].open()
            if event not in self._overlapped:
                self.missed.setdefault(event, "the second statement did not come meanwhile")
        return bool(closed)

    def finish(self) -> dict[Event, str]:
        """What did not happen, and why."""
        self.open_gates()
        for event in self._pending:
            if event not in self._overlapped:
                self.missed.setdefault(event, NEVER)
        for place in self._awaiting:
            self.missed.setdefault(place.event, "its operation was never answered")
        return self.missed

    def _look_at_gates(self) -> bool:
        """Opens a gate when both of its statements wait there, or when one passed it."""
        for event, gate in self._gates.items():
            if not gate.closed:
                continue
            waiting = [held for held in self._running.traffic.locked if self._named(event, held)]
            if len(waiting) == 2:
                self._overlapped.add(event)
                gate.open()
                return True
            if len(waiting) < gate.waiting:
                gate.open()
                self.missed[event] = "not controlled: a statement did not wait for the lock"
                return True
        return False

    def _named(self, event: Event, held: Held) -> bool:
        return any(
            self._means(name, held.name, uncommitted=held.uncommitted) for name in event.names
        )

    def _is_at(self, event: Event, candidate: Candidate) -> bool:
        return any(
            self._means(name, candidate.name, uncommitted=candidate.uncommitted)
            for name in event.names
        )


def _what(held: Held) -> str:
    kind = {"delivery": "a delivery", "redis": "Redis", "postgres": "PostgreSQL"}
    return f"{kind.get(held.protocol, held.protocol.upper())}: {held.kind} {held.target}".rstrip()
