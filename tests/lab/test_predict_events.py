"""A serial run says what the environment may do to it, and where that may matter."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest
from made import touch
from made_runs import begin, command, commit, look, put, read, serial, sql, write

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import FAULT_KINDS, Constraint, EventKind
from redhanded.lab.lock_scripts import LEASE, LOCK
from redhanded.lab.patterns import Prediction
from redhanded.lab.predict import predict
from redhanded.lab.predict_events import predict_events, predict_faults, predict_timers

Task = Callable[[int], list[Operation]]
HELD = touch("lease", "write", "cache")
TAKE = "SET lease me PX 300 NX"


def under(
    task: int, *work: Operation, take: str = TAKE, give: str = "DEL lease"
) -> list[Operation]:
    return [command(task, take, HELD), *work, command(task, give, HELD)]


def counted(task: int) -> list[Operation]:
    return under(task, look(task), put(task))


def events(task: Task) -> tuple[Prediction, ...]:
    return predict_events(serial(task(1), task(2)), deliveries=2)


# Leases.


def test_a_lease_ends_between_the_look_and_the_act_of_its_holder() -> None:
    (found,) = events(counted)
    assert found.pattern == "lease ends"
    (event,) = found.schedule.events
    assert (event.kind, event.service, event.target) == ("lease ended", "cache", "lease")
    assert event.at == look(1).name
    assert found.schedule.constraints == (Constraint(before=look(2).name, after=put(1).name),)


def scripted(mark: str) -> Task:
    """A lock that a script takes, and a script gives back."""

    def task(number: int) -> list[Operation]:
        operations = under(number, look(number), put(number), take="EVALSHA a1", give="EVALSHA b2")
        taking = operations[0]
        kind = replace(taking.name, kind="EVALSHA a1")
        return [replace(taking, name=kind, fingerprint=f"EVALSHA a1 {mark}"), *operations[1:]]

    return task


def test_a_script_that_takes_a_lease_is_one() -> None:
    run = serial(scripted(LEASE)(1), scripted(LEASE)(2))
    assert predict(run, deliveries=2) == ()
    assert [each.pattern for each in events(scripted(LEASE))] == ["lease ends"]


def test_a_script_that_takes_a_lock_keeps_apart_and_does_not_end() -> None:
    run = serial(scripted(LOCK)(1), scripted(LOCK)(2))
    assert predict(run, deliveries=2) == ()
    assert events(scripted(LOCK)) == ()


def test_any_other_script_keeps_nothing_apart() -> None:
    run = serial(scripted("")(1), scripted("")(2))
    assert [each.pattern for each in predict(run, deliveries=2)] == ["stale read"]
    assert events(scripted("")) == ()


def without_lifetime(task: int) -> list[Operation]:
    return under(task, look(task), put(task), take="SET lease me NX")


def without_condition(task: int) -> list[Operation]:
    return under(task, look(task), put(task), take="SET lease me PX 300")


def given_back_too_soon(task: int) -> list[Operation]:
    return [*under(task, look(task)), put(task)]


def of_another_key(task: int) -> list[Operation]:
    """Each has a lease of its own, which keeps nothing apart that could meet."""
    own = touch(f"lease {task}", "write", "cache")
    taking, *work, giving = counted(task)
    return [replace(taking, touches=(own,)), *work, replace(giving, touches=(own,))]


def with_a_row_lock_too(task: int) -> list[Operation]:
    text = "SELECT n FROM seats FOR UPDATE"
    lock = sql(task, "SELECT", text, read(), write(), transaction=task)
    return under(task, begin(task), lock, put(task, task), commit(task))


def that_only_reads(task: int) -> list[Operation]:
    return under(task, look(task))


NO_LEASE = [
    without_lifetime, without_condition, given_back_too_soon, of_another_key,
    with_a_row_lock_too, that_only_reads,
]  # fmt: skip


@pytest.mark.parametrize("task", NO_LEASE, ids=lambda task: task.__name__)
def test_no_end_of_a_lease_is_predicted_where_it_does_not_matter(task: Task) -> None:
    assert events(task) == ()


# Overlaps.

LOOKS = "INSERT INTO seats SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM seats WHERE id = 1)"


def insert(task: int, text: str = LOOKS, transaction: int | None = None) -> Operation:
    return sql(task, "INSERT", text, write(), read(), transaction=transaction)


def test_two_statements_that_look_and_write_may_overlap() -> None:
    (found,) = events(lambda task: [insert(task)])
    assert found.pattern == "overlap in a statement"
    (event,) = found.schedule.events
    assert (event.kind, event.at, event.other) == ("overlap", insert(1).name, insert(2).name)
    assert found.schedule.constraints == ()


def with_on_conflict(task: int) -> list[Operation]:
    return [insert(task, f"{LOOKS} ON CONFLICT (id) DO UPDATE SET n = 2")]


def in_a_transaction(task: int) -> list[Operation]:
    return [begin(task), insert(task, transaction=task), commit(task)]


def under_an_advisory_lock(task: int) -> list[Operation]:
    key = touch("advisory lock", "write", **{"key 1": "7"})
    lock, unlock = (
        sql(task, "SELECT", f"SELECT pg_advisory_{what}(7)", key) for what in ("lock", "unlock")
    )
    return [lock, insert(task), unlock]


def that_does_not_look(task: int) -> list[Operation]:
    return [insert(task, "INSERT INTO seats VALUES (1)")]


def of_other_rows(task: int) -> list[Operation]:
    mine = f"row {task}"
    return [replace(insert(task), touches=(write(mine), read(mine)))]


def under_a_lease(task: int) -> list[Operation]:
    return under(task, insert(task))


NO_OVERLAP = [
    with_on_conflict, in_a_transaction, under_an_advisory_lock, that_does_not_look,
    of_other_rows, under_a_lease,
]  # fmt: skip


@pytest.mark.parametrize("task", NO_OVERLAP, ids=lambda task: task.__name__)
def test_no_overlap_is_predicted_where_none_can_be(task: Task) -> None:
    found = [each for each in events(task) if each.pattern == "overlap in a statement"]
    assert found == []


# Faults.


def faults(run: Run, *kinds: EventKind) -> list[tuple[str, str]]:
    """Kinds and the operations at which they are tried, in their order."""
    found = predict_faults(run, kinds, deliveries=1)
    assert all(len(each.schedule.parts) == 1 for each in found)
    placed = [each.schedule.events[0] for each in found]
    return [(event.kind, f"{event.at.kind} {event.at.target}") for event in placed]


def store(key: str) -> Operation:
    return command(1, f"SET {key} 1", touch(key, "write", "cache"))


def test_two_writes_of_the_same_key_go_first() -> None:
    run = serial([store("other"), store("key"), replace(store("key"), text="SET key 2"), put(1)])
    assert faults(run, "process killed") == [
        ("process killed", "SET key"),
        ("process killed", "SET other"),
    ]


def test_what_does_not_happen_leaves_alone_what_came_before() -> None:
    """A connection that breaks first changes nothing; a transaction that is refused is undone."""
    run = serial([store("key"), put(1)])
    assert faults(run, "connection reset") == [("connection reset", "UPDATE seats")]
    alone = serial([begin(1, "ISOLATION LEVEL SERIALIZABLE"), put(1, 1), commit(1)])
    assert faults(alone, "serialization failure") == []


def test_only_what_may_happen_is_tried() -> None:
    run = serial([store("key"), put(1)])
    assert faults(run) == []
    assert faults(run, "reply lost") == [("reply lost", "SET key")]
    assert faults(run, "delivered twice") == [("delivered twice", "POST /book")]
    tried = {kind for kind, _ in faults(run, *FAULT_KINDS)}
    assert tried == {"process killed", "reply lost", "connection reset", "writes lost",
                     "delivered twice"}  # fmt: skip


def test_nothing_comes_between_the_parts_of_a_transaction_but_before_its_commit() -> None:
    other = sql(1, "UPDATE", "UPDATE rows SET n = 1", touch("rows", "write"), transaction=1)
    run = serial([begin(1), put(1, 1), other, commit(1)])
    assert ("process killed", "UPDATE seats") in faults(run, "process killed")
    (found, *_) = predict_faults(run, ["process killed"], deliveries=1)
    assert run.operations[found.second].name.kind == "COMMIT"


def test_after_the_last_effect_nothing_is_tried() -> None:
    assert faults(serial([look(1), put(1)]), "process killed", "reply lost") == []


def levels(level: str) -> Run:
    return serial([store("key"), begin(1, level), put(1, 1), commit(1)])


@pytest.mark.parametrize(
    ("level", "expected"),
    [("", set()), ("ISOLATION LEVEL SERIALIZABLE", {"UPDATE seats", "COMMIT seats"})],
)
def test_no_serialization_fails_at_read_committed(level: str, expected: Collection[str]) -> None:
    found = {place for _, place in faults(levels(level), "serialization failure")}
    assert found == set(expected)


def test_a_deadlock_needs_a_lock_that_is_held() -> None:
    second = sql(1, "UPDATE", "UPDATE rows SET n = 1", touch("rows", "write"), transaction=1)
    run = serial([store("key"), begin(1), put(1, 1), second, commit(1)])
    assert faults(run, "deadlock victim") == [("deadlock victim", "UPDATE rows")]


def test_a_timer_is_tried_first_where_most_is_written_at_once() -> None:
    end = command(
        1,
        "EVALSHA e1",
        *(touch(key, "write", "cache") for key in ("active", "lock", "job")),
    )
    found = predict_timers(serial([store("key"), end, look(1)]), deliveries=1)
    assert [each.schedule.events[0].at.kind for each in found] == ["EVALSHA", "SET"]
    assert {each.pattern for each in found} == {"timer meanwhile"}
