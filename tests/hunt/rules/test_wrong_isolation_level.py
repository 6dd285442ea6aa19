"""Invariants of several rows and the isolation that does not keep them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, compare, effect, event, guard, held, path, reading, within

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import wrong_isolation_level as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Catcher, Event
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Computed, Known, Result

HALL = {"hall": asked("hall")}
SKEW = "REPEATABLE READ"


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def looking(number: int = 1, **known: object) -> Event:
    return event(number, effect("read", "hires", where=HALL, many=True, **known))


def hiring(number: int = 2, of: int = 1) -> Event:
    taken = compare(">", Result(of, ("length",)), 0)
    made = event(number, effect("insert", "hires", values={**HALL, "who": asked("who")}))
    return replace(made, guards=(guard(taken),))


def leaving(number: int = 2) -> Event:
    few = compare("<", Result(1, ("count",)), 2)
    left = event(
        number, effect("update", "hires", where={"id": asked("id")}, values={"hall": Known(None)})
    )
    return replace(left, guards=(guard(few),))


def begun(isolation: str, **known: object) -> Event:
    return event(0, effect("begin", isolation=isolation), **known)


def test_rows_are_looked_for_in_a_snapshot_and_another_is_added() -> None:
    (one,) = found(reading(path(*within(0, looking(), hiring(), isolation=SKEW))))
    assert "under REPEATABLE READ" in one.message
    assert one.location.line == 12


def test_others_are_counted_and_one_of_them_changed() -> None:
    counted = looking(aggregates=("count",))
    assert found(reading(path(*within(0, counted, leaving()))))
    assert found(reading(path(*within(0, counted, leaving(), isolation=SKEW))))


def test_a_serializable_transaction_that_nobody_begins_again() -> None:
    inside = within(0, looking(), hiring(), isolation="SERIALIZABLE")
    (one,) = found(reading(path(begun("SERIALIZABLE"), *inside)))
    assert one.location.line == 10
    assert "nothing tries again" in one.message


REFUSED = Catcher(
    types=("*",),
    tests=(Computed("!=", (Result(0, ("code",)), Known("40001"))),),
    outcome="raises",
    location=event(0, None).location,
)
SERIAL = within(0, looking(), hiring(), isolation="SERIALIZABLE")
SAFE = {
    "serializable and tried again": path(begun("SERIALIZABLE", retried=True), *SERIAL),
    "serializable, its code asked for": path(begun("SERIALIZABLE", catchers=(REFUSED,)), *SERIAL),
    "a lock that both take": path(
        *within(
            0,
            event(1, effect("read", "halls", where={"id": asked("hall")}, lock="update")),
            *held(1, looking(2), hiring(3, of=2)),
            isolation=SKEW,
        )
    ),
    "only read": path(*within(0, looking(), event(2, effect("respond")), isolation=SKEW)),
    "no transaction": path(looking(), hiring()),
    "read committed, looked for": path(*within(0, looking(), hiring())),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


def test_an_exclusion_constraint_states_it() -> None:
    table = Table(name="hires", checks=("EXCLUDE USING gist (hall WITH =, span WITH &&)",))
    one = path(*within(0, looking(), hiring(), isolation=SKEW))
    assert found(reading(one, tables=(table,))) == []
