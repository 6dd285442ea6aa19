"""The lab is not made for one language: a Python system with a queue that no library made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import desk, helpers, lay_out

from redhanded.case.operation import OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab import Lab, open_lab
from redhanded.lab.natural import run_naturally
from redhanded.lab.shrink import flip
from redhanded.lab.trial import names_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("desk")
    with open_lab(desk(lay_out("desk", folder)), folder=folder / "lab") as opened:
        yield opened


def named(run: Run, task: str, kind: str) -> OperationName:
    return next(name for name in names_of(run) if (name.task, name.kind) == (task, kind))


def effects(run: Run) -> list[OperationName]:
    """Without what drivers do now and then on their own account, such as preparing a statement."""
    return [each.name for each in run.operations if each.touches and not each.ambient]


def early_look(lab: Lab) -> Schedule:
    serial = lab.serial()
    look, commit = named(serial, "delivery 2", "SELECT"), named(serial, "delivery 1", "COMMIT")
    return Schedule(constraints=(Constraint(before=look, after=commit),), deliveries=2)


def test_a_serial_run_repeats_itself(lab: Lab) -> None:
    runs = [lab.serial() for _ in range(5)]
    assert {run.answers for run in runs} == {(202, 200)}
    assert [effects(run) for run in runs] == [effects(runs[0])] * 5


def test_the_booking_is_traced_through_the_list(lab: Lab) -> None:
    run = lab.serial()
    (insert,) = [each for each in run.operations if each.name.kind == "INSERT"]
    kinds = []
    step = insert
    while step.parent is not None:
        step = run.operations[step.parent]
        kinds.append(step.name.kind)
    kinds = [kind for kind in kinds if kind not in ("BEGIN", "EMPTY")]
    assert kinds == ["BRPOP", "LPUSH", "SELECT", "POST"]
    assert insert.name.task == "delivery 1"


def test_the_forced_order_always_fails_and_the_flipped_one_never(lab: Lab) -> None:
    schedule = early_look(lab)
    runs = [lab.follow(schedule) for _ in range(10)]
    assert [(run.failed, run.followed.following) for run in runs] == [(True, "followed")] * 10
    (failure,) = runs[0].failures
    assert (failure.code, failure.table) == ("23505", "bookings")
    other_way, _ = flip(schedule, 0)
    assert not any(lab.follow(other_way).failed for _ in range(5))


def test_two_bookings_that_wait_belong_to_their_own_deliveries(lab: Lab) -> None:
    """Both values are in the list before a clerk takes the first."""
    serial = lab.serial()
    look = named(serial, "delivery 2", "SELECT")
    pick_up = named(serial, "delivery 1", "BRPOP")
    schedule = Schedule(constraints=(Constraint(before=look, after=pick_up),), deliveries=2)
    run = lab.follow(schedule)
    assert run.followed.following == "followed" and run.failed
    inserts = [each.name.task for each in run.operations if each.name.kind == "INSERT"]
    assert sorted(inserts) == ["delivery 1", "delivery 2"]


def test_who_takes_jobs_ahead_gets_none_while_another_one_is_idle(tmp_path: Path) -> None:
    """As Celery's workers do: what such a process does next would be taken for the job before."""
    system = desk(lay_out("desk", tmp_path))
    ahead = tuple(
        replace(each, env={**each.env, "AHEAD": "1"}) if each.name == "clerk" else each
        for each in system.processes
    )
    with open_lab(replace(system, processes=ahead), folder=tmp_path / "lab") as opened:
        schedule = early_look(opened)
        for _ in range(5):
            run = opened.follow(schedule)
            inserts = [each for each in run.operations if each.name.kind == "INSERT"]
            assert run.failed
            assert [each.name.task for each in inserts] == ["delivery 1", "delivery 2"]


def test_every_order_is_tried(lab: Lab) -> None:
    found = lab.explore(deliveries=2, bound=1, limit=200)
    assert found.exhausted and found.diverged == 0 and found.failing


def test_consumers_that_wait_for_ever_are_not_told_that_time_is_over(lab: Lab) -> None:
    """Going over to natural runs and back ends no process, and each consumer still works."""
    for trial in range(3):
        run_naturally(lab, name="log", trials=1, gaps_ms=[0.0], per_second=None, seed=trial)
        lab.reset()
        assert lab.running.died() is None
        assert not lab.running.traffic.waits_at_server()
        blocked = [held for held in lab.running.traffic.parked if held.kind == "BRPOP"]
        assert sorted(held.process for held in blocked) == ["clerk.1", "clerk.2"]


def test_a_natural_trial_is_over_when_those_who_work_on_it_wait_again(tmp_path: Path) -> None:
    """They are asleep meanwhile, as if there were nothing to do."""
    with open_lab(desk(lay_out("desk", tmp_path), care_s=0.2), folder=tmp_path / "lab") as opened:
        run_naturally(opened, name="slow", trials=3, gaps_ms=[0.0], per_second=None, seed=1)
        opened.reset()
        blocked = [held.process for held in opened.running.traffic.parked if held.kind == "BRPOP"]
        assert sorted(blocked) == ["clerk.1", "clerk.2"]
        assert opened.follow(early_look(opened)).failed


def test_left_to_itself_it_is_counted(lab: Lab) -> None:
    result = run_naturally(
        lab, name="simultaneous", trials=6, gaps_ms=[0.0], per_second=None, seed=1
    )
    assert 0 <= result.failures <= result.trials == 6
    assert lab.follow(early_look(lab)).failed


def test_with_nothing_in_between_a_system_runs_and_fails_by_itself(tmp_path: Path) -> None:
    """Processes reach the servers themselves: failures are counted, nothing else is recorded."""
    system = desk(lay_out("desk", tmp_path))
    with open_lab(system, folder=tmp_path / "lab", direct=True) as opened:
        natural = run_naturally(
            opened, name="direct", trials=20, gaps_ms=(0.0,), per_second=None, seed=1
        )
        seen = {held.kind for held in opened.running.traffic.done}
        server = opened.running.servers["books"].values(None)["port"]
        told = [program.environment for program in opened.running.programs.values()]
    assert natural.trials == 20
    assert natural.failures > 0
    assert "duplicate key" in natural.sample
    assert "INSERT" not in seen
    assert told and all(any(server in value for value in each.values()) for each in told)


def test_a_natural_trial_waits_for_the_database(tmp_path: Path) -> None:
    """All threads sleep and the consumer waits for the next job while a statement is under way."""
    with open_lab(helpers(lay_out("helpers", tmp_path)), folder=tmp_path / "lab") as lab:
        found = run_naturally(lab, name="one", trials=4, gaps_ms=(0.0,), per_second=None, seed=1)
    assert (found.trials, found.failures) == (4, 0), found.sample


def test_deliveries_after_an_answer_come_with_their_gaps(tmp_path: Path) -> None:
    """A clerk takes 0.2 s: two bookings of a room fail at the same instant, and not 1.5 s apart."""
    system = desk(lay_out("desk", tmp_path), care_s=0.2)
    (booking,) = system.workload
    other = replace(booking, name="first", body={"room": "other {unique}"}, deliveries=1)
    after = replace(system, workload=(other, replace(booking, deliveries=2, after="first")))
    with open_lab(after, folder=tmp_path / "lab") as lab:
        apart = run_naturally(lab, name="a", trials=2, gaps_ms=(1500.0,), per_second=None, seed=1)
    assert (apart.trials, apart.failures) == (2, 0), apart.sample
