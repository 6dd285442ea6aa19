"""Lines between a call and the statement below it, which a lazy library's stack does not show."""

from __future__ import annotations

from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.lost_frames import put_back
from redhanded.source.flow.values import Unknown

JOB = Location(path="job.js", line=10, function="issue")
OUTER = Location(path="worker.js", line=3)
INNER = Location(path="store.js", line=7, function="add")
PASSED_ON = Location(path="store.js", line=20, function="save")


def event(number: int, place: Location, kind: EffectKind, *stack: Location, on: str = "t") -> Event:
    effect = Effect(kind=kind, store="database", library="x", verb=kind, subject=on)
    return Event(
        number=number,
        location=place,
        end_line=place.line,
        effect=effect,
        callee=kind,
        result=Unknown(),
        stack=stack,
    )


def sent(kind: str, *frames: Location) -> Operation:
    name = OperationName(
        task="delivery 1",
        role="worker",
        protocol="postgres",
        kind=kind,
        target="t",
        access="read" if kind == "SELECT" else "write",
    )
    return Operation(
        index=0,
        name=name,
        process="worker.1",
        service="db",
        text=kind,
        fingerprint=kind,
        parent=None,
        location=frames[0] if frames else None,
        stack=frames,
    )


def completed(operation: Operation, *events: Event) -> tuple[Location, ...]:
    entry = Entry(kind="job", name="jobs:*", location=OUTER)
    (found,) = put_back([operation], [Path(entry=entry, events=events)])
    assert found.location == (found.stack[0] if found.stack else None)
    return found.stack


def test_the_only_statement_below_the_call_that_fits() -> None:
    read = event(0, Location(path="store.js", line=4), "read", OUTER, JOB)
    add = event(1, INNER, "insert", OUTER, JOB, PASSED_ON)
    other = event(2, Location(path="store.js", line=9), "insert", OUTER, JOB, on="u")
    lost = sent("INSERT", JOB, OUTER)
    assert completed(lost, read, add, other) == (INNER, PASSED_ON, JOB, OUTER)
    assert completed(sent("SELECT", JOB), read, add)[0] == read.location


def test_nothing_is_guessed() -> None:
    add = event(0, INNER, "insert", OUTER, JOB)
    again = event(1, PASSED_ON, "insert", OUTER, JOB)
    assert completed(sent("INSERT", JOB), add, again) == (JOB,)
    assert completed(sent("DELETE", JOB), add) == (JOB,)
    assert completed(sent("INSERT"), add) == ()
    elsewhere = Location(path="job.js", line=11)
    assert completed(sent("INSERT", elsewhere), add) == (elsewhere,)


def test_a_line_that_sends_something_itself_stays() -> None:
    add = event(0, INNER, "insert", OUTER, JOB)
    here = event(1, JOB, "insert", OUTER, on="u")
    assert completed(sent("INSERT", JOB), add, here) == (JOB,)
