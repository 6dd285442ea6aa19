"""Locks with a time: released by the wrong one, too short, without an end, set in two steps."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest
from made_paths import asked, compare, effect, event, guard, held, path, reading

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import (
    lease_shorter_than_work,
    lock_looked_at_then_set,
    lock_released_without_owner_check,
    lock_without_expiry,
)
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Input, Known, Result

KEY = {"key": asked("id")}
GOT = guard(Result(0), True)


def found(rule: ModuleType, *paths: Path) -> list[Finding]:
    return [each for each in rule.look(reading(*paths)) if each.score >= rule.threshold]


def taken(expiry_s: float | None = 10.0, **known: object) -> Event:
    return event(
        0, effect("set", "job:*", where=KEY, only_if_absent=True, expiry_s=expiry_s, **known)
    )


def under(*events: Event) -> list[Event]:
    return [replace(one, guards=(GOT,)) for one in events]


WORK = event(1, effect("insert", "bills"))
SEND = event(1, effect("send", "meter.example"))
DELETE = event(2, effect("remove", "job:*", where=KEY))
SCRIPT = event(2, effect("script", "job:*", where=KEY))
LIBRARY = event(0, effect("acquire", "job:*", where=KEY, expiry_s=10.0))
RELEASE = event(2, effect("release", "job:*"))
PLAIN_RELEASE = event(2, effect("release", "job:*", options={"owner_checked": Known(False)}))
EXTEND = event(1, effect("extend", "job:*", store="keys"))


def test_deleted_whoever_holds_it() -> None:
    (one,) = found(lock_released_without_owner_check, path(taken(), *under(WORK, DELETE)))
    assert (one.location.line, one.subject) == (12, "job:*")


def test_deleted_where_it_was_not_taken() -> None:
    assert found(lock_released_without_owner_check, path(taken(None), *under(WORK), DELETE))


def test_looked_at_and_deleted_in_two_steps() -> None:
    holder = event(1, effect("get", "job:*", where=KEY))
    mine = guard(compare("==", Result(1), Input("request", ("token",))), True)
    end = replace(DELETE, guards=(GOT, mine))
    (one,) = found(lock_released_without_owner_check, path(taken(), *under(holder), end))
    assert any("in a step of its own" in each.says for each in one.reasons)


OWNED = {
    "a script": path(taken(), *under(WORK, SCRIPT)),
    "a library's lock": path(LIBRARY, WORK, RELEASE),
    "it never ends by itself": path(taken(None), *under(WORK, DELETE)),
    "a mark that stays": path(taken(), *under(WORK)),
    "a counter": path(taken(), *under(event(1, effect("increment", "job:*", where=KEY)), DELETE)),
    "nothing depends on it": path(taken(), WORK, DELETE),
    "another key": path(taken(), *under(WORK), event(2, effect("remove", "bill:*", where=KEY))),
}


@pytest.mark.parametrize("case", OWNED)
def test_owner_checked(case: str) -> None:
    assert found(lock_released_without_owner_check, OWNED[case]) == []


def test_a_release_that_compares_nothing() -> None:
    assert found(lock_released_without_owner_check, path(LIBRARY, WORK, PLAIN_RELEASE))


@pytest.mark.parametrize("lock", [taken(2.0), replace(LIBRARY, effect=taken(2.0).effect)])
def test_a_request_over_the_network_inside_of_a_short_lease(lock: Event) -> None:
    (one,) = found(lease_shorter_than_work, path(lock, *under(SEND, SCRIPT)))
    assert one.location.line == 10
    assert "ends 2 s after" in one.message


def test_a_pause_that_is_longer_than_the_lease() -> None:
    pause = event(1, effect("sleep", store="other", expiry_s=30.0))
    assert found(lease_shorter_than_work, path(taken(20.0), *under(pause, SCRIPT)))


def send(timeout: float) -> Event:
    return event(1, effect("send", "meter.example", options={"timeout": Known(timeout)}))


LONG = {
    "extended": path(
        taken(2.0), *under(EXTEND, replace(SEND, number=2), replace(SCRIPT, number=3))
    ),
    "longer than the time-out": path(taken(20.0), *under(send(5.0), SCRIPT)),
    "a lock of the database": path(
        taken(2.0),
        *under(
            SEND,
            event(2, effect("read", lock="advisory")),
            *held(2, event(3, effect("insert", "bills"))),
            replace(SCRIPT, number=4),
        ),
    ),
    "long": path(taken(600.0), *under(SEND, SCRIPT)),
    "statements only": path(taken(20.0), *under(WORK, SCRIPT)),
    "no time": path(taken(None), *under(SEND, SCRIPT)),
    "sent afterwards": path(
        taken(2.0), *under(event(1, effect("remove", "job:*"))), replace(SEND, number=2)
    ),
    "demands what was read": path(
        taken(10.0),
        *under(
            SEND,
            event(
                2,
                effect("update", "bills", where={"id": asked("id"), "version": Known(1)}),
            ),
            replace(SCRIPT, number=3),
        ),
    ),
}


@pytest.mark.parametrize("case", LONG)
def test_long_enough(case: str) -> None:
    assert found(lease_shorter_than_work, LONG[case]) == []


def test_a_lock_that_a_crash_leaves() -> None:
    (one,) = found(lock_without_expiry, path(taken(None), *under(WORK, DELETE)))
    assert "stays for ever" in one.message


EXPIRE = effect("expire", "job:*", where=KEY)


def test_the_end_is_set_in_a_second_command() -> None:
    assert found(lock_without_expiry, path(taken(None), *under(event(1, EXPIRE), DELETE)))


def test_only_the_first_run_sets_when_a_counter_ends() -> None:
    plus = event(0, effect("increment", "tries:*", where=KEY))
    first = guard(compare("==", Result(0), 1), True)
    ends = event(1, effect("expire", "tries:*", where=KEY))
    assert found(lock_without_expiry, path(plus, replace(ends, guards=(first,))))
    assert found(lock_without_expiry, path(plus, ends)) == []
    together = replace(plus, together_with=0), replace(ends, guards=(first,), together_with=0)
    assert found(lock_without_expiry, path(*together)) == []


ENDING = {
    "in one command": path(taken(), *under(WORK, DELETE)),
    "an expression": path(taken(None, options={"expiry": Known("TTL")}), *under(WORK, DELETE)),
    "a mark that stays": path(taken(None), *under(WORK)),
}


@pytest.mark.parametrize("case", ENDING)
def test_it_ends(case: str) -> None:
    assert found(lock_without_expiry, ENDING[case]) == []


LOOK = event(0, effect("get", "job:*", where=KEY))
FREE = guard(Result(0), False)
SET = event(1, effect("set", "job:*", where=KEY, values={"value": Known(1)}), guards=(FREE,))
INSIDE = replace(event(2, effect("send", "pay.example")), guards=(FREE,))


def test_looked_at_and_then_set() -> None:
    (one,) = found(lock_looked_at_then_set, path(LOOK, SET, INSIDE))
    assert one.location.line == 11
    lock = path(LOOK, SET, replace(event(2, DELETE.effect), guards=(FREE,)))
    assert found(lock_looked_at_then_set, lock)


CACHE = event(2, effect("set", "job:*", where=KEY, values={"value": Result(1)}), guards=(FREE,))
FREE_SETS = {
    "only if it is absent": path(taken(), *under(INSIDE)),
    "a cache": path(LOOK, event(1, effect("read", "bills"), guards=(FREE,)), CACHE),
    "another key": path(LOOK, replace(SET, effect=effect("set", "seen:*", where=KEY)), INSIDE),
    "no condition": path(LOOK, replace(SET, guards=()), INSIDE),
}


@pytest.mark.parametrize("case", FREE_SETS)
def test_free(case: str) -> None:
    assert found(lock_looked_at_then_set, FREE_SETS[case]) == []
