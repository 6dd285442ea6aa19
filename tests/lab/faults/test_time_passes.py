"""What needs little but time: leases that end, overlaps in statements, timers, deliveries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from disturbing import Disturbed, at, happens, kinds, said
from small_systems import request

from redhanded.case.schedule import Event
from redhanded.case.system import Signature
from redhanded.lab.faults.gate import SESSION
from redhanded.lab.predict import predict
from redhanded.lab.predict_events import predict_events

AMOUNT = "SELECT amount FROM accounts WHERE id = 'a'"
PAYMENT = request("/pay", {"payment": "{unique}"}, deliveries=1)


def gates(lab: Disturbed) -> int:
    ((count,),) = lab.rows(
        f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{SESSION}'"
    )
    return int(count)


# Leases.


@pytest.mark.parametrize("path", ["/count", "/countUnderRedlock"])
def test_two_workers_under_a_lease_are_apart_until_it_ends(node: Disturbed, path: str) -> None:
    serial = node.serial(path, deliveries=2)
    assert not [each for each in predict(serial, deliveries=2) if each.pattern == "stale read"]
    (found,) = predict_events(serial, deliveries=2)
    assert found.pattern == "lease ends"
    run = node.lab.follow(found.schedule)
    assert run.followed.following == "followed"
    assert node.rows(AMOUNT) == [(11,)], "one of two counts was lost"
    lost = next(each for each in run.operations if each.name.kind == "lease ended")
    assert [touch.resource for touch in lost.touches] == ["lease"]
    (ended,) = found.schedule.events
    kept = node.lab.follow(replace(found.schedule, events=(replace(ended, kind="lease kept"),)))
    assert not kept.followed.events_missed
    assert kept.followed.missed == found.schedule.constraints, "the lock keeps the second one out"


def test_a_lock_of_redis_py_is_a_lease(python: Disturbed) -> None:
    serial = python.serial("/count", deliveries=2)
    assert not [each for each in predict(serial, deliveries=2) if each.pattern == "stale read"]
    (found,) = predict_events(serial, deliveries=2)
    assert found.pattern == "lease ends"
    run = python.lab.follow(found.schedule)
    assert run.followed.following == "followed"
    assert said(run) == ["release: Cannot release a lock that's no longer owned"]
    assert python.rows(AMOUNT) == [(11,)]


def test_the_server_says_that_the_key_has_expired(node: Disturbed) -> None:
    """With the event that a client may be waiting for."""
    client = node.lab.running.servers["cache"].client
    client.config_set("notify-keyspace-events", "Kx")
    listener = client.pubsub()
    listener.subscribe("__keyspace@0__:lease")
    (found,) = predict_events(node.serial("/count", deliveries=2), deliveries=2)
    node.lab.follow(found.schedule)
    heard = [message["data"] for _ in range(5) if (message := listener.get_message(timeout=1))]
    listener.close()
    assert b"expired" in heard


@pytest.mark.parametrize("kind", ["lease ended", "lease kept"])
@pytest.mark.parametrize(
    ("service", "target", "why"),
    [
        ("cache", "nobody's", "no key nobody's with a lifetime"),
        ("cache", "first", "no key first with a lifetime"),
        ("db", "lease", "db is not a Redis server"),
        ("", "lease", "no service is not a Redis server"),
    ],
)
def test_without_such_a_key_no_lease_ends(
    node: Disturbed, kind: str, service: str, target: str, why: str
) -> None:
    place = at(node.serial("/note"), "SET", "second")
    event = happens(kind, place, service=service, target=target)
    run = node.follow(event)
    assert run.followed.events_missed == (event,) and why in run.followed.why


# Overlaps.


@pytest.mark.parametrize("table", ["numbered", "identified", "children"])
def test_two_inserts_both_look_before_either_has_written(node: Disturbed, table: str) -> None:
    """The gate is a sequence, an identity, or the row that a foreign key refers to."""
    serial = node.serial(f"/once?table={table}", deliveries=2)
    assert node.rows(f"SELECT count(*) FROM {table}") == [(1,)]
    (found,) = predict_events(serial, deliveries=2)
    run = node.lab.follow(found.schedule)
    assert run.followed.following == "followed"
    assert [each.waited_for_lock for each in run.operations if each.name.kind == "INSERT"] == [
        True,
        True,
    ]
    assert node.rows(f"SELECT count(*) FROM {table}") == [(2,)]
    assert gates(node) == 0


def test_two_updates_both_look_before_either_has_written(node: Disturbed) -> None:
    first, second = (request(f"/sit?seat={seat}", deliveries=1) for seat in (1, 2))
    serial = node.serial(first, second)
    taken = "SELECT count(*) FROM seats WHERE taken"
    assert node.rows(taken) == [(1,)]
    (found,) = predict_events(serial, deliveries=1)
    run = node.lab.follow(found.schedule)
    assert run.followed.following == "followed"
    assert node.rows(taken) == [(2,)] and gates(node) == 0


def test_where_nothing_holds_the_statements_back_it_is_not_controlled(node: Disturbed) -> None:
    (found,) = predict_events(node.serial("/once?table=strangers", deliveries=2), deliveries=2)
    run = node.lab.follow(found.schedule)
    assert run.followed.events_missed == found.schedule.events
    assert "not controlled" in run.followed.why and "INSERT strangers" in run.followed.why
    assert node.rows("SELECT count(*) FROM strangers") == [(1,)]


def test_a_statement_that_does_not_wait_is_not_controlled(node: Disturbed) -> None:
    """No row fits, so none is locked."""
    entries = [request(f"/sit?seat={seat}", deliveries=1) for seat in (7, 8)]
    serial = node.serial(*entries)
    one, other = at(serial, "UPDATE", task="delivery 1"), at(serial, "UPDATE", task="delivery 2")
    event = happens("overlap", one, other=other, service="db")
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "did not wait for the lock" in run.followed.why
    assert run.answers == (200, 200) and gates(node) == 0


def test_one_statement_alone_overlaps_with_nothing(node: Disturbed) -> None:
    serial = node.serial("/once?table=numbered", deliveries=2)
    (found,) = predict_events(serial, deliveries=2)
    run = node.lab.follow(replace(found.schedule, deliveries=1))
    assert run.followed.events_missed == found.schedule.events
    assert "the second statement did not come" in run.followed.why
    assert run.answers == (200,) and gates(node) == 0


# Timers.


def test_a_heartbeat_comes_after_the_work_was_taken_off_the_list(node: Disturbed) -> None:
    """It is sent while the DEL is under way, on the same connection."""
    serial = node.serial("/work")
    assert node.keys("alive") == [None]
    run = node.follow(happens("timer fires", at(serial, "DEL", "alive")))
    assert run.followed.following == "followed"
    assert kinds(run)[-3:] == ["timer fires", "DEL", "HSET"]
    assert node.lab.running.servers["cache"].client.exists("alive")


def test_a_timer_that_has_nothing_to_do_with_it_is_not_enough(node: Disturbed) -> None:
    event = happens("timer fires", at(node.serial("/work"), "UPDATE"))
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "no timer sent anything within 1.5 s" in run.followed.why


def test_who_waits_for_less_than_a_timer_is_let_go(python: Disturbed) -> None:
    event = happens("timer fires", at(python.serial("/impatient"), "SET", "alive"))
    run = python.follow(event)
    assert run.followed.events_missed == (event,)
    assert "its connection ended while it was held up" in run.followed.why
    assert run.answers == (500,) and python.keys("alive") == [None]


# Deliveries.


def test_a_request_that_comes_again_is_the_same_and_a_task_of_its_own(node: Disturbed) -> None:
    signed = replace(PAYMENT, sign=Signature(scheme="stripe", secret_env="HOOK_SECRET"))
    serial = node.serial(signed, request("/note", deliveries=1))
    run = node.follow(happens("delivered twice", serial.operations[0].name))
    assert run.followed.following == "followed" and run.answers == (200, 200, 200)
    assert node.rows("SELECT count(*), count(DISTINCT payment) FROM payments") == [(2, 1)]
    again = kinds(run, "delivery 3")
    assert again == kinds(serial, "delivery 1")
    first, second = (line for line in said(run) if line.startswith("signature: t="))
    assert "v1=" in first and "v1=" in second


def test_of_several_entries_the_named_one_comes_again(node: Disturbed) -> None:
    serial = node.serial(PAYMENT, request("/note", deliveries=1))
    note = at(serial, "POST", "/note")
    run = node.follow(happens("delivered twice", note))
    assert run.answers == (200, 200, 200)
    assert kinds(run, "delivery 3") == kinds(serial, "delivery 2")


def test_a_program_is_not_delivered_again(node: Disturbed) -> None:
    program = replace(request("/", deliveries=1), name="sweep", run="node -e 0", method="")
    event: Event = happens("delivered twice", at(node.serial(program), "RUN"))
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "sweep is a program" in run.followed.why
