"""Identifiers that repeat within a year, and ones that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import joined, shown, table
from made_paths import asked, effect, event, guard, path

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import id_collision as rule
from redhanded.hunt.suspect.rules.entropy import space_of
from redhanded.source.flow.events import Catcher, Event
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Computed, Known, Result, Value

DRAWN = Result(0)
CODES = table("codes", "code")
PLACE = Location(path="shop/till.py", line=30)


def drawn(bits: float | None = None, verb: str = "random", **known: Any) -> Event:
    options: dict[str, Value] = {} if bits is None else {"bits": Known(bits)}
    return event(
        0, replace(effect("identifier", store="other", options=options), verb=verb), **known
    )


def clock(verb: str = "Date.now") -> Event:
    return event(0, replace(effect("clock", store="other"), verb=verb))


def added(value: Value, number: int = 1, **known: Any) -> Event:
    return event(number, effect("insert", "codes", values={"code": value}), **known)


def of(*events: Event, codes: Table = CODES) -> list[Any]:
    return shown(rule, joined(path(*events), None, codes))


def cut(value: Value, *limits: int) -> Computed:
    return Computed("call:slice", (value, *map(Known, limits)))


BASE_36 = Computed("call:toString", (DRAWN, Known(36)))
BELOW = Computed("*", (DRAWN, Known(1_000_000)))


@pytest.mark.parametrize(
    ("one", "value", "bits"),
    [
        (drawn(32), DRAWN, 32),
        (drawn(122, "uuid4"), cut(DRAWN, 0, 8), 32),
        (drawn(52), cut(BASE_36, 2, 8), 31),
        (drawn(52), Computed("call:Math.floor", (BELOW,)), 19.9),
        (drawn(24), Computed("text", (Known("C-"), DRAWN)), 24),
        (drawn(52), Computed("+", (Known(1000), Computed("*", (DRAWN, Known(9000))))), 13.1),
    ],
    ids=["bits", "a part of a uuid", "base 36", "floor", "a prefix", "in a range"],
)
def test_too_few_values(one: Event, value: Value, bits: float) -> None:
    space = space_of(path(one, added(value)), value)
    assert space.bits == pytest.approx(bits, abs=0.1)
    (found,) = of(one, added(value))
    assert found.location.line == 10
    assert found.subject == "codes.code"
    assert "10,000 rows a day" in found.message


def test_a_time_alone() -> None:
    (one,) = of(clock(), added(Computed("text", (Known("C-"), DRAWN))))
    assert "0.001 s" in one.message


def test_a_time_with_enough_beside_it() -> None:
    more = event(1, effect("identifier", store="other", options={"bits": Known(40)}))
    value = Computed("text", (DRAWN, Known("-"), Result(1)))
    assert of(clock(), more, added(value, 2)) == []


@pytest.mark.parametrize(
    "one", [drawn(122, "uuid4"), drawn(126, "nanoid"), drawn(None), drawn(None, "nextval")]
)
def test_enough_values_or_not_known(one: Event) -> None:
    assert of(one, added(DRAWN)) == []


def test_a_value_that_may_repeat() -> None:
    assert of(drawn(20), added(DRAWN), codes=table("codes")) == []
    read = event(2, effect("read", "codes", where={"code": asked("code")}))
    assert of(drawn(20), added(DRAWN), read, codes=table("codes"))


def test_a_part_that_is_not_known() -> None:
    value = Computed("text", (asked("member"), DRAWN))
    assert of(drawn(20), added(value)) == []


def test_drawn_again() -> None:
    again = Catcher(types=("IntegrityError",), tests=(), outcome="tries again", location=PLACE)
    assert of(drawn(20), added(DRAWN, catchers=(again,))) == []
    look = event(1, effect("read", "codes", where={"code": DRAWN}))
    assert of(drawn(20), look, added(DRAWN, 2, guards=(guard(Result(1)),))) == []


def test_by_hand() -> None:
    assert of(drawn(20, location=Location(path="scripts/codes.js", line=3)), added(DRAWN)) == []
