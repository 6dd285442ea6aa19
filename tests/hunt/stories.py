"""Made-up runs, told step by step, for what is read from the order that fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName, Protocol, Touch, WireFailure
from redhanded.case.reproduction import Counterfactual, Reproduction, RootCause
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Event, Schedule
from redhanded.hunt.suspect.measured_cause import measured_cause

CODE = CodeMap(root="/nowhere", files=0)
READING = frozenset({"SELECT", "GET", "BEGIN", "ROLLBACK"})


@dataclass
class Story:
    """One run; each call of a method adds an operation, caused by the last one of its task."""

    operations: list[Operation] = field(default_factory=list)
    counted: dict[tuple[str, ...], int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    connections: dict[tuple[str, str], int] = field(default_factory=dict)

    def step(
        self,
        task: int | str,
        kind: str,
        target: str = "",
        *,
        role: str = "shop",
        process: str = "",
        protocol: Protocol = "postgres",
        row: dict[str, str] | None = None,
        text: str = "",
        line: str = "",
        transaction: int | None = None,
        rows: int | None = 1,
        refused: str = "",
        waited: bool = False,
        ambient: bool = False,
        locks: bool = False,
    ) -> Operation:
        """Lines are ``file.js:3`` or, with callers, ``file.js:3 < other.js:9``."""
        name = f"delivery {task}" if isinstance(task, int) else task
        key = (name, role, protocol, kind, target)
        self.counted[key] = self.counted.get(key, 0) + 1
        access = "read" if kind in READING and not locks else "write"
        stack = tuple(_place(each) for each in line.split(" < ")) if line else ()
        touches = (
            ()
            if not target or kind in ("BEGIN", "ROLLBACK")
            else _touches(kind, target, tuple((row or {}).items()), protocol, locks=locks)
        )
        operation = Operation(
            index=len(self.operations),
            name=OperationName(
                task=name,
                role=role,
                protocol=protocol,
                kind=kind,
                target=target,
                access="read" if access == "read" else "write",
                occurrence=self.counted[key],
            ),
            process=process or role,
            service="db" if protocol == "postgres" else "cache",
            text=text or f"{kind} {target}",
            fingerprint=text or f"{kind} {target}",
            parent=self.last.get(name),
            ambient=ambient,
            touches=touches,
            location=stack[0] if stack else None,
            stack=stack,
            rows=rows,
            failure=WireFailure(code=refused, message="refused") if refused else None,
            waited_for_lock=waited,
            transaction=transaction,
            connection=self.connections.setdefault((name, process or role), len(self.connections)),
            released_ms=float(len(self.operations)),
        )
        self.operations.append(operation)
        self.last[name] = operation.index
        return operation

    def deliver(self, task: int, text: str = "") -> Operation:
        return self.step(
            task,
            "POST",
            "/things",
            role="outside",
            protocol="delivery",
            text=text or f"POST {task}",
        )

    def run(self) -> Run:
        return Run(operations=tuple(self.operations), failures=(Failure(kind="symptom", text="x"),))


def cause(
    failing: Story,
    passing: Story | None = None,
    *,
    events: Iterable[Event] = (),
    replays_failed: int = 20,
    counterfactuals: tuple[Counterfactual, ...] = (),
) -> RootCause | None:
    """What the failing run is explained with."""
    return measured_cause(
        reproduction(
            failing,
            passing,
            events=events,
            replays_failed=replays_failed,
            counterfactuals=counterfactuals,
        ),
        CODE,
    )


def reproduction(
    failing: Story,
    passing: Story | None = None,
    *,
    events: Iterable[Event] = (),
    replays_failed: int = 20,
    counterfactuals: tuple[Counterfactual, ...] = (),
) -> Reproduction:
    """The failing run as it was caught, replayed and compared."""
    names = [each.name for each in failing.operations]
    constraint = Constraint(before=names[-1], after=names[0])
    return Reproduction(
        trials_to_first_failure=1,
        schedule=Schedule(constraints=(constraint,), events=tuple(events), deliveries=2),
        replays=20,
        replays_failed=replays_failed,
        counterfactuals=counterfactuals,
        same_error=True,
        run=failing.run(),
        passing=passing.run() if passing is not None else None,
    )


def lines(found: RootCause | None) -> list[str]:
    """``role path:line`` of each location."""
    return [f"{each.role} {each.path}:{each.line}" for each in found.locations] if found else []


def _place(text: str) -> Location:
    path, _, rest = text.partition(":")
    line, _, function = rest.partition(" ")
    return Location(path=path, line=int(line), function=function or None)


def _touches(
    kind: str, target: str, row: tuple[tuple[str, str], ...], protocol: str, *, locks: bool
) -> tuple[Touch, ...]:
    if protocol not in ("postgres", "redis", "fault"):
        return ()
    service = "db" if protocol == "postgres" else "cache"
    read = Touch(service=service, resource=target, access="read", row=row)
    write = Touch(service=service, resource=target, access="write", row=row)
    if kind in READING:
        return (read, write) if locks else (read,)
    return (read, write) if kind in ("UPDATE", "DELETE") else (write,)
