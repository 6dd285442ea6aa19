"""Lost updates, and what only looks like them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import (
    asked,
    compare,
    effect,
    event,
    guard,
    held,
    minus,
    path,
    reading,
    within,
)

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import read_modify_write as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.schema import Column, Table
from redhanded.source.flow.values import Computed, Input, Known, Record, Result, Stored

ROW = {"id": asked("id")}


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def read(number: int = 0, **known: object) -> Event:
    return event(number, effect("read", "purses", where=ROW, **known))


def write(number: int = 1, of: str = "update", **known: object) -> Event:
    """Takes something from what the event before it read."""
    known.setdefault("values", {"cents": minus(Result(number - 1, ("cents",)))})
    if "entity" not in known:
        known.setdefault("where", ROW)
    return event(number, effect(of, "purses", **known))


def test_a_balance_is_written_back() -> None:
    (one,) = found(reading(path(read(), write())))
    assert one.location.line == 11
    assert "purses.cents at shop/till.py:10" in one.message
    assert [each.says for each in one.steps][:2] == [
        "the first run reads purses",
        "the second run reads the same",
    ]


def test_two_writes_after_one_read_are_one_finding() -> None:
    again = replace(write(), number=2, location=replace(write().location, line=20))
    assert len(found(reading(path(read(), write(), again)))) == 1


def test_a_transaction_alone_does_not_help() -> None:
    assert found(reading(path(*within(0, read(1), write(2)))))


def test_by_the_instance_and_by_the_identifier_that_was_read() -> None:
    values = {"uses_left": minus(Result(0, ("rows", "0", "usesLeft")), Known(1))}
    assert found(reading(path(read(), write(1, "save", values=values, entity=Result(0)))))
    assert found(reading(path(read(), write(values=values, where={"id": Result(0, ("id",))}))))


def test_a_key() -> None:
    text = Computed("call:JSON.stringify", (Computed("call:JSON.parse", (Result(0),)),))
    key = {"key": Computed("text", (Known("cart:"), asked("id")))}
    put = event(1, effect("set", "cart:*", where=key, values={"value": text}))
    assert found(reading(path(event(0, effect("get", "cart:*", where=key)), put)))


PENDING = guard(compare("==", Result(1, ("state",)), 0), True)
CLAIM = event(
    2,
    effect("update", "purses", where=ROW, values={"state": Known("taken")}),
    guards=(PENDING,),
    locks=(1,),
)
DONE = guard(compare("==", Result(0, ("rowCount",)), 1), True)
LOOKED = event(2, effect("respond"), guards=(guard(compare("==", Result(1, ("rowCount",)), 1)),))
VERSIONED = Table(name="purses", columns=(Column(name="v", type="integer", is_version=True),))
OLD_OR_NEW = Computed("??", (asked("cents"), Result(0, ("cents",))))
SAFE = {
    "locked as it is read": path(*within(0, read(1, lock="update"), *held(1, write(2)))),
    "a lock around both": path(
        event(0, effect("acquire", "purse:*", where={"key": asked("id")})),
        *held(0, read(1), write(2)),
    ),
    "computed by the store": path(read(), write(values={"cents": Stored("cents - 1", ("cents",))})),
    "a condition that is looked at": path(
        read(), write(where={**ROW, "version": Result(0, ("version",))}), LOOKED
    ),
    "serializable": path(*within(0, read(1), write(2), isolation="SERIALIZABLE")),
    "input replaces it": path(read(), write(values={"cents": asked("cents")})),
    "the old value if none was given": path(read(), write(values={"cents": OLD_OR_NEW})),
    "a text in its form": path(
        read(), write(values={"title": Computed("call:strip", (Result(0, ("title",)),))})
    ),
    "another row": path(read(), write(where={"id": asked("other")})),
    "marked under a lock before": path(
        *within(0, read(1, lock="update"), CLAIM),
        write(3, values={"cents": minus(Result(1, ("cents",)))}),
    ),
    "marked by a condition before": path(
        event(
            0,
            effect(
                "update",
                "purses",
                where={**ROW, "state": Known("new")},
                values={"state": Known("taken")},
            ),
        ),
        read(1),
        replace(write(2), guards=(DONE,)),
    ),
    "another table": path(event(0, effect("read", "limits", where=ROW)), write()),
    "a sum of other rows": path(read(aggregates=("sum",)), write()),
    "made by this run": path(
        event(0, effect("insert", "purses")), write(1, "save", entity=Result(0))
    ),
    "a script": path(event(0, effect("get", "cart:*")), event(1, effect("script", "cart:*"))),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


def test_a_version_that_the_library_compares() -> None:
    saving = path(read(), write(1, "save", entity=Result(0)))
    assert found(reading(saving))
    assert found(reading(saving, tables=(VERSIONED,))) == []


def test_a_lock_on_something_else_leaves_it() -> None:
    lock = event(0, effect("acquire", "member:*", where={"key": Input("request", ("user",))}))
    values = {"balance": minus(Result(1, ("balance",)), Known(1))}
    assert found(reading(path(lock, *held(0, read(1), write(2, values=values)))))


def test_a_statistic_and_a_command_weigh_less() -> None:
    plus = Computed("+", (Result(0, ("views",)), Known(1)))
    as_request = path(read(), write(values={"views": plus}))
    as_command = path(read(), write(), kind="command")
    merged = Computed("call:merge", (Result(0, ("views",)), asked("more")))
    assert found(reading(path(read(), write(values={"views": merged})))) == []
    assert found(reading(as_command)) == []
    (counted,) = found(reading(as_request))
    owed = Computed("+", (Result(0, ("points",)), Known(1)))
    (paid,) = found(reading(path(read(), write(values={"points": owed}))))
    assert counted.score < paid.score


def test_a_row_that_only_one_kind_of_job_writes() -> None:
    merged = Computed("call:merge", (Result(0, ("notes",)), asked("note")))
    job = path(read(), write(values={"notes": merged}), kind="job", name="letters")
    assert found(reading(job)) == []
    other = path(event(0, effect("update", "purses", values={"notes": Known("")}), line=70))
    assert found(reading(job, other))


def saved(**known: object) -> Effect:
    return effect("save", "purses", entity=Result(0), values={"seen_at": Known(1)}, **known)


def test_a_whole_instance_saved_after_a_request_over_the_network() -> None:
    slow = event(1, effect("send", "mail"))
    other = path(
        event(0, effect("update", "purses", values={"state": Known("shut")}), line=99),
        name="PUT /x",
    )
    (one,) = found(reading(path(read(), slow, event(2, saved(whole=True))), other))
    assert "all columns of purses" in one.message
    assert found(reading(path(read(), slow, event(2, saved())), other)) == []
    assert found(reading(path(read(), event(2, saved(whole=True))), other)) == []


def test_a_json_column_is_merged_in_the_program() -> None:
    merged = Record({"a": Computed("call:merge", (Result(0, ("settings",)), asked("a")))})
    table = Table(name="purses", columns=(Column(name="settings", type="jsonb"),))
    (one,) = rule.look(reading(path(read(), write(values={"settings": merged})), tables=(table,)))
    assert any("JSON" in each.says for each in one.reasons)
    assert one.score >= rule.threshold
