from __future__ import annotations

from dataclasses import replace

import pytest

from redhanded.case.operation import Access, Operation, OperationName, Protocol, WireFailure
from redhanded.case.reproduction import Reproduction
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.case.wording import brief, delivered, essence, ordering, said, script_title


def operation(
    index: int,
    kind: str,
    target: str,
    text: str,
    *,
    task: str = "delivery 1",
    protocol: Protocol = "postgres",
    access: Access = "write",
    transaction: int | None = 1,
) -> Operation:
    return Operation(
        index=index,
        name=OperationName(
            task=task, role="ship", protocol=protocol, kind=kind, target=target, access=access
        ),
        process="ship.1",
        service="db",
        text=text,
        fingerprint=text,
        parent=None,
        transaction=transaction,
    )


@pytest.mark.parametrize(
    ("comment", "title"),
    [
        ("Adds a job to the queue by doing the following: - Increments", "Adds a job to the queue"),
        ("Move next job to active, lock it and fetch its data. The", "Move next job to active"),
        ("Moves it (completed or failed)", "Moves it"),
        ("", ""),
    ],
)
def test_a_script_is_called_by_its_own_comment(comment: str, title: str) -> None:
    script = operation(
        0, "EVALSHA 27ea40f2", "q:parcels:wait", f"EVALSHA 27ea40f2 {comment}", protocol="redis"
    )
    assert script_title(script) == title
    named = f"script “{title}”" if title else "EVALSHA 27ea40f2"
    assert said(script) == f"{named} q:parcels:wait"


def test_a_statement_is_called_by_the_table_that_stands_in_it() -> None:
    insert = operation(0, "INSERT", "*", 'INSERT INTO "public"."parcels" ("id") VALUES ($1)')
    upsert = operation(1, "INSERT", "set", "insert into labels (id) values (1) on conflict do …")
    read = operation(2, "SELECT", "*", 'SELECT f(x) FROM "parcels"', access="read")
    commit = operation(3, "COMMIT", "*+labels", "COMMIT")
    other = operation(4, "INSERT", "*", "INSERT INTO stamps VALUES (1)", transaction=2)
    run = (insert, upsert, read, other, commit)
    assert [said(each, run) for each in run] == [
        "INSERT parcels",
        "INSERT labels",
        "SELECT parcels",
        "INSERT stamps",
        "COMMIT parcels, labels",
    ]


def test_an_ordering_is_told_in_the_words_of_a_run_whose_deliveries_are_exchanged() -> None:
    look = operation(0, "SELECT", "parcels", "SELECT", task="delivery 2", access="read")
    insert = operation(1, "INSERT", "*", "INSERT INTO parcels VALUES (1)", task="delivery 2")
    commit = operation(2, "COMMIT", "*", "COMMIT", task="delivery 2")
    constraint = Constraint(before=look.name, after=replace(commit.name, task="delivery 1"))
    told = ordering(constraint, (None, Run(operations=(look, insert, commit))))
    assert told == "delivery 2: ship SELECT parcels, before delivery 1: ship COMMIT parcels"
    assert ordering(constraint).endswith("delivery 1: ship COMMIT *")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"level":50,"err":{"message":"Validation error"},"msg":"job failed"}', "job failed"),
        ('{"err":{"type":"Refused","message":"no \\"room\\""}}', 'no "room"'),
        ('symptom: {"a":1,"err":{"type":"Refused","message":"no', "symptom: Refused"),
        ("ship ended with exit code 1. Its last lines:\n  at x", "ship ended with exit code 1."),
        ("  plain text  ", "plain text"),
        ("{not json", "{not json"),
        ("x" * 300, "x" * 199 + "…"),
        ("", ""),
    ],
)
def test_the_message_of_a_line_stands_without_its_record(line: str, words: str) -> None:
    assert brief(line) == words


def test_a_failure_is_code_message_and_table() -> None:
    wire = WireFailure(code="23505", message='duplicate key "parcels_code_key"', table="parcels")
    insert = replace(operation(3, "INSERT", "parcels", "INSERT"), failure=wire)
    failure = Failure(
        kind="symptom",
        text='{"msg":"x"}',
        code="23505",
        constraint="parcels_code_key",
        table="parcels",
        operation=3,
    )
    run = Run(operations=(insert,))
    assert essence(failure, run) == '23505 duplicate key "parcels_code_key" on parcels'
    assert essence(failure) == "23505 constraint parcels_code_key on parcels"
    assert essence(Failure(kind="symptom", text='{"msg":"late"}')) == "late"


def test_what_was_sent_is_counted_whatever_entry_of_the_workload_it_was() -> None:
    schedule = Schedule(deliveries=1)
    sent = tuple(operation(at, "POST", "/holds", "", protocol="delivery") for at in range(3))
    work = operation(3, "INSERT", "holds", "")
    several = Reproduction(
        trials_to_first_failure=1, schedule=schedule, run=Run(operations=(*sent, work))
    )
    assert delivered(several) == "3 deliveries"
    assert delivered(Reproduction(trials_to_first_failure=1, schedule=schedule)) == "1 delivery"
