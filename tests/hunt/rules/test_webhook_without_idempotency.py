"""Webhooks that are delivered twice, and handlers that have their effect once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import joined, shown, table
from made_paths import asked, effect, event, guard, path, within

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import webhook_without_idempotency as rule
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Catcher, Event
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Computed, Known, Result, Stored

EVENT = asked("id")
PLACE = Location(path="shop/till.py", line=40)
SEND = effect("send", "mail.example")
CREDIT = effect("insert", "credits", values={"member": asked("member"), "event": EVENT})
ADD = effect(
    "update",
    "members",
    where={"id": asked("member")},
    values={"points": Stored("points + 10", ("points",))},
)


def of(*events: Event, tables: tuple[Table, ...] = (), **known: str) -> list[Any]:
    known = {"name": "POST /hook", "webhook": "signed"} | known
    return shown(rule, joined(path(*events, **known), None, *(tables or (table("credits"),))))


@pytest.mark.parametrize("act", [SEND, CREDIT, ADD], ids=["send", "row", "amount"])
def test_done_for_each_delivery(act: Effect) -> None:
    (one,) = of(event(0, act))
    assert one.location.line == 10
    assert "POST /hook" in one.message
    assert one.steps[-1].says.startswith("the second delivery")


def test_one_finding_for_a_handler() -> None:
    (one,) = of(event(0, ADD), event(1, SEND), event(2, CREDIT))
    assert "The same holds for" in one.message


def test_a_route_that_is_no_webhook() -> None:
    assert of(event(0, SEND), webhook="") == []


@pytest.mark.parametrize(
    "act",
    [
        effect("update", "members", where={"id": asked("m")}, values={"state": Known("paid")}),
        effect("upsert", "members", values={"id": asked("m")}, conflict="update"),
        effect("send", "mail.example", options={"idempotencyKey": EVENT}),
        effect(
            "update",
            "members",
            where={"id": asked("m"), "state": Known("new")},
            values={"state": Known("paid"), "points": Stored("points + 1", ("points",))},
        ),
    ],
    ids=["a state", "an upsert", "an idempotency key", "from a state on"],
)
def test_what_may_be_done_twice(act: Effect) -> None:
    assert of(event(0, act)) == []


def test_a_request_that_only_asks() -> None:
    asks = replace(SEND, verb="GET")
    assert of(event(0, asks)) == []


def test_the_event_is_inserted_first() -> None:
    seen = event(0, effect("insert", "seen", values={"event": EVENT}))
    tables = (table("seen", "event"), table("members"))
    assert of(seen, event(1, ADD), tables=tables) == []
    assert of(seen, event(1, ADD), tables=(table("seen"), table("members")))


def test_a_refused_insert_ends_the_handling() -> None:
    catcher = Catcher(types=("IntegrityError",), tests=(), outcome="returns", location=PLACE)
    seen = event(0, effect("insert", "seen", values={"event": EVENT}), catchers=(catcher,))
    assert of(seen, event(1, SEND), tables=(table("seen", "event"),)) == []


def test_a_refused_insert_that_is_passed_over() -> None:
    catcher = Catcher(types=("IntegrityError",), tests=(), outcome="goes on", location=PLACE)
    seen = event(0, effect("insert", "seen", values={"event": EVENT}), catchers=(catcher,))
    assert of(seen, event(1, SEND), tables=(table("seen", "event"),))


def test_the_event_is_inserted_in_the_same_transaction() -> None:
    begun = event(0, effect("begin"))
    add = event(1, ADD)
    seen = event(2, effect("insert", "seen", values={"event": EVENT}))
    tables = (table("seen", "event"), table("members"))
    assert of(begun, *within(0, add, seen), tables=tables) == []
    assert of(begun, add, seen, tables=tables)


@pytest.mark.parametrize(
    ("claim", "test", "holds"),
    [
        (
            effect("set", "seen:*", only_if_absent=True, where={"key": EVENT}),
            Computed("not", (Result(0),)),
            False,
        ),
        (
            effect("upsert", "seen", values={"event": EVENT}, conflict="ignore"),
            Computed("==", (Result(0, ("rowCount",)), Known(0))),
            False,
        ),
        (
            effect(
                "update",
                "bills",
                where={"id": asked("bill"), "state": Known("open")},
                values={"state": Known("paid")},
            ),
            Computed("==", (Result(0), Known(1))),
            True,
        ),
    ],
    ids=["SET NX", "ON CONFLICT DO NOTHING", "an update from a state on"],
)
def test_claims(claim: Effect, test: Computed, holds: bool) -> None:
    acts = [
        event(1, ADD, guards=(guard(test, holds),)),
        event(2, SEND, guards=(guard(test, holds),)),
    ]
    assert of(event(0, claim), *acts) == []


def test_a_look_is_not_enough_for_two_at_once() -> None:
    look = event(0, effect("read", "seen", where={"event": EVENT}))
    none = (guard(Result(0)),)
    add = event(1, ADD, guards=none)
    seen = event(2, effect("insert", "seen", values={"event": EVENT}), guards=none)
    reading = joined(
        path(look, add, seen, name="POST /hook", webhook="signed"),
        None,
        table("seen", "event"),
        table("members"),
    )
    (one,) = rule.look(reading)
    assert one.score < rule.threshold
    assert "only a delivery that comes after" in one.message


def test_a_look_that_says_something_else() -> None:
    member = event(0, effect("read", "members", where={"id": asked("member")}))
    assert of(member, event(1, SEND, guards=(guard(Computed("not", (Result(0),))),)))
