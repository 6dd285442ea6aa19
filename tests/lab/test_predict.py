"""A serial run says which orders may fail: conflicting operations turned round."""

from __future__ import annotations

from dataclasses import replace

from made import name, operation

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint
from redhanded.lab.predict import predict


def run(*operations: Operation) -> Run:
    return Run(operations=operations)


CHECK_THEN_INSERT = run(
    operation(0, name(1, "POST", "/book")),
    operation(1, name(1, "SELECT"), parent=0),
    operation(2, name(1, "UPDATE", "counters"), parent=1),
    operation(3, name(1, "INSERT"), parent=2),
    operation(4, name(2, "POST", "/book")),
    operation(5, name(2, "SELECT"), parent=4),
    operation(6, name(2, "UPDATE", "counters"), parent=5),
)


def test_the_stale_read_comes_first() -> None:
    (first,) = predict(CHECK_THEN_INSERT, tables={"seats"}, deliveries=2)
    assert first.schedule.constraints == (
        Constraint(before=name(2, "SELECT"), after=name(1, "INSERT")),
    )
    assert first.schedule.deliveries == 2
    assert (first.first, first.second) == (3, 5)
    assert first.pattern == "stale read"


def test_what_concerns_the_table_that_was_named_goes_before_others() -> None:
    (first,) = predict(CHECK_THEN_INSERT, tables={"counters"}, deliveries=2)
    assert first.schedule.constraints[0].after == name(1, "UPDATE", "counters")


def test_reads_alone_predict_nothing() -> None:
    reads = run(
        operation(0, name(1, "SELECT")),
        operation(1, name(2, "SELECT")),
    )
    assert predict(reads, deliveries=2) == ()


def test_operations_of_one_delivery_predict_nothing() -> None:
    alone = run(operation(0, name(1, "INSERT")), operation(1, name(1, "SELECT")))
    assert predict(alone, deliveries=2) == ()


def test_a_job_that_runs_while_its_request_goes_on_is_side_by_side_with_it() -> None:
    push, pull = name(1, "LPUSH", "jobs"), name(1, "BRPOP", "jobs")
    one = run(
        operation(0, push),
        operation(1, name(1, "COMMIT"), parent=0),
        replace(operation(2, pull, parent=0), process="worker.1"),
        replace(operation(3, name(1, "SELECT"), parent=2), process="worker.1"),
    )
    assert [each.schedule.constraints for each in predict(one, deliveries=1)] == [
        (Constraint(before=name(1, "SELECT"), after=name(1, "COMMIT")),)
    ]


def test_a_job_comes_after_what_led_to_it() -> None:
    one = run(
        operation(0, name(1, "COMMIT")),
        operation(1, name(1, "LPUSH", "jobs"), parent=0),
        replace(operation(2, name(1, "SELECT"), parent=1), process="worker.1"),
    )
    assert predict(one, deliveries=1) == ()


def test_housekeeping_predicts_nothing() -> None:
    ambient = Operation(
        index=0,
        name=name(1, "INSERT"),
        process="web",
        service="db",
        text="",
        fingerprint="",
        parent=None,
        ambient=True,
        touches=operation(0, name(1, "INSERT")).touches,
    )
    assert predict(run(ambient, operation(1, name(2, "SELECT"))), deliveries=2) == ()
