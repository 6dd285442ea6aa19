"""Requests that share one connection: their commands queue behind each other on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from small_systems import lay_out, request

from redhanded.case.symptom import Symptom
from redhanded.case.system import (
    Invariant,
    Process,
    Service,
    Stub,
    SymptomPattern,
    System,
)
from redhanded.hunt import reproduce
from redhanded.lab import open_lab
from redhanded.lab.predict import predict
from redhanded.lab.predict_events import predict_events


def counter(root: Path, path: str = "/{unique}") -> System:
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
        stubs=(Stub(name="doorman", env={"DOORMAN_URL": "{url}"}, routes="doorman.json"),),
        workload=(request(path),),
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


def test_a_lease_ends_while_somebody_outside_is_asked(tmp_path: Path, node_packages: Path) -> None:
    """What is guarded lies beside the lock, in one Redis, over one connection. So the question to
    the stub, which is of no effect by itself, has to wait: commands cannot overtake each other."""
    root = lay_out("counter", tmp_path, node_packages)
    both = Invariant(name="both_came_in", redis=("GET", "guests:{unique}"), expect="2")
    system = replace(counter(root, "/guarded/{unique}"), invariants=(both,))
    with open_lab(system, folder=tmp_path / "lab") as lab:
        serial = lab.serial(2)
        assert not serial.failed
        assert not [one for one in predict(serial, deliveries=2) if one.pattern == "stale read"]
        (found,) = predict_events(serial, deliveries=2)
        assert found.pattern == "lease ends"
        (order,) = found.schedule.constraints
        assert (order.after.protocol, order.after.task) == ("http", "delivery 1")
        for _ in range(3):
            run = lab.follow(found.schedule)
            assert run.followed.following == "followed"
            assert [each.kind for each in run.failures] == ["invariant"]
        assert not lab.serial(2).failed, "the stub is asked at once again"


def test_what_only_a_check_outside_logs_is_hunted_by_its_invariant(
    tmp_path: Path, node_packages: Path
) -> None:
    root = lay_out("counter", tmp_path, node_packages)
    counted = Invariant(name="all_counted", redis=("GET", "visits:{unique}"), expect="2")
    system = replace(counter(root), invariants=(counted,), symptom=SymptomPattern())
    symptom = Symptom(text="monitor finds visits missing")
    effort = replace(
        reproduce.QUICK, natural_trials=4, simultaneous_trials=10, replays=2, flips=1, random=2
    )
    steps: list[str] = []
    with open_lab(system, folder=tmp_path / "lab", symptom=SymptomPattern(log=symptom.text)) as lab:
        runs = reproduce.watch_nature(lab, symptom, effort, lambda *_: None)
        assert {name for run in runs for name in run.broke} == {"all_counted"}
        found, said = reproduce.hunt(lab, symptom, runs, effort, steps.append, lambda *_: None)
    assert found.schedule is not None and found.replays_failed == 2
    (sentence,) = said
    assert "all_counted" in sentence and "monitor finds visits missing" in sentence
    assert any("searching for that" in step for step in steps)
