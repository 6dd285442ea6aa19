"""Workers that look for jobs from time to time: what they take is as controlled as any work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_systems import lay_out, polling

from redhanded.case.run import Run
from redhanded.lab import Lab, open_lab
from redhanded.lab.natural import run_naturally
from redhanded.lab.search import search
from redhanded.lab.trial import names_of


@pytest.fixture(scope="module", params=[False, True], ids=["names", "whole"])
def lab(
    request: pytest.FixtureRequest, node_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("polling")
    root = lay_out("polling", folder, node_packages)
    with open_lab(polling(root, whole=request.param), folder=folder / "lab") as opened:
        yield opened


def counting(run: Run) -> list[tuple[str, str]]:
    return [(name.task, name.kind) for name in names_of(run) if name.target == "count"]


def test_a_trial_is_over_when_the_work_is_done(lab: Lab) -> None:
    for _ in range(5):
        run = lab.serial()
        assert not run.failed
        assert counting(run) == [
            ("delivery 1", "GET"),
            ("delivery 1", "SET"),
            ("delivery 2", "GET"),
            ("delivery 2", "SET"),
        ]


def test_where_workers_look_each_lab_learns_for_itself(lab: Lab) -> None:
    assert lab.rhythm is None


def test_looking_in_vain_is_never_chosen(lab: Lab) -> None:
    looks = [
        operation
        for operation in lab.serial().operations
        if operation.name.kind in ("ZRANGEBYSCORE", "LPOP") and not operation.name.task
    ]
    assert looks and all(operation.ambient for operation in looks)


def test_the_failing_order_is_found_and_comes_again(lab: Lab) -> None:
    found = search(lab, deliveries=2)
    assert found.schedule is not None and found.trials <= 20
    runs = [lab.follow(found.schedule) for _ in range(10)]
    assert all(run.failed and run.followed.following == "followed" for run in runs)


def test_a_natural_trial_waits_until_somebody_has_looked(lab: Lab) -> None:
    apart = run_naturally(lab, name="apart", trials=5, gaps_ms=(600.0,), per_second=None, seed=1)
    assert (apart.trials, apart.failures) == (5, 0)
