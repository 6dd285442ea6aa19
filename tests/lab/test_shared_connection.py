"""Requests that share one connection: their commands queue behind each other on it."""

from __future__ import annotations

from pathlib import Path

from small_systems import lay_out, request

from redhanded.case.system import Process, Service, SymptomPattern, System
from redhanded.lab import open_lab
from redhanded.lab.predict import predict


def counter(root: Path) -> System:
    return System(
        name="counter",
        root=str(root),
        services=(Service(name="store", kind="redis", env={"COUNTER_REDIS": "{url}"}),),
        processes=(
            Process(
                name="web",
                command="node counter.js",
                env={"PORT": "{port}"},
                ready="http://127.0.0.1:{port}/health",
            ),
        ),
        workload=(request("/{unique}"),),
        symptom=SymptomPattern(log="lost a visit"),
    )


def test_the_lost_update_is_found_with_one_preemption(tmp_path: Path, node_packages: Path) -> None:
    root = lay_out("counter", tmp_path, node_packages)
    with open_lab(counter(root), folder=tmp_path / "lab") as lab:
        assert not lab.serial().failed
        found = lab.explore(deliveries=2, bound=1, limit=200)
    assert found.failing
    assert found.exhausted
    assert found.diverged == 0


def test_the_lost_update_is_predicted_and_the_prediction_can_be_followed(
    tmp_path: Path, node_packages: Path
) -> None:
    root = lay_out("counter", tmp_path, node_packages)
    with open_lab(counter(root), folder=tmp_path / "lab") as lab:
        first = predict(lab.serial(2), deliveries=2)[0]
        run = lab.follow(first.schedule)
    assert run.failed
    assert run.followed.following == "followed"
