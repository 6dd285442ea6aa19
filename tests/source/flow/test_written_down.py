"""Values as bytes: what is read is what was written, with all that it shares."""

from __future__ import annotations

import gc

import pytest

from redhanded.case.evidence import Location
from redhanded.source.flow import written_down
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Value,
)

AT = Location(path="desk/app.js", line=3)


def again(value: object) -> object:
    return written_down.read(written_down.written(value))


def event(number: int, **parts: object) -> Event:
    return Event(
        number=number,
        location=AT,
        end_line=4,
        effect=None,
        callee="pool.query",
        result=Result(number),
        **parts,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "value",
    [
        AT,
        Known(True),
        Known(1),
        Known(""),
        Library("pg", ("Pool", Made((Known("x"),), {"max": Known(1)}, AT)), Record()),
        Either((Known(None), Input("request", ("body",)))),
        Computed("==", (Result(3, ("rows",)), Known(0))),
        event(0),
        event(1, awaited=False, branch=2),
        event(2, keywords={"a": Known(1)}, stack=(AT, AT)),
        Effect(kind="read", store="database", library="pg", verb="query"),
        Effect(kind="read", store="keys", library="redis", verb="GET", options={"x": Known(2)}),
        Record({"a": Known(1)}, is_complete=False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_the_same_afterwards(value: object) -> None:
    found = again(value)
    assert found == value
    assert repr(found) == repr(value)
    if not isinstance(value, Event | Effect):
        assert hash(found) == hash(value)


def test_what_a_value_has_when_nothing_is_said_is_its_own() -> None:
    first, second = again([event(0), event(0)])  # type: ignore[misc]
    assert first.keywords == {}
    assert first.keywords is not second.keywords


def test_what_values_share_they_share_afterwards() -> None:
    guard = Computed("==", (Result(0), Known(None)))
    first, second = again([event(0, arguments=(guard,)), event(1, arguments=(guard,))])  # type: ignore[misc]
    assert first.arguments[0] is second.arguments[0]
    assert first.location is second.location


def test_a_record_may_hold_itself() -> None:
    parts: dict[str, Value] = {}
    record = Record(parts)
    parts["self"] = record
    parts["call"] = Library("pg", ("Pool", Made((record,))), record)
    parts["either"] = Either((record, Known(1)))
    found = again(record)
    assert isinstance(found, Record)
    assert found.parts["self"] is found
    call = found.parts["call"]
    assert isinstance(call, Library)
    assert call.through is found


def test_variables_around_a_function_are_not_written() -> None:
    found = again(Procedure("a.js", 2, Known(1), closure=object()))
    assert found == Procedure("a.js", 2, Known(1))
    assert isinstance(found, Procedure)
    assert found.closure is None


def test_what_was_worked_out_before_is_worked_out_again() -> None:
    value = Library("pg", ("Pool", Made()))
    assert value.names == ("Pool", "()")
    found = again(value)
    assert isinstance(found, Library)
    assert found.names == ("Pool", "()")


def test_paths_are_read_without_looking_for_garbage() -> None:
    entry = Entry(kind="route", name="POST /loans", location=AT)
    data = written_down.written(Path(entry=entry, events=tuple(map(event, range(2_000)))))
    runs: list[str] = []

    def noted(phase: str, info: object) -> None:
        runs.append(phase)

    gc.callbacks.append(noted)
    try:
        written_down.read(data)
        assert runs == []
    finally:
        gc.callbacks.remove(noted)
    assert gc.isenabled()
