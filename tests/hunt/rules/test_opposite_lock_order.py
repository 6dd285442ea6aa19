"""Rows that are locked in opposite orders, and what keeps them in one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, compare, effect, event, guard, held, path, reading, within

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import opposite_lock_order as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Computed, Input, Known, Record, Result, Value

FROM, TO = asked("from"), asked("to")


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def locked(number: int, key: Value, table: str = "tills") -> Event:
    return event(number, effect("read", table, where={"id": key}, lock="update"))


def changed(number: int, key: Value, table: str = "tills") -> Event:
    return event(number, effect("update", table, where={"id": key}))


@pytest.mark.parametrize("make", [locked, changed])
def test_two_rows_in_the_order_of_the_input(make: object) -> None:
    (one,) = found(reading(path(*within(0, make(1, FROM), make(2, TO)))))  # type: ignore[operator]
    assert one.location.line == 12
    assert "deadlock" in one.steps[-1].says


def test_two_parts_of_one_parsed_body() -> None:
    parsed = Computed("call:json.loads", (Input("request", ("body",)),))
    one, other = Computed(".from", (parsed,)), Computed(".to", (parsed,))
    assert found(reading(path(*within(0, locked(1, one), locked(2, other)))))
    assert found(reading(path(*within(0, locked(1, one), locked(2, one))))) == []


ITEM = Input("request", ("body", "items", "*", "id"))


def test_rows_one_by_one_in_the_order_of_the_input() -> None:
    assert found(reading(path(*within(0, replace(changed(1, ITEM), in_loop=True)))))


def test_two_paths_and_two_tables() -> None:
    one = path(*within(0, locked(1, FROM), locked(2, TO, "shelves")))
    other = path(*within(0, locked(1, TO, "shelves"), locked(2, FROM)), name="PUT /shelf")
    (found_,) = found(reading(one, other))
    assert "PUT /shelf shelves and then tills" in found_.message or "tills" in found_.message


SORTED = Computed("call:sorted", (FROM, TO))
SMALLER, LARGER = Computed("call:min", (FROM, TO)), Computed("call:max", (FROM, TO))
BY_OWNER = [
    event(number, effect("update", "tills", where={"owner": key}))
    for number, key in ((1, FROM), (2, TO))
]
ORDERED = event(0, effect("read", "lines", ordered=True))
BOTH = Record({"0": FROM, "1": TO})
SAFE = {
    "smaller first": path(*within(0, locked(1, SMALLER), locked(2, LARGER))),
    "a condition decides": path(
        *within(
            0,
            *(
                replace(one, guards=(guard(compare("<", FROM, TO), True),))
                for one in (locked(1, FROM), locked(2, TO))
            ),
        )
    ),
    "rows that fit a condition": path(
        *within(0, *(replace(one, effect=replace(one.effect, many=True)) for one in BY_OWNER))
    ),
    "one of a row, one of a request": path(
        event(0, effect("read", "lines")),
        *within(1, locked(2, Result(0, ("till",))), locked(3, TO)),
    ),
    "one transaction each": path(*within(0, locked(1, FROM)), *within(2, locked(3, TO))),
    "no transaction": path(changed(1, FROM), changed(2, TO)),
    "fixed rows": path(*within(0, locked(1, Known(1)), locked(2, Known(2)))),
    "the second is of the first": path(
        *within(0, locked(1, FROM), locked(2, Result(1, ("parent_id",))))
    ),
    "the same row twice": path(*within(0, locked(1, FROM), changed(2, FROM))),
    "one lock before both": path(
        *within(
            0,
            event(1, effect("acquire", "moves", where={"key": Known(7)})),
            *held(1, locked(2, FROM), locked(3, TO)),
        )
    ),
    "all of them before, in an order": path(
        *within(
            0,
            event(1, effect("read", "tills", where={"id": BOTH}, lock="update", ordered=True)),
            *held(1, changed(2, FROM), changed(3, TO)),
        )
    ),
    "sorted": path(*within(0, replace(changed(1, SORTED), in_loop=True))),
    "ordered by the store": path(
        ORDERED, *within(1, replace(changed(2, Result(0, ("*", "id"))), in_loop=True))
    ),
    "a transaction in the loop": path(
        event(0, effect("begin"), in_loop=True),
        *within(0, replace(changed(1, ITEM), in_loop=True)),
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


def test_a_list_is_sorted_in_place() -> None:
    one = path(*within(0, replace(changed(1, ITEM), in_loop=True)))
    assert found(reading(one, text="items.sort((a, b) => a.id - b.id);")) == []


def test_two_paths_in_one_order() -> None:
    one = path(*within(0, locked(1, FROM), locked(2, TO, "shelves")))
    other = path(*within(0, locked(1, TO), locked(2, FROM, "shelves")), name="PUT /shelf")
    assert found(reading(one, other)) == []


def test_all_of_them_before_in_no_order() -> None:
    first = event(1, effect("read", "tills", where={"id": BOTH}, lock="update"))
    assert found(reading(path(*within(0, first, *held(1, changed(2, FROM), changed(3, TO))))))


def test_a_table_that_is_locked_before_and_after() -> None:
    one = path(*within(0, locked(1, FROM), locked(2, TO, "shelves")))
    events = locked(1, FROM), locked(2, TO, "shelves"), locked(3, FROM)
    other = path(*within(0, *events), name="PUT /shelf")
    assert found(reading(one, other)) == []
