"""The workload of one trial: what is sent or started, with the values of this trial."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redhanded.case.system import Delivery
from redhanded.lab.choices import Choices
from redhanded.lab.held import Held
from redhanded.lab.outside import UNIQUE, Answering, Exchange, build, filled_in
from redhanded.lab.programs import program_named
from redhanded.lab.running import RunningSystem
from redhanded.lab.visitor import Visitor

OUTSIDE = "outside"
PROGRAM = "RUN"
"""The kind of a delivery that is a program, where that of a request is its method."""


@dataclass(slots=True, kw_only=True)
class Values:
    """What ``{…}`` stands for in one trial."""

    unique: str
    given: dict[str, Any] = field(default_factory=dict)
    """Drawn before the trial, or captured from answers of it."""
    missing: dict[str, None] = field(default_factory=dict)
    """A sentence for each value that an answer should have had."""

    def capture(self, entry: Delivery, answer: Answering) -> None:
        """Keeps the values that ``entry`` asks for; the first answer that has them counts."""
        for name, place in entry.capture.items():
            found = _at(answer.body, place.split("."))
            if found is None:
                self.missing[f"the answer to {entry.name} has no {place} for {{{name}}}"] = None
            else:
                self.given.setdefault(name, found)


@dataclass(slots=True, kw_only=True)
class Planned:
    """A delivery of this trial."""

    task: str
    entry: Delivery
    process: str
    """The receiving process; of a program: what it is called itself."""
    held: Held
    connect: Callable[[], Exchange]
    """Makes the connection of its request, which is not sent yet."""
    start: Callable[[], Visitor] | None
    """Starts its program; None: it is a request."""
    values: Values
    exchange: Answering | None = None
    connected: Exchange | None = None
    """Its connection, as long as nothing was sent there."""

    @property
    def answered(self) -> bool:
        return self.exchange is not None and self.exchange.ended

    def get_ready(self) -> None:
        """Does all that can be done before a request is sent."""
        if self.start is None:
            self.connected = self.connect()

    def begin(self) -> Answering:
        """Sends or starts it; what its answer tells is kept."""
        if self.start is not None:
            self.exchange = self.start()
        else:
            exchange, self.connected = self.connected or self.connect(), None
            exchange.go()
            self.exchange = exchange
        self.exchange.on_end = self.take
        if self.exchange.ended:
            self.take()
        return self.exchange

    def again(self, task: str) -> Planned:
        """The same request once more, as another task."""
        held = replace(self.held, task=task, state="parked", index=-1, replied_ms=None)
        return replace(self, task=task, held=held, exchange=None)

    def take(self) -> None:
        """Keeps what its answer tells."""
        if self.exchange is not None and self.entry.capture:
            self.values.capture(self.entry, self.exchange)


def plan(
    running: RunningSystem,
    workload: Sequence[Delivery],
    values: Values,
    deliveries: int | None = None,
) -> list[Planned]:
    """Every delivery of every entry, each a task of its own, in the order of the contract.

    ``deliveries`` is how often an entry is delivered that says it is delivered several times, or
    the only entry.
    """
    planned: list[Planned] = []
    for entry, count in counts(workload, deliveries):
        for number in range(1, count + 1):
            task = f"delivery {len(planned) + 1}"
            planned.append(_planned(running, entry, values, task, number if count > 1 else 0))
    return planned


def counts(workload: Sequence[Delivery], deliveries: int | None) -> list[tuple[Delivery, int]]:
    """How often each entry is delivered."""
    found = []
    for entry in workload:
        count = entry.deliveries if deliveries is None else max(1, deliveries)
        if deliveries is not None and entry.deliveries == 1:
            count = 1 if len(workload) > 1 else deliveries
        found.append((entry, count))
    return found


def draw(workload: Sequence[Delivery], choices: Choices) -> dict[str, Any]:
    """One of the values of each name that the workload gives several for."""
    return {
        name: options[choices.index(len(options))]
        for entry in workload
        for name, options in entry.values.items()
    }


def _planned(
    running: RunningSystem, entry: Delivery, values: Values, task: str, number: int
) -> Planned:
    receiver = program_named(running, entry.to)
    if entry.run is not None:
        held = _program(running, entry, task, number)
    else:
        environment = running.programs[receiver].environment
        known = build(entry, values.unique, environment, values.given)
        held = _delivery(receiver, entry.method, _shown(entry, values.given), known.text, task)

    def connect() -> Exchange:
        request = build(entry, values.unique, environment, values.given)
        port = running.programs[receiver].port
        return Exchange(running.pump, running.namespace.socket(), port, request, wait=True)

    def start() -> Visitor:
        command = filled_in(entry.run or "", {**values.given, "unique": values.unique})
        return Visitor(running, held.service, entry.to, command)

    return Planned(
        task=task,
        entry=entry,
        process=held.service,
        held=held,
        connect=connect,
        start=None if entry.run is None else start,
        values=values,
    )


def _program(running: RunningSystem, entry: Delivery, task: str, number: int) -> Held:
    role = entry.name if entry.name not in running.programs else f"{entry.name} (program)"
    name = f"{role}.{number}" if number else role
    running.traffic.call(name, role)
    return _delivery(name, PROGRAM, entry.name, entry.run or "", task)


def _delivery(process: str, kind: str, target: str, text: str, task: str) -> Held:
    return Held(
        protocol="delivery",
        process=OUTSIDE,
        role=OUTSIDE,
        service=process,
        kind=kind,
        target=target,
        access="write",
        text=text[:2000],
        fingerprint=f"{kind} {target}",
        touches=(),
        cause=None,
        task=task,
        arrived_ms=-1.0,
    )


def _shown(entry: Delivery, drawn: Mapping[str, Any]) -> str:
    """The path as it is in every trial: values that differ from one to the next are ``*``."""
    path = entry.path.partition("?")[0].replace(UNIQUE, "*")
    return filled_in(path, dict.fromkeys(drawn, "*"))


def _at(body: bytes, place: Sequence[str]) -> Any:
    """The value at a place in a JSON text; None if there is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    for step in place:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
