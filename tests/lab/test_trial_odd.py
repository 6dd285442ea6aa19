"""Systems that misbehave: each is named for what it does, and nothing of it is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, odd, request, tickets

from redhanded.case.errors import LabError
from redhanded.case.run import Run
from redhanded.case.system import Service, System
from redhanded.lab import Lab, natural, open_lab, open_services, resting, stage
from redhanded.lab.services import descendants, is_alive


@pytest.fixture
def root(node_packages: Path, tmp_path: Path) -> Path:
    return lay_out("odd", tmp_path, node_packages)


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that never answers or never rests is given up soon."""
    monkeypatch.setattr(stage, "ANSWER_TIMEOUT_MS", 200.0)
    monkeypatch.setattr(resting, "REST_TIMEOUT_MS", 500.0)


def test_what_is_still_under_way_after_a_paced_run_is_ended_with_its_processes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would hold rows of the next trial."""
    monkeypatch.setattr(natural, "SETTLE_LIMIT_S", 0.3)
    with opened(odd(root, "/never"), tmp_path) as lab:
        first = lab.running.programs["web"].launched.pid
        run = natural.run_naturally(
            lab, name="log", trials=2, gaps_ms=[0.0], per_second=50.0, seed=1
        )
        assert "was ended with its processes" in run.how
        assert lab.running.programs["web"].launched.pid != first
        lab.system = replace(lab.system, workload=(request("/health"),))
        again = natural.run_naturally(
            lab, name="log", trials=2, gaps_ms=[0.0], per_second=50.0, seed=1
        )
        assert "was ended" not in again.how
        assert not lab.serial().failed


@contextmanager
def opened(system: System, folder: Path) -> Iterator[Lab]:
    with open_lab(system, folder=folder / "lab") as lab:
        yield lab


def test_an_outside_address_is_named_and_not_reached(root: Path, tmp_path: Path) -> None:
    with opened(odd(root, "/outside"), tmp_path) as lab:
        if not lab.running.namespace.isolated:
            pytest.skip(lab.running.namespace.why)
        run = lab.serial()
        assert "198.51.100.7:80" in run.egress
        assert any("api.example.test" in address for address in run.egress)
        lab.system = replace(lab.system, workload=(request("/health"),))
        assert lab.serial().egress == ()


def test_a_busy_loop_is_said_not_to_rest(root: Path, tmp_path: Path, short_waits: None) -> None:
    with opened(odd(root, "/busy"), tmp_path) as lab:
        run = lab.serial()
        assert not run.quiescent


def test_a_request_without_answer_is_a_failure_that_names_it(
    root: Path, tmp_path: Path, short_waits: None
) -> None:
    with opened(odd(root, "/never"), tmp_path) as lab:
        run = lab.serial()
        (failure,) = run.failures
        assert failure.kind == "status"
        assert "delivery 1" in failure.text and "no answer" in failure.text
        assert run.answers == (0, 0)


def test_a_process_that_exits_at_start_ends_in_its_last_words(root: Path, tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught, opened(odd(root, at_start="exit"), tmp_path):
        pass
    assert "web ended with exit code 7" in str(caught.value)
    assert "the licence has expired" in str(caught.value)


def test_a_process_that_exits_during_a_trial_ends_in_its_last_words(
    root: Path, tmp_path: Path, short_waits: None
) -> None:
    with opened(odd(root), tmp_path) as lab:
        lab.system = replace(lab.system, workload=(request("/exit"),))
        (failure,) = lab.serial().failures
        assert failure.kind == "status" and "the licence has expired" in failure.text
        with pytest.raises(LabError) as caught:
            lab.serial()
    assert "web ended with exit code 7" in str(caught.value)
    assert "the licence has expired" in str(caught.value)


def test_a_failing_migration_ends_in_its_last_lines(root: Path, tmp_path: Path) -> None:
    service = Service(
        name="db", kind="postgres", env={"DB": "{url}"}, migrate="echo no such table; exit 3"
    )
    wanted = r"(?s)migration.*`db`.*exit code 3.*no such table"
    system = replace(odd(root), services=(service,))
    with pytest.raises(LabError, match=wanted), opened(system, tmp_path):
        pass


def test_nothing_is_left_when_a_lab_closes(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("tickets", tmp_path, node_packages)
    before = descendants(os.getpid())
    with opened(tickets(root, "bull"), tmp_path) as lab:
        lab.serial()
        born = set(descendants(os.getpid())) - set(before)
        mine = {program.launched.pid for program in lab.running.programs.values()}
        assert mine < born and len(born) >= len(mine) + 3
    assert not [pid for pid in born if is_alive(pid)]


def test_nothing_is_left_after_an_interrupt(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("tickets", tmp_path, node_packages)
    before = descendants(os.getpid())
    born: set[int] = set()

    def interrupt(_number: int, _run: Run) -> bool:
        born.update(set(descendants(os.getpid())) - set(before))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), opened(tickets(root, "bull"), tmp_path) as lab:
        lab.explore(deliveries=2, on_run=interrupt)
    assert len(born) >= 6 and not [pid for pid in born if is_alive(pid)]


def test_nothing_is_left_after_an_interrupt_at_start(node_packages: Path, tmp_path: Path) -> None:
    root = lay_out("tickets", tmp_path, node_packages)
    before = descendants(os.getpid())
    born: set[int] = set()

    def say(sentence: str) -> None:
        born.update(set(descendants(os.getpid())) - set(before))
        if sentence.startswith("waiting until printer.2"):
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        open_lab(tickets(root, "bull"), folder=tmp_path / "lab", say=say),
    ):
        pass
    assert len(born) >= 5 and not [pid for pid in born if is_alive(pid)]


def test_services_without_processes_run_commands_on_fresh_rows(
    node_packages: Path, tmp_path: Path
) -> None:
    root = lay_out("tickets", tmp_path, node_packages)
    script = (
        "node -e \"const {insert} = require('./store');"
        "insert('first-of-the-day').then(() => {console.log('kept'); process.exit()},"
        '(error) => {console.log(error.message); process.exit(4)})"'
    )
    with open_services(tickets(root, "bull"), folder=tmp_path / "services") as services:
        first = services.run(script)
        again = services.run(script)
    assert (first.code, first.lines) == (0, ("kept",))
    assert (again.code, again.lines) == (0, ("kept",))


def test_a_command_that_fails_gives_its_code_and_lines(root: Path, tmp_path: Path) -> None:
    with open_services(odd(root), folder=tmp_path / "services") as services:
        finished = services.run("echo one; echo two >&2; exit 5")
        endless = services.run("exec sleep 60", timeout_s=0.3)
    assert finished.code == 5 and sorted(finished.lines) == ["one", "two"]
    assert endless.code is None
