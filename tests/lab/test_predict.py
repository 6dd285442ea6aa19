"""A serial run says which orders may fail: those that no serial run gives and nothing forbids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import name, touch
from made_runs import KEY, begin, command, commit, look, put, read, serial, sql, write

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint
from redhanded.lab.predict import Prediction, predict


def predicted(run: Run, **options: bool) -> tuple[Prediction, ...]:
    return predict(run, deliveries=2, locks=options.get("locks", False))


# What is predicted.


def test_a_lost_update_is_one_constraint() -> None:
    (found,) = predicted(serial([look(1), put(1)], [look(2), put(2)]))
    assert found.pattern == "stale read"
    assert found.schedule.constraints == (Constraint(before=look(2).name, after=put(1).name),)


def test_a_check_is_predicted_though_the_second_found_the_work_done() -> None:
    insert = sql(1, "INSERT", "INSERT INTO seats VALUES (1)", write())
    (found,) = predicted(serial([look(1), insert], [look(2)]))
    assert found.schedule.constraints == (Constraint(before=look(2).name, after=insert.name),)


def test_what_is_written_in_a_transaction_is_seen_from_its_commit_on() -> None:
    tasks = [[begin(n), look(n, n), put(n, n), commit(n)] for n in (1, 2)]
    (found,) = predicted(serial(*tasks))
    assert found.schedule.constraints[0].after.kind == "COMMIT"


def test_write_skew_is_predicted_below_serializable() -> None:
    def task(number: int) -> list[Operation]:
        both = sql(
            number, "SELECT", "SELECT * FROM seats", touch("seats", "read"), transaction=number
        )
        mine = replace(put(number, number), touches=(write(f"row {number}"),))
        level = "ISOLATION LEVEL REPEATABLE READ"
        return [begin(number, level), both, mine, commit(number, write(f"row {number}"))]

    assert [found.pattern for found in predicted(serial(task(1), task(2)))] == ["stale read"]


def test_a_snapshot_does_not_keep_two_new_rows_apart() -> None:
    insert = sql(1, "INSERT", "INSERT INTO seats VALUES (1)", write(), transaction=1)
    level = "ISOLATION LEVEL REPEATABLE READ"
    first = [begin(1, level), look(1, 1), insert, commit(1)]
    (found,) = predicted(serial(first, [begin(2, level), look(2, 2)]))
    assert found.pattern == "stale read"


def test_a_late_act_of_another_request_takes_two_constraints() -> None:
    change = [sql(1, "UPDATE", "UPDATE prices SET n = 1", touch("prices", "write"))]
    change.append(command(1, f"DEL {KEY}", touch(KEY, "write", "cache")))
    fill = [sql(2, "SELECT", "SELECT n FROM prices", touch("prices", "read"))]
    fill.append(command(2, f"SET {KEY} 1", touch(KEY, "write", "cache")))
    run = serial(change, fill)
    other = replace(run.operations[3], name=name(2, "POST", "/prices"))
    operations = (*run.operations[:3], other, *run.operations[4:])
    (found,) = predicted(Run(operations=operations))
    assert found.pattern == "late act"
    assert [str(each) for each in found.schedule.constraints] == [
        "delivery 2: web SELECT prices  →  delivery 1: web UPDATE prices",
        "delivery 1: web DEL cart  →  delivery 2: web SET cart",
    ]


def test_a_late_act_that_one_connection_would_make_an_early_read_is_none() -> None:
    """Ordered by what leads to them, the change would be read."""
    change = [sql(1, "UPDATE", "UPDATE prices SET n = 1", touch("prices", "write"))]
    change.append(command(1, f"DEL {KEY}", touch(KEY, "write", "cache")))
    fill = [sql(2, "SELECT", "SELECT n FROM prices", touch("prices", "read"))]
    fill.append(command(2, f"SET {KEY} 1", touch(KEY, "write", "cache")))
    operations = list(serial(change, fill).operations)
    operations[3] = replace(operations[3], name=name(2, "POST", "/prices"))
    shared = [
        replace(each, connection=7) if each.name.protocol == "redis" else each
        for each in operations
    ]
    assert predicted(Run(operations=tuple(shared))) == ()


def test_on_one_connection_what_leads_there_is_ordered() -> None:
    def task(number: int) -> list[Operation]:
        get = command(number, f"GET {KEY}", touch(KEY, "read", "cache"))
        put_ = command(number, f"SET {KEY} 1", touch(KEY, "write", "cache"))
        return [replace(each, connection=7) for each in (get, put_)]

    (found,) = predicted(serial(task(1), task(2)))
    (constraint,) = found.schedule.constraints
    assert (constraint.before.kind, constraint.after.kind) == ("POST", "GET")


def test_a_job_that_does_not_wait_for_what_queued_it() -> None:
    done = commit(1)
    job = replace(look(1), process="worker.1")
    operations = serial([put(1, 1), done]).operations
    early = replace(job, index=3, parent=1)
    (found,) = predicted(Run(operations=(*operations, early)))
    assert found.pattern == "race within a task"
    assert found.schedule.constraints == (Constraint(before=job.name, after=done.name),)


def test_opposite_locks() -> None:
    def rows(task: int, *order: str) -> list[Operation]:
        return [
            replace(put(task, task), touches=(write(row),), name=name(task, "UPDATE", nth=place))
            for place, row in enumerate(order, 1)
        ]

    (found,) = predicted(serial(rows(1, "a", "b"), rows(2, "b", "a")))
    assert found.pattern == "opposite locks"
    assert [str(each) for each in found.schedule.constraints] == [
        "delivery 2: web UPDATE seats  →  delivery 1: web UPDATE seats #2"
    ]
    assert predicted(serial(rows(1, "a", "b"), rows(2, "a", "b"))) == ()


def test_a_refused_lock_is_predicted_where_the_symptom_speaks_of_locks() -> None:
    tasks = [locked_section(number) for number in (1, 2)]
    assert predicted(serial(*tasks)) == ()
    (found,) = predicted(serial(*tasks), locks=True)
    assert found.pattern == "lock is taken"


def locked_section(task: int) -> list[Operation]:
    lock = touch("lock", "write", "cache")
    return [
        command(task, "SET lock me PX 300 NX", lock),
        look(task),
        put(task),
        command(task, "DEL lock", lock),
    ]


# What is not.


def guarded(task: int) -> list[Operation]:
    text = "UPDATE seats SET n = n - 1 WHERE id = 1 AND n > 0"
    return [look(task), replace(put(task), text=text)]


def never_twice(task: int) -> list[Operation]:
    text = "INSERT INTO seats VALUES (1) ON CONFLICT (id) DO NOTHING"
    return [look(task), sql(task, "INSERT", text, write())]


def added(task: int) -> list[Operation]:
    return [replace(put(task), text="UPDATE seats SET n = n - 1 WHERE id = 1")]


def counted(task: int) -> list[Operation]:
    return [command(task, "INCR n", touch("n", "write", "cache"), touch("n", "read", "cache"))]


def row_locked(task: int) -> list[Operation]:
    text = "SELECT n FROM seats FOR UPDATE"
    lock = sql(task, "SELECT", text, read(), write(), transaction=task)
    return [begin(task), lock, put(task, task), commit(task)]


def advisory(task: int) -> list[Operation]:
    key = touch("advisory lock", "write", **{"key 1": "7"})
    text = "SELECT pg_advisory_xact_lock(7)"
    lock = replace(sql(task, "SELECT", text, key, transaction=task))
    return [
        begin(task),
        replace(lock, name=replace(lock.name, access="write")),
        look(task, task),
        put(task, task),
        commit(task),
    ]


def serializable(task: int) -> list[Operation]:
    level = "ISOLATION LEVEL SERIALIZABLE"
    return [begin(task, level), look(task, task), put(task, task), commit(task)]


def snapshot(task: int) -> list[Operation]:
    level = "ISOLATION LEVEL REPEATABLE READ"
    return [begin(task, level), look(task, task), put(task, task), commit(task)]


def only_if_free(task: int) -> list[Operation]:
    get = command(task, f"GET {KEY}", touch(KEY, "read", "cache"))
    put_ = command(task, f"SET {KEY} 1 NX", touch(KEY, "write", "cache"))
    return [get, put_]


def watched(task: int) -> list[Operation]:
    key = touch(KEY, "read", "cache")
    return [
        command(task, f"WATCH {KEY}", key),
        command(task, f"GET {KEY}", key),
        command(task, "MULTI; SET cart 1", touch(KEY, "write", "cache"), key),
    ]


def scripted(task: int) -> list[Operation]:
    key = touch(KEY, "read", "cache")
    return [
        command(task, f"GET {KEY}", key),
        command(task, "EVALSHA a1b2", touch(KEY, "write", "cache"), key),
    ]


def only_reads(task: int) -> list[Operation]:
    return [look(task)]


SAFE = [
    guarded, never_twice, added, counted, row_locked, advisory, serializable, snapshot,
    locked_section, only_if_free, watched, scripted, only_reads,
]  # fmt: skip


@pytest.mark.parametrize("task", SAFE, ids=lambda task: task.__name__)
def test_nothing_is_predicted_of_a_safe_pattern(task: object) -> None:
    assert callable(task)
    assert predicted(serial(task(1), task(2))) == ()


def test_one_delivery_alone_and_housekeeping_predict_nothing() -> None:
    assert predicted(serial([look(1), put(1)])) == ()
    kept = [replace(each, ambient=True) for each in (look(2), put(2))]
    assert predicted(serial([look(1)], kept)) == ()


def test_what_concerns_the_table_that_was_named_goes_first() -> None:
    def task(number: int) -> list[Operation]:
        other = [
            sql(number, "SELECT", "SELECT n FROM rows", touch("rows", "read")),
            sql(number, "UPDATE", "UPDATE rows SET n = 1", touch("rows", "write")),
        ]
        return [look(number), put(number), *other]

    for table in ("seats", "rows"):
        first, *_ = predict(serial(task(1), task(2)), tables={table}, deliveries=2)
        assert first.schedule.constraints[0].after.target == table


def test_what_would_come_before_the_answer_that_it_waits_for_is_left_out() -> None:
    run = serial([look(1), put(1)], [look(2), put(2)])
    asked = [
        replace(each, service="web" if each.name.protocol == "delivery" else each.service)
        for each in run.operations
    ]
    answered_first = Run(operations=tuple(asked))
    assert len(predict(answered_first, deliveries=2)) == 1
    assert predict(answered_first, deliveries=2, after={"delivery 2": "delivery 1"}) == ()
