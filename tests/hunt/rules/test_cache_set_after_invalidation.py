"""Caches that keep a value from before a change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, effect, event, guard, held, path, reading, within

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import cache_set_after_invalidation as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Computed, Known, Result

KEY = {"key": asked("id")}


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def filling(**known: object) -> tuple[Event, ...]:
    known.setdefault("values", {"value": Computed("call:JSON.stringify", (Result(1),))})
    miss = event(0, effect("get", "fare:*", where=KEY))
    read = event(1, effect("read", "fares", where={"id": asked("id")}))
    put = event(2, effect("set", "fare:*", where=KEY, **known))
    return (miss, *(replace(one, guards=(guard(Result(0)),)) for one in (read, put)))


CHANGE = effect("update", "fares", where={"id": asked("id")}, values={"cents": asked("cents")})
REMOVE = effect("remove", "fare:*", where=KEY)


def writer(*effects: Effect) -> Path:
    made = (event(place, one, line=50 + place) for place, one in enumerate(effects))
    return path(*made, name="PUT /fares/:id")


READER = path(*filling(), name="GET /fares/:id")


def test_a_reader_fills_what_a_writer_removed() -> None:
    (one,) = found(reading(READER, writer(CHANGE, REMOVE)))
    assert (one.location.line, one.subject) == (12, "fare:*")
    assert "PUT /fares/:id changes fares" in one.message
    assert [each.location.line for each in one.steps] == [10, 11, 50, 51, 12]


def test_the_key_is_removed_before_the_change() -> None:
    (late,) = found(reading(READER, writer(CHANGE, REMOVE)))
    (early,) = found(reading(READER, writer(REMOVE, CHANGE)))
    assert early.score > late.score
    assert [each.location.line for each in early.steps] == [10, 50, 11, 51, 12]


def test_the_key_is_removed_inside_of_the_transaction() -> None:
    inside = within(0, event(1, CHANGE), event(2, REMOVE))
    (one,) = found(reading(READER, path(*inside, name="PUT /fares/:id")))
    assert any("before the change can be seen" in each.says for each in one.reasons)


SAFE = {
    "nobody changes it": (READER,),
    "another table": (READER, writer(effect("update", "seats"), REMOVE)),
    "another key": (READER, writer(CHANGE, effect("remove", "seat:*", where=KEY))),
    "a script": (
        path(*filling()[:2], event(2, effect("script", "fare:*"))),
        writer(CHANGE, REMOVE),
    ),
    "not what was read": (
        path(*filling(values={"value": Known("x")})),
        writer(CHANGE, REMOVE),
    ),
    "it ends soon": (path(*filling(expiry_s=5.0)), writer(CHANGE, REMOVE)),
    "one lock": (
        path(
            event(0, effect("get", "fare:*", where=KEY)),
            event(1, effect("acquire", "fare-lock:*", where=KEY)),
            *held(
                1,
                event(2, effect("read", "fares", where={"id": asked("id")})),
                replace(
                    event(3, effect("set", "fare:*", where=KEY, values={"value": Result(2)})),
                    guards=(guard(Result(0)),),
                ),
            ),
        ),
        writer(CHANGE, REMOVE),
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(*SAFE[case])) == []
