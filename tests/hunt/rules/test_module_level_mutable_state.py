"""Variables that the requests of a process share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, effect, event, guard, held, path, reading

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import module_level_mutable_state as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Computed, Input, Known, Result

KEY = {"key": asked("id")}
NAME = "shop/till.py:running"


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def use(number: int, kind: str, **known: object) -> Event:
    return event(number, effect(kind, NAME, store="process", **known))


def under(*events: Event) -> list[Event]:
    return [replace(one, guards=(guard(Result(0), False),)) for one in events]


LOOK = use(0, "get", where=KEY)
WAIT = event(1, effect("insert", "rides"))
MARK = use(2, "push", where=KEY)


def test_looked_at_before_a_wait_and_changed_after_it() -> None:
    (one,) = found(reading(path(LOOK, *under(WAIT, MARK))))
    assert (one.location.line, one.subject) == (12, "running")
    assert "waits at shop/till.py:11" in one.message


def test_a_value_made_from_what_it_was() -> None:
    plus = Computed("+", (Result(0), Known(1)))
    assert found(reading(path(LOOK, WAIT, use(2, "set", values={"value": plus}))))


def test_what_belongs_to_a_request_is_read_after_a_wait() -> None:
    keep = use(0, "set", values={"value": Input("request", ("user",))})
    assert found(reading(path(keep, WAIT, use(2, "get"))))
    keyed = use(0, "set", where=KEY, values={"value": Input("request", ("user",))})
    assert found(reading(path(keyed, WAIT, use(2, "get", where=KEY)))) == []


READ = event(1, effect("read", "fares"))
SAFE = {
    "nothing is waited for": path(LOOK, *under(use(1, "push", where=KEY)), event(2, WAIT.effect)),
    "a cache": path(LOOK, *under(READ, use(2, "set", values={"value": Result(1)}))),
    "not waited for": path(LOOK, *under(replace(WAIT, awaited=False), MARK)),
    "a lock of the process": path(
        event(0, effect("acquire", "lock", store="process")),
        *held(
            0,
            use(1, "get"),
            event(2, effect("insert", "rides")),
            use(3, "set", values={"value": Computed("+", (Result(1), Known(1)))}),
        ),
    ),
    "another variable": path(
        LOOK, *under(WAIT, event(2, effect("push", "shop/till.py:seen", store="process")))
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


def test_what_one_process_remembers_is_shown_on_demand() -> None:
    one = path(LOOK, *under(use(1, "push", where=KEY), event(2, effect("send", "pay.example"))))
    assert list(rule.look(reading(one)))
    assert found(reading(one)) == []
