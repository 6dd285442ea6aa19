"""A later trial behaves as the first one, or the lab says so and starts new processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made import name, operation
from small_systems import habits, lay_out

from redhanded.case.operation import OperationName
from redhanded.case.run import Run
from redhanded.lab import isolation, open_lab
from redhanded.lab.isolation import Behaviour, Isolation
from redhanded.lab.services import is_alive


@pytest.fixture
def root(node_packages: Path, tmp_path: Path) -> Path:
    return lay_out("habits", tmp_path, node_packages)


def kinds(run: Run) -> list[str]:
    return [each.name.kind for each in run.operations if not each.ambient]


def test_a_system_that_goes_on_as_it_began_is_left_running(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "CHECK_EVERY", 5)
    with open_lab(habits(root, after=10**6), folder=tmp_path / "lab") as lab:
        pid = lab.running.programs["web"].launched.pid
        runs = [lab.serial() for _ in range(12)]
        assert lab.isolation.checks == 2 and not lab.isolation.restarts
        assert lab.running.programs["web"].launched.pid == pid
        assert {tuple(kinds(run)) for run in runs} == {("POST", "SELECT", "UPDATE") * 2}
        assert any("memory is carried over" in limit for limit in lab.limits)


def test_a_system_that_changes_with_time_gets_new_processes_before_every_trial(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "CHECK_EVERY", 5)
    with open_lab(habits(root, after=8), folder=tmp_path / "lab") as lab:
        before = lab.running.programs["web"].launched.pid
        drifted = [lab.serial() for _ in range(5)]
        assert kinds(drifted[-1]) == ["POST", "UPDATE"] * 2
        again = [lab.serial() for _ in range(3)]
        assert [kinds(run) for run in again] == [["POST", "SELECT", "UPDATE"] * 2] * 3
        assert lab.isolation.restarts
        assert not is_alive(before)
        said = " ".join(lab.limits)
        assert "started anew before every trial" in said
        assert "UPDATE" in said and "had come" in said


def behaviour(*kinds: str, answers: tuple[int, ...] = (200,), failed: bool = False) -> Behaviour:
    names = tuple(
        OperationName(
            task="delivery 1",
            role="web",
            protocol="postgres",
            kind=kind,
            target="pages",
            access="read",
            occurrence=1,
        )
        for kind in kinds
    )
    return Behaviour(names=names, answers=answers, failed=failed)


def test_the_first_difference_is_named() -> None:
    first = behaviour("SELECT", "UPDATE")
    assert first.difference(behaviour("SELECT", "UPDATE")) == ""
    assert first.difference(behaviour("SELECT")).startswith("nothing came where")
    assert "DELETE pages" in first.difference(behaviour("SELECT", "DELETE"))
    assert first.difference(behaviour("SELECT", "UPDATE", answers=(500,))) == (
        "it answered 500 instead of 200"
    )
    assert first.difference(behaviour("SELECT", "UPDATE", failed=True)) == "it failed"


def test_nothing_is_checked_before_there_is_a_first_run() -> None:
    assert not Isolation().due(10**6)


def test_what_touches_no_table_is_no_difference() -> None:
    work = operation(0, name(1, "INSERT"))
    prepared = replace(operation(1, name(1, "EMPTY")), touches=())
    alone, beside = (Behaviour.of(Run(operations=seen)) for seen in ((work,), (work, prepared)))
    assert alone.difference(beside) == ""
    request = operation(1, name(2, "POST"))
    assert alone.difference(Behaviour.of(Run(operations=(work, request))))
