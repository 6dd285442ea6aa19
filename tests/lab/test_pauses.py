"""Work that goes on after a timer: the same orders on every Node, whose is whose kept apart."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_systems import lay_out, pauses

from redhanded.case.run import Run
from redhanded.lab import Lab, open_lab
from redhanded.lab.looking import Looking
from redhanded.lab.trial import names_of

MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x64"


@pytest.fixture(scope="module", params=["PATH", "22", "24", "26"])
def lab(
    request: pytest.FixtureRequest, node_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """Node 22 and later let an idle connection wait for a timer before they use it again."""
    folder = tmp_path_factory.mktemp("pauses")
    root = lay_out("pauses", folder, node_packages)
    own = node_packages / "node_modules" / f"node{request.param}-{MACHINE}" / "bin" / "node"
    node = "node" if request.param == "PATH" else str(own)
    with open_lab(pauses(root, node=node), folder=folder / "lab") as opened:
        yield opened


def steps(run: Run) -> list[tuple[str, str]]:
    return [(name.task, name.kind) for name in names_of(run)]


def test_a_serial_run_waits_for_what_pauses(lab: Lab) -> None:
    runs = [lab.serial() for _ in range(5)]
    for run in runs:
        assert steps(run) == [
            ("delivery 1", "POST"),
            ("delivery 1", "GET"),
            ("delivery 1", "SELECT"),
            ("delivery 1", "INSERT"),
            ("delivery 2", "POST"),
            ("delivery 2", "GET"),
            ("delivery 2", "SELECT"),
        ]
        assert not any(operation.ambient for operation in run.operations)


def test_what_comes_after_a_pause_is_its_own_deliverys(lab: Lab) -> None:
    """Both deliveries pause in one process at the same time in some of the orders."""
    explored: list[Run] = []

    def keep(_number: int, run: Run) -> bool:
        explored.append(run)
        return True

    result = lab.explore(deliveries=2, on_run=keep)
    assert result.exhausted and result.diverged == 0
    assert result.failing
    for run in explored:
        for operation in run.operations:
            if operation.parent is not None:
                assert run.operations[operation.parent].name.task == operation.name.task


def test_exploring_again_finds_the_same_orders(lab: Lab) -> None:
    first, again = lab.explore(deliveries=2), lab.explore(deliveries=2)
    assert (first.explored, len(first.failing)) == (again.explored, len(again.failing))


def test_a_further_lab_need_not_wait_to_learn_the_pauses(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm = lab.rhythm
    assert rhythm is not None and rhythm.pause_ms > 0
    waited: list[Looking] = []
    monkeypatch.setattr(Looking, "learn", waited.append)
    usual = steps(lab.serial())
    with open_lab(
        lab.system, folder=tmp_path / "lab", root=lab.running.root, rhythm=rhythm
    ) as other:
        assert steps(other.serial()) == usual
        assert other.rhythm is not None and other.rhythm.pause_ms > 0
    assert not waited
