"""Says in a line what is asked of a system, what happens there, and what can be seen then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from small_systems import request

from redhanded.case.operation import OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, EventKind, Schedule
from redhanded.case.system import Delivery
from redhanded.lab import Lab
from redhanded.lab.repertoire import Repertoire


@dataclass(frozen=True)
class Disturbed:
    """A lab whose workload is said anew in each test."""

    lab: Lab

    def serial(self, *entries: Delivery | str, deliveries: int = 1) -> Run:
        """A run in which nothing happens."""
        workload = [
            request(entry, deliveries=deliveries) if isinstance(entry, str) else entry
            for entry in entries
        ]
        if tuple(workload) != self.lab.system.workload:
            # What was sent for other requests says nothing of what these send.
            self.lab.repertoire = Repertoire()
        self.lab.system = replace(self.lab.system, workload=tuple(workload))
        return self.lab.serial()

    def follow(
        self, *events: Event, constraints: tuple[Constraint, ...] = (), deliveries: int = 1
    ) -> Run:
        """A run in which these happen."""
        schedule = self.schedule(*events, constraints=constraints, deliveries=deliveries)
        return self.lab.follow(schedule)

    def schedule(
        self, *events: Event, constraints: tuple[Constraint, ...] = (), deliveries: int = 1
    ) -> Schedule:
        return Schedule(constraints=constraints, events=events, deliveries=deliveries)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        admin = self.lab.running.servers["db"].admin
        assert admin is not None
        return admin.execute(query.encode()).fetchall()

    def keys(self, *names: str) -> list[bytes | None]:
        client = self.lab.running.servers["cache"].client
        return list(client.mget(*names))

    def pid(self, process: str) -> int:
        return self.lab.running.programs[process].launched.pid

    def sessions(self, state: str = "idle in transaction%") -> int:
        ((count,),) = self.rows(
            f"SELECT count(*) FROM pg_stat_activity WHERE state LIKE '{state}' "
            "AND pid <> pg_backend_pid()"
        )
        return int(count)


def at(run: Run, kind: str, target: str = "", *, nth: int = 1, task: str = "") -> OperationName:
    """The name of the ``nth`` operation of that kind."""
    found = [
        each.name
        for each in run.operations
        if each.name.kind.startswith(kind) and target in ("", each.name.target)
        if task in ("", each.name.task)
    ]
    return found[nth - 1]


def happens(kind: EventKind, place: OperationName, **more: Any) -> Event:
    return Event(kind=kind, at=place, **more)


def said(run: Run) -> list[str]:
    """What the processes wrote."""
    return [line.text for line in run.output]


def kinds(run: Run, task: str = "") -> list[str]:
    """Of all that was not housekeeping, in its order."""
    return [
        each.name.kind
        for each in run.operations
        if not each.ambient and task in ("", each.name.task)
    ]
