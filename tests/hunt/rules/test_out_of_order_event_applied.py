"""Events that are applied whatever is there, and updates that compare first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import joined, shown, table
from made_paths import asked, effect, event, guard, path

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import out_of_order_event_applied as rule
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.schema import Column, Table
from redhanded.source.flow.values import Computed, Input, Known, Record, Result, Value

ROW: dict[str, Value] = {"id": asked("crate")}
STATUS: dict[str, Value] = {"status": asked("status")}
UPDATE = effect("update", "crates", where=ROW, values=STATUS)
JOB = Input("job", ("data", "status"))


def of(*events: Event, crates: Table | None = None, **known: str) -> list[Any]:
    known = {"name": "POST /hook", "webhook": "signed"} | known
    return shown(rule, joined(path(*events, **known), None, crates or table("crates")))


@pytest.mark.parametrize(
    "act",
    [
        UPDATE,
        effect("upsert", "crates", values={**ROW, **STATUS}, conflict="update"),
        effect(
            "upsert",
            "crates",
            values={**ROW, **STATUS},
            conflict="update",
            options={"set": Record(STATUS)},
        ),
        effect("update", "crates", where=ROW, values={"deliveryState": asked("state")}),
    ],
    ids=["update", "upsert", "on conflict", "another spelling"],
)
def test_a_state_is_set_as_the_event_says(act: Effect) -> None:
    (one,) = of(event(0, act))
    assert one.location.line == 10
    assert one.subject == "crates"


def test_by_a_job() -> None:
    act = effect(
        "update", "crates", where={"id": Input("job", ("data", "id"))}, values={"status": JOB}
    )
    assert of(event(0, act), kind="job", name="scans:apply", webhook="")


@pytest.mark.parametrize(
    "act",
    [
        replace(UPDATE, ranges={"scanned_at": asked("at")}),
        replace(UPDATE, where={**ROW, "version": asked("version")}),
        replace(UPDATE, where={**ROW, "status": Known("open")}),
        replace(UPDATE, values={"status": Known("paid")}),
        replace(UPDATE, values={"note": asked("note")}),
        effect("insert", "scans", values={**ROW, **STATUS}),
        effect(
            "upsert",
            "crates",
            values=STATUS,
            conflict="update",
            options={"set": Record(STATUS), "set_where": Known("crates.at < excluded.at")},
        ),
    ],
    ids=[
        "time",
        "version",
        "from a state on",
        "a constant",
        "no state",
        "added",
        "on conflict where",
    ],
)
def test_what_cannot_go_back(act: Effect) -> None:
    assert of(event(0, act)) == []


def test_a_route_is_asked_in_order() -> None:
    assert of(event(0, UPDATE), webhook="") == []


def test_compared_with_the_row_first() -> None:
    look = event(0, effect("read", "crates", where=ROW, lock="update"))
    older = Computed(">", (Result(0, ("scanned_at",)), asked("at")))
    assert of(look, event(1, UPDATE, guards=(guard(older),))) == []
    known = Computed("not", (Result(0),))
    assert of(look, event(1, UPDATE, guards=(guard(known),)))


def test_fetched_from_its_owner() -> None:
    asks = event(0, replace(effect("send", "carrier.example"), verb="GET"))
    fetched = replace(UPDATE, values={"status": Result(0, ("status",))})
    assert of(asks, event(1, fetched)) == []


def test_a_version_that_the_library_compares() -> None:
    column = Column(name="version", type="integer", is_version=True)
    crates = replace(table("crates"), columns=(column,))
    saved = effect("save", "crates", entity=Result(0), values=STATUS)
    read = event(0, effect("read", "crates", where=ROW))
    assert of(read, event(1, saved), crates=crates) == []
    assert of(read, event(1, saved))


def test_in_a_test() -> None:
    assert of(event(0, UPDATE, location=Location(path="test/hook.test.js", line=1))) == []
