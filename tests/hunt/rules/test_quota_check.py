"""Limits that are looked at and used up in two steps, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, compare, effect, event, guard, held, minus, path, reading, within

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import quota_check as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Event
from redhanded.source.flow.schema import Table, Unique
from redhanded.source.flow.values import Computed, Input, Known, Result, Stored, Value

ROW = {"id": asked("id")}
MEMBER = {"course": asked("course")}
LESS = {"seats": Stored("seats - 1", ("seats",))}


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def under(one: Event, test: Value, holds: bool = False) -> Event:
    return replace(one, guards=(guard(test, holds),))


def counting(number: int = 0, **known: object) -> Event:
    known.setdefault("aggregates", ("count",))
    return event(number, effect("read", "places", where=MEMBER, **known))


def adding(number: int = 1, of: int = 0) -> Event:
    full = compare(">=", Result(of, ("count",)), Input("environment", ("MOST",)))
    values = {**MEMBER, "who": asked("who")}
    return under(event(number, effect("insert", "places", values=values)), full)


def read(number: int = 0, **known: object) -> Event:
    return event(number, effect("read", "courses", where=ROW, **known))


def taking(number: int = 1, of: int = 0, **known: object) -> Event:
    none = compare("<", Result(of, ("rows", "0", "seats")), 1)
    known = {"where": ROW, "values": LESS, **known}
    return under(event(number, effect("update", "courses", **known)), none)


def test_rows_are_counted_and_one_is_added() -> None:
    (one,) = found(reading(path(counting(), adding())))
    assert (one.location.line, one.subject) == (11, "places")
    assert "both go on" in one.message
    assert len(one.steps) == 4


def test_a_transaction_alone_does_not_help() -> None:
    assert found(reading(path(*within(0, counting(1), adding(2, of=1)))))


def test_a_number_is_compared_and_the_store_takes_from_it() -> None:
    (one,) = found(reading(path(read(), taking())))
    assert "courses.seats is looked at" in one.message


def test_a_state_is_tested_and_set_and_something_happens_twice() -> None:
    used = Result(0, ("used",))
    mark = under(
        event(1, effect("update", "courses", where=ROW, values={"used": Known(True)})), used
    )
    money = under(event(2, effect("insert", "payouts")), used)
    assert found(reading(path(read(), mark, money)))
    assert found(reading(path(read(), mark))) == []


def test_a_key_is_read_compared_and_incremented() -> None:
    key = {"key": asked("ip")}
    got = event(0, effect("get", "tries:*", where=key))
    more = compare(">", Computed("call:Number", (Result(0),)), 5)
    plus = under(event(1, effect("increment", "tries:*", where=key)), more)
    assert found(reading(path(got, plus)))


LOOKED = event(2, effect("respond"), guards=(guard(compare("==", Result(1, ("rowCount",)), 0)),))
AGAIN = counting(2)
OPEN, GONE = guard(Result(0, ("open",)), True), guard(compare("==", asked("code"), 410), True)
SHUT = event(
    2,
    effect("update", "courses", where=ROW, values={"open": Known(False)}),
    guards=(OPEN, replace(GONE, location=replace(GONE.location, line=20))),
)
UNDONE = under(event(3, effect("delete", "places")), compare(">", Result(2, ("count",)), 9), True)
SAFE = {
    "the parent row is locked": path(
        *within(0, read(1, lock="update"), *held(1, counting(2), adding(3, of=2)))
    ),
    "the row is locked as it is read": path(
        *within(0, read(1, lock="update"), *held(1, taking(2, of=1)))
    ),
    "the act demands room": path(read(), taking(ranges={"seats": Known(0)}), LOOKED),
    "serializable": path(*within(0, counting(1), adding(2, of=1), isolation="SERIALIZABLE")),
    "counted again": path(counting(), adding(), AGAIN, UNDONE),
    "set on a further condition": path(
        read(), event(1, effect("insert", "calls"), guards=(OPEN,)), SHUT
    ),
    "another table": path(counting(), under(event(1, effect("insert", "letters")), Result(0))),
    "counted after": path(
        event(0, effect("increment", "tries:*")),
        under(event(1, effect("respond")), compare(">", Result(0), 5)),
    ),
    "nothing depends on it": path(counting(), event(1, effect("insert", "places"))),
    "a value made from it": path(
        read(), taking(values={"seats": minus(Result(0, ("seats",)), Known(1))})
    ),
    "another row": path(read(), taking(where={"id": asked("other")})),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


TABLES = {
    "a unique index": Table(
        name="places",
        uniques=(Unique(columns=("course",), said=("migration",), location=None),),
    ),
    "an exclusion constraint": Table(name="places", checks=("EXCLUDE USING gist (course WITH =)",)),
}


@pytest.mark.parametrize("case", TABLES)
def test_the_database_refuses_a_row(case: str) -> None:
    assert found(reading(path(counting(), adding()), tables=(TABLES[case],))) == []


def test_a_check_constraint_refuses_what_is_too_much() -> None:
    table = Table(name="courses", checks=("CHECK (seats >= 0)",))
    assert found(reading(path(read(), taking()), tables=(table,))) == []


def test_repeatable_read_is_told_by_another_rule() -> None:
    one = path(*within(0, counting(1), adding(2, of=1), isolation="REPEATABLE READ"))
    assert found(reading(one)) == []
