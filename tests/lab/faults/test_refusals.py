"""PostgreSQL refuses a statement: what the application sees, and how its session stands then."""

from __future__ import annotations

import pytest
from disturbing import Disturbed, at, happens, kinds, said
from small_systems import request

from redhanded.case.schedule import Followed

UNCHANGED = [("a", 10), ("b", 0)]
AMOUNTS = "SELECT id, amount FROM accounts ORDER BY id"
CODES = {"serialization failure": "40001", "deadlock victim": "40P01"}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("how", ["simple", "extended", "named"])
def test_node_postgres_is_refused_a_statement(node: Disturbed, how: str, kind: str) -> None:
    update = at(node.serial(f"/transfer?how={how}"), "UPDATE", nth=2)
    run = node.follow(happens(kind, update))  # type: ignore[arg-type]
    assert run.followed.following == "followed" and run.answers == (409,)
    assert said(run) == [f"transfer: {CODES[kind]}, then ROLLBACK, then 10"]
    assert node.rows(AMOUNTS) == UNCHANGED and node.sessions() == 0
    refused = next(each for each in run.operations if each.name == update)
    assert refused.failure is not None and refused.failure.code == CODES[kind]


def test_node_postgres_is_refused_a_commit(node: Disturbed) -> None:
    """Its ROLLBACK afterwards finds no transaction, which is no error."""
    run = node.follow(happens("serialization failure", at(node.serial("/transfer"), "COMMIT")))
    assert said(run) == ["transfer: 40001, then ROLLBACK, then 10"]
    assert kinds(run)[-3:] == ["COMMIT", "ROLLBACK", "SELECT"]
    assert node.rows(AMOUNTS) == UNCHANGED and node.sessions() == 0


def test_a_statement_that_was_prepared_before_the_refusal_can_be_used_after_it(
    node: Disturbed,
) -> None:
    """The second of two named statements that are the same is refused; then it is sent again."""
    serial = node.serial("/transfer?how=named", "/transfer?how=named")
    run = node.follow(happens("deadlock victim", at(serial, "UPDATE", nth=2)))
    assert run.answers == (409, 200)
    assert node.rows(AMOUNTS) == [("a", 9), ("b", 1)]


def test_what_is_part_of_a_pipeline_is_not_refused_and_said_to_be_missed(node: Disturbed) -> None:
    event = happens("serialization failure", at(node.serial("/read"), "SELECT"))
    run = node.follow(event)
    assert run.answers == (200,) and said(run) == ["read: 2"]
    assert run.followed.events_missed == (event,)
    assert "SELECT is part of a pipeline" in run.followed.why


def test_the_labs_own_refusal_is_not_the_symptom_that_is_looked_for(node: Disturbed) -> None:
    update = at(node.serial("/transfer"), "UPDATE", nth=2)
    wire_failures = node.lab.running.traffic.wire_failures
    run = node.follow(happens("deadlock victim", update))
    assert run.answers == (409,) and wire_failures == []


@pytest.mark.parametrize("flow", ["psycopg_plain", "psycopg_prepared"])
@pytest.mark.parametrize("kind", CODES)
def test_psycopg_is_refused_a_statement(python: Disturbed, flow: str, kind: str) -> None:
    update = at(python.serial(f"/{flow}"), "UPDATE", nth=2)
    run = python.follow(happens(kind, update))  # type: ignore[arg-type]
    assert run.followed.following == "followed"
    assert said(run) == [f"transfer: {CODES[kind]} INERROR", "afterwards: 10 INTRANS"]
    assert python.rows(AMOUNTS) == UNCHANGED and python.sessions() == 0


@pytest.mark.parametrize("flow", ["psycopg_plain", "psycopg_prepared"])
def test_psycopg_is_refused_a_commit(python: Disturbed, flow: str) -> None:
    commit = at(python.serial(f"/{flow}"), "COMMIT")
    run = python.follow(happens("serialization failure", commit))
    assert said(run) == ["transfer: 40001 IDLE", "afterwards: 10 INTRANS"]
    assert python.rows(AMOUNTS) == UNCHANGED and python.sessions() == 0


@pytest.mark.parametrize("kind", CODES)
def test_asyncpg_is_refused_a_statement(python: Disturbed, kind: str) -> None:
    update = at(python.serial("/asyncpg_prepared"), "UPDATE", nth=2)
    run = python.follow(happens(kind, update))  # type: ignore[arg-type]
    assert said(run) == [f"transfer: {CODES[kind]} False", "afterwards: 10 False"]
    assert python.rows(AMOUNTS) == UNCHANGED


def test_asyncpg_is_refused_a_commit(python: Disturbed) -> None:
    commit = at(python.serial("/asyncpg_prepared"), "COMMIT")
    run = python.follow(happens("serialization failure", commit))
    assert said(run) == ["transfer: 40001 False", "afterwards: 10 False"]
    assert python.rows(AMOUNTS) == UNCHANGED


def test_a_pipeline_of_psycopg_that_ends_with_sync_is_refused_whole(python: Disturbed) -> None:
    update = at(python.serial("/psycopg_pipeline"), "UPDATE")
    run = python.follow(happens("deadlock victim", update))
    assert run.answers == (500,) and said(run) == ["failed: DeadlockDetected"]
    assert python.rows(AMOUNTS) == UNCHANGED


@pytest.mark.parametrize(
    ("kind", "left"), [("reply lost", ("a", 12)), ("connection reset", ("a", 10))]
)
def test_psycopg_sees_a_broken_connection(
    python: Disturbed, kind: str, left: tuple[str, int]
) -> None:
    commit = at(python.serial("/psycopg_plain"), "COMMIT")
    run = python.follow(happens(kind, commit))  # type: ignore[arg-type]
    assert said(run) == ["transfer: None UNKNOWN", "failed: OperationalError"]
    assert left in python.rows(AMOUNTS)
    assert run.duration_ms < 4_000, "no time-out was waited for"


def test_a_killed_python_process_serves_again(python: Disturbed) -> None:
    serial = python.serial("/psycopg_plain")
    before = python.pid("web")
    run = python.follow(happens("process killed", at(serial, "UPDATE", nth=2)))
    assert run.answers == (0,) and python.pid("web") != before
    assert python.rows(AMOUNTS) == UNCHANGED and python.sessions() == 0
    assert python.serial("/psycopg_plain").answers == (200,)


def test_a_work_horse_dies_with_the_worker_that_forked_it(python: Disturbed) -> None:
    serial = python.serial(request("/enqueue", {"payment": "{unique}"}, deliveries=1))
    insert = at(serial, "INSERT", "payments")
    before = python.pid("worker")
    run = python.follow(happens("process killed", insert))
    assert run.followed == Followed(following="followed"), kinds(run)
    assert run.answers == (200,)
    assert python.pid("worker") != before
    assert python.rows("SELECT count(*) FROM payments") == [(1,)]
    assert python.rows("SELECT count(*) FROM receipts") == [(0,)]
    done = python.serial(request("/enqueue", {"payment": "{unique}"}, deliveries=1))
    assert kinds(done).count("INSERT") == 2
