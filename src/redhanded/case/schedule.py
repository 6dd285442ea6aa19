"""An order of events that can be demanded of a system, also of an edited one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from redhanded.case.operation import OperationName

SCHEDULE_VERSION = 2
"""Of what is written. 2 added ``events``, and ``mark`` to the names of operations; files of 1 are
read as well."""
SCHEDULE_SCHEMA = f"redhanded/schedule/v{SCHEDULE_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """``before`` has been answered when ``after`` is released."""

    before: OperationName
    after: OperationName

    def flipped(self) -> Constraint:
        """The same two operations the other way round."""
        return Constraint(before=self.after, after=self.before)

    def __str__(self) -> str:
        return f"{self.before}  →  {self.after}"


FaultKind = Literal[
    "process killed",
    "reply lost",
    "connection reset",
    "serialization failure",
    "deadlock victim",
    "writes lost",
    "delivered twice",
]
"""What machines and networks do now and then; a contract says which of them may."""
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
EventKind = FaultKind | Literal["lease ended", "lease kept", "overlap", "timer fires"]
"""The others need nothing but time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What the environment does at an operation, and otherwise does not: a fault, or time."""

    kind: EventKind
    at: OperationName
    """The operation that it happens to, or after whose answer it happens; see ``lab/faults``."""
    service: str = ""
    """Of ``target``."""
    target: str = ""
    """``lease ended``: the key, as names of operations show it."""
    other: OperationName | None = None
    """``overlap``: the statement that takes its snapshot before ``at`` has written."""
    count: int = 1
    """``writes lost``: how many."""

    @property
    def names(self) -> tuple[OperationName, ...]:
        """The operations at which it happens."""
        return (self.at,) if self.other is None else (self.at, self.other)

    def __str__(self) -> str:
        if self.other is not None:
            return f"{self.kind}: {self.at}  and  {self.other}"
        what = f" of {self.target}" if self.target else ""
        return f"{self.kind}{what} at {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Ordering constraints and events; everything else runs without preemption and undisturbed."""

    constraints: tuple[Constraint, ...] = ()
    events: tuple[Event, ...] = ()
    deliveries: int = 1
    """How often the workload's request is delivered."""
    values: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Names and values of the workload that it was found with; others are drawn."""
    version: int = SCHEDULE_VERSION

    @property
    def parts(self) -> tuple[Constraint | Event, ...]:
        """All that it demands."""
        return (*self.constraints, *self.events)

    def demanding(self, parts: Iterable[Constraint | Event]) -> Schedule:
        """The same for other demands."""
        kept = tuple(parts)
        return replace(
            self,
            constraints=tuple(part for part in kept if isinstance(part, Constraint)),
            events=tuple(part for part in kept if isinstance(part, Event)),
        )

    def names(self) -> tuple[OperationName, ...]:
        """The operations that its constraints and events name, each once."""
        named = [name for each in self.constraints for name in (each.before, each.after)]
        named += [name for each in self.events for name in each.names]
        return tuple(dict.fromkeys(named))


Following = Literal["followed", "infeasible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How one run met the constraints of its schedule."""

    following: Following
    missed: tuple[Constraint, ...] = ()
    """The constraints that could not be met, with ``infeasible``."""
    events_missed: tuple[Event, ...] = ()
    """The events that could not be made to happen, with ``infeasible``."""
    why: str = ""
    unclear: tuple[str, ...] = ()
    """Names that the schedule leaves open on this code, and what was taken for them."""

    def without(self, missed: Mapping[Event, str]) -> Followed:
        """The same, infeasible if an event could not be made to happen."""
        if not missed:
            return self
        event, why = next(iter(missed.items()))
        return replace(
            self,
            following="infeasible",
            events_missed=tuple(missed),
            why=self.why or f"{event.kind} did not happen: {why}",
        )
