"""Work that waits for a timer is done in lab time: nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from delayed_systems import postponed, reminders
from small_systems import lay_out, pauses

from redhanded.case.errors import LabError
from redhanded.case.run import Run
from redhanded.lab import Lab, open_lab

DELAY_MS = 60_000
REAL_MS = float(DELAY_MS)
"""Whoever waited by the machine's clock would need more."""


@pytest.fixture(scope="module", params=["bull", "bullmq"])
def delayed(
    request: pytest.FixtureRequest, node_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("delayed")
    root = lay_out("reminders", folder, node_packages)
    with open_lab(reminders(root, request.param), folder=folder / "lab") as opened:
        yield opened


def waited_ms(lab: Lab, database: str = "db") -> list[float]:
    """How long after it was asked for each reminder came, as the processes' clocks tell."""
    admin = lab.running.servers[database].admin
    assert admin is not None
    asked = admin.execute("SELECT at_ms FROM asked ORDER BY at_ms").fetchall()
    reminded = admin.execute("SELECT at_ms FROM reminded ORDER BY at_ms").fetchall()
    assert len(asked) == len(reminded) == 2
    return [float(late[0] - early[0]) for early, late in zip(asked, reminded, strict=True)]


def inserts(run: Run) -> list[str]:
    return [
        f"{each.name.role} {each.name.target}"
        for each in run.operations
        if each.name.kind == "INSERT"
    ]


DONE = ["web asked", "web asked", "worker reminded", "worker reminded"]


def test_a_delayed_job_is_done_in_the_trial(delayed: Lab) -> None:
    offsets = []
    for _ in range(3):
        run = delayed.serial()
        assert run.duration_ms < REAL_MS
        assert inserts(run) == DONE
        assert all(DELAY_MS <= each < DELAY_MS + 2_000 for each in waited_ms(delayed))
        assert delayed.running.clock is not None
        offsets.append(delayed.running.clock.offset_ns)
    assert offsets == sorted(offsets) and offsets[0] > DELAY_MS * 1_000_000


@pytest.mark.parametrize("library", ["bull", "bullmq"])
def test_trials_stay_alike_although_time_goes_on(
    library: str, node_packages: Path, tmp_path: Path
) -> None:
    """One delivery: of two jobs that are due within milliseconds, one may be late for the other."""
    system = reminders(lay_out("reminders", tmp_path, node_packages), library)
    alone = replace(system, workload=(replace(system.workload[0], deliveries=1),))
    with open_lab(alone, folder=tmp_path / "lab") as lab:
        for _ in range(3):
            assert lab.serial().moved_ms > DELAY_MS
        assert lab.check_isolation()
        assert lab.isolation.checks and not lab.isolation.drifted


def test_the_clock_is_moved_by_hand_between_trials(delayed: Lab) -> None:
    clock = delayed.running.clock
    assert clock is not None
    before = clock.offset_ms
    due = clock.next_due_ms()
    assert due is not None
    delayed.running.advance_clock(due)
    delayed.stage.settle()
    assert clock.offset_ms >= before + due
    assert inserts(delayed.serial()) == DONE


def test_new_processes_have_the_time_of_the_old_ones(delayed: Lab) -> None:
    delayed.restart()
    assert inserts(delayed.serial()) == DONE


def test_nothing_of_the_clock_is_left(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    with open_lab(reminders(root, "bull"), folder=tmp_path / "lab"):
        (place,) = (tmp_path / "lab").glob("clock-*")
        assert {"offset", "socket"} <= {path.name for path in place.iterdir()}
    assert not list((tmp_path / "lab").glob("clock*"))


def test_what_was_moved_and_what_cannot_be_is_said(delayed: Lab) -> None:
    delayed.serial()
    limits = " ".join(delayed.limits)
    assert "PostgreSQL's now()" in limits and "Redis" in limits
    assert "Lab time was moved in" in limits
    assert "not on the lab's clock" not in limits


@pytest.mark.parametrize("library", ["bull", "bullmq"])
def test_a_job_that_failed_is_tried_again_after_its_back_off(
    library: str, node_packages: Path, tmp_path: Path
) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    with open_lab(reminders(root, library, retry="always"), folder=tmp_path / "lab") as lab:
        run = lab.serial()
        assert inserts(run) == DONE
        assert run.duration_ms < REAL_MS
        assert all(DELAY_MS <= each < DELAY_MS + 7_000 for each in waited_ms(lab))


def test_only_a_trial_in_which_something_is_left_to_do_goes_on(
    node_packages: Path, tmp_path: Path
) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    system = reminders(root, "bull", retry="overtaken")
    with open_lab(system, folder=tmp_path / "lab") as lab:
        run = lab.serial()
        assert "worker reminded" in inserts(run)
        assert run.moved_ms == 0
        run = lab.hold("SELECT", "asked", task="delivery 1")
        assert inserts(run) == DONE
        assert run.duration_ms < REAL_MS
        assert max(waited_ms(lab)) > DELAY_MS
        assert run.moved_ms > DELAY_MS
        assert lab.serial().moved_ms == 0


def test_a_request_that_sleeps_is_answered_at_once(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    with open_lab(reminders(root, "bull", path="/naps"), folder=tmp_path / "lab") as lab:
        run = lab.serial()
        assert run.answers == (201, 201)
        assert not run.failures
        assert run.duration_ms < REAL_MS


def test_a_celery_task_with_a_countdown_is_done_in_the_trial(tmp_path: Path) -> None:
    with open_lab(postponed(lay_out("postponed", tmp_path)), folder=tmp_path / "lab") as lab:
        run = lab.serial()
        assert run.answers == (202, 202)
        assert run.duration_ms < REAL_MS
        # Celery looks at its timers every second or two.
        assert all(DELAY_MS - 1_000 < each < DELAY_MS + 5_000 for each in waited_ms(lab, "books"))
        assert "not on the lab's clock" not in " ".join(lab.limits)


def test_a_pause_costs_nothing_and_orders_stay_the_same(
    node_packages: Path, tmp_path: Path
) -> None:
    root = lay_out("pauses", tmp_path, node_packages)
    system = replace(pauses(root, pause_ms=400), clock="lab")
    with open_lab(system, folder=tmp_path / "lab") as lab:
        runs = [lab.serial() for _ in range(3)]
        kinds = [[each.name.kind for each in run.operations if not each.ambient] for run in runs]
        assert kinds == [["POST", "GET", "SELECT", "INSERT", "POST", "GET", "SELECT"]] * 3
        assert min(run.duration_ms for run in runs) < 400
        found = lab.explore(deliveries=2)
        assert found.exhausted and found.diverged == 0 and found.failing


def test_without_lab_time_no_clock_is_touched(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    with open_lab(replace(reminders(root, "bull"), clock="real"), folder=tmp_path / "lab") as lab:
        run = lab.serial()
        assert inserts(run) == DONE[:2]
        for program in lab.running.programs.values():
            assert "REDHANDED_CLOCK" not in program.environment
            assert "clock.cjs" not in program.environment["NODE_OPTIONS"]
        assert not list((tmp_path / "lab").glob("clock*"))
        assert not any("Lab time" in limit for limit in lab.limits)
        with pytest.raises(LabError, match=r'clock = "lab"'):
            lab.running.advance_clock(1_000)


def test_a_child_without_the_environment_is_named(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("reminders", tmp_path, node_packages)
    (root / "alone.js").write_text(
        "require('child_process').spawn('sleep', ['1000'], { env: {} }); require('./worker.js');"
    )
    system = reminders(root, "bull")
    worker = replace(system.processes[1], command="node alone.js")
    system = replace(system, processes=(system.processes[0], worker))
    with open_lab(system, folder=tmp_path / "lab") as lab:
        assert inserts(lab.serial()) == DONE
        (named,) = (limit for limit in lab.limits if "not on the lab's clock" in limit)
        assert "sleep 1000 (of worker)" in named
