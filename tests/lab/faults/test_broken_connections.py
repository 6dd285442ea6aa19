"""Answers that are lost, connections that break, processes that die, seen from all sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from disturbing import Disturbed, at, happens, kinds, said
from small_systems import request

from redhanded.case.schedule import FAULT_KINDS, Constraint
from redhanded.lab.services import is_alive
from redhanded.lab.trial import names_of

BEFORE = [("a", 10), ("b", 0)]
MOVED = [("a", 9), ("b", 1)]
AMOUNTS = "SELECT id, amount FROM accounts ORDER BY id"
CLIENT_TIME_MS = 4_000
"""Less than the lab waits for an answer that never comes."""


def test_a_lost_answer_to_a_commit_has_committed_and_looks_like_a_broken_connection(
    node: Disturbed,
) -> None:
    commit = at(node.serial("/transfer"), "COMMIT")
    run = node.follow(happens("reply lost", commit))
    assert run.followed.following == "followed"
    assert node.rows(AMOUNTS) == MOVED
    assert run.answers == (500,)
    assert said(run) == ["/transfer failed:  Connection terminated unexpectedly"]
    assert run.duration_ms < CLIENT_TIME_MS


def test_what_a_broken_connection_did_not_carry_was_not_done(node: Disturbed) -> None:
    commit = at(node.serial("/transfer"), "COMMIT")
    run = node.follow(happens("connection reset", commit))
    assert run.followed.following == "followed"
    assert node.rows(AMOUNTS) == BEFORE
    assert run.answers == (500,)
    assert "COMMIT" not in kinds(run)
    assert run.duration_ms < CLIENT_TIME_MS


@pytest.mark.parametrize(
    ("kind", "left"), [("reply lost", [b"1", b"2"]), ("connection reset", [b"1", None])]
)
def test_the_same_with_redis(node: Disturbed, kind: str, left: list[bytes | None]) -> None:
    second = at(node.serial("/note"), "SET", "second")
    run = node.follow(happens(kind, second))  # type: ignore[arg-type]
    assert run.followed.following == "followed"
    assert run.answers == (500,)
    assert node.keys("first", "second") == left


def test_a_client_that_tries_again_is_let_through(node: Disturbed) -> None:
    first = at(node.serial("/keepNoting"), "SET", "first")
    run = node.follow(happens("connection reset", first))
    assert run.answers == (200,)
    assert any("again" in line for line in said(run))
    assert kinds(run) == ["POST", "connection reset", "SET", "SET"]


def test_a_killed_process_is_another_one_that_serves_and_its_transaction_is_rolled_back(
    node: Disturbed,
) -> None:
    serial = node.serial("/transfer")
    web, side = node.pid("web"), node.pid("side")
    run = node.follow(happens("process killed", at(serial, "UPDATE", nth=2)))
    assert run.followed.following == "followed" and run.answers == (0,)
    assert node.rows(AMOUNTS) == BEFORE and node.sessions() == 0
    assert not is_alive(web) and node.pid("web") != web
    assert is_alive(side) and node.pid("side") == side
    assert names_of(node.serial("/transfer")) == names_of(serial)


def test_what_was_committed_before_the_end_stays(node: Disturbed) -> None:
    commit = at(node.serial("/transfer"), "COMMIT")
    assert node.follow(happens("process killed", commit)).answers == (0,)
    assert node.rows(AMOUNTS) == MOVED


def test_what_else_a_killed_process_had_asked_for_never_comes(node: Disturbed) -> None:
    """Another request of it stands before an operation that is parked meanwhile."""
    serial = node.serial("/transfer", request("/note", deliveries=1))
    killed = at(serial, "UPDATE", nth=2)
    between = (
        Constraint(before=at(serial, "SET", "first"), after=killed),
        Constraint(before=killed, after=at(serial, "SET", "second")),
    )
    run = node.follow(happens("process killed", killed), constraints=between)
    assert run.followed.missed == (between[1],)
    assert run.answers == (0, 0)
    assert node.keys("first", "second", "third") == [b"1", None, None]


def test_another_process_goes_on_where_it_was(node: Disturbed) -> None:
    """Its transaction stays open all the while."""
    elsewhere = replace(request("/transfer", deliveries=1), to="side")
    serial = node.serial(elsewhere, request("/pay", {"payment": "{unique}"}, deliveries=1))
    killed = at(serial, "INSERT", "payments")
    between = (
        Constraint(before=at(serial, "UPDATE", nth=1), after=killed),
        Constraint(before=killed, after=at(serial, "UPDATE", nth=2)),
    )
    run = node.follow(happens("process killed", killed), constraints=between)
    assert run.followed.following == "followed"
    assert run.answers == (200, 0)
    assert node.rows(AMOUNTS) == MOVED
    assert node.rows("SELECT count(*) FROM payments") == [(1,)]
    assert node.rows("SELECT count(*) FROM receipts") == [(0,)]


def test_what_a_killed_process_had_started_dies_with_it(node: Disturbed) -> None:
    insert = at(node.serial("/delegate"), "INSERT", "payments")
    run = node.follow(happens("process killed", insert))
    assert run.followed.following == "followed"
    assert kinds(run)[-2:] == ["INSERT", "process killed"]
    assert node.rows("SELECT count(*) FROM receipts") == [(0,)]


def test_a_process_that_is_told_to_end_has_no_time_for_it(node: Disturbed) -> None:
    """It is killed as by the kernel: what it would do at its end is not done."""
    insert = at(node.serial("/pay?farewell=yes"), "INSERT", "payments")
    run = node.follow(happens("process killed", insert))
    assert run.followed.following == "followed"
    assert not any("farewell" in line for line in said(run))


def test_the_writes_that_a_replica_had_not_got_are_gone_and_the_rest_is_there(
    node: Disturbed,
) -> None:
    serial = node.serial("/note")
    second = at(serial, "SET", "second")
    run = node.follow(happens("writes lost", second))
    assert run.followed.following == "followed" and run.answers == (500,)
    assert node.keys("first", "second", "third") == [b"1", None, None]
    run = node.follow(happens("writes lost", second, count=2))
    assert run.followed.following == "followed"
    assert node.keys("first", "second", "third") == [None, None, None]
    lost = next(each for each in run.operations if each.name.kind == "writes lost")
    assert {touch.resource for touch in lost.touches} == {"first", "second"}


def test_after_a_fail_over_clients_connect_anew_and_write_on(node: Disturbed) -> None:
    run = node.follow(happens("writes lost", at(node.serial("/keepNoting"), "SET", "first")))
    assert run.followed.following == "followed" and run.answers == (200,)
    assert node.keys("first", "second") == [None, b"1"]


def test_more_writes_than_there_were_cannot_be_lost(node: Disturbed) -> None:
    second = at(node.serial("/note"), "SET", "second")
    event = happens("writes lost", second, count=3)
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "only 2 writes of cache had come" in run.followed.why
    assert run.answers == (200,)


def test_a_read_loses_nothing(node: Disturbed) -> None:
    event = happens("writes lost", at(node.serial("/note"), "MGET"))
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "MGET first writes nothing" in run.followed.why


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_after_a_disturbed_trial_all_is_as_it_was(node: Disturbed, kind: str) -> None:
    serial = node.serial(
        request("/pay", {"payment": "{unique}"}, deliveries=1), request("/note", deliveries=1)
    )
    places = {"writes lost": "SET", "delivered twice": "POST"}
    node.follow(happens(kind, at(serial, places.get(kind, "INSERT"))))  # type: ignore[arg-type]
    again = node.lab.serial()
    assert names_of(again) == names_of(serial)
    assert again.answers == serial.answers and not again.failed
    assert node.sessions() == 0
