"""What the outside world does in a trial: programs, values kept from answers, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, shelf

from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.case.system import Delivery, Invariant, SymptomPattern
from redhanded.lab import Lab, open_lab
from redhanded.lab.natural import run_naturally

TAKE = Delivery(
    name="taking", to="web", method="POST", path="/take", body={"who": "{unique}"}, deliveries=1
)
PROGRAM = Delivery(name="stock taker", to="web.2", run="node take_stock.js {unique}", deliveries=2)
EIGHT_LEFT = Invariant(name="eight_left", redis=("GET", "left"), expect=8)


@pytest.fixture(scope="module")
def lab(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("shelf")
    system = shelf(lay_out("shelf", folder, node_packages))
    (web,) = system.processes
    system = replace(system, processes=(replace(web, replicas=2),))
    with open_lab(system, folder=folder / "lab") as opened:
        yield opened


@contextmanager
def sent(lab: Lab, *entries: Delivery, invariants: tuple[Invariant, ...] = ()) -> Iterator[Lab]:
    before = lab.system
    lab.system = lab.running.system = replace(before, workload=entries, invariants=invariants)
    yield lab
    lab.system = lab.running.system = before


def rows(lab: Lab, query: str) -> list[tuple[object, ...]]:
    admin = lab.running.servers["db"].admin
    assert admin is not None
    return admin.execute(query.encode()).fetchall()


def by_task(run: Run, task: str) -> list[str]:
    return [str(each.name) for each in run.operations if each.name.task == task]


def test_a_delivery_goes_to_the_replica_that_is_named(lab: Lab) -> None:
    with sent(lab, replace(TAKE, to="web.2"), replace(TAKE, to="web")):
        run = lab.serial()
    assert run.answers == (201, 201)
    processes = {
        task: {each.process for each in run.operations if each.name.task == task}
        for task in ("delivery 1", "delivery 2")
    }
    assert processes == {
        "delivery 1": {"outside", "web.2"},
        "delivery 2": {"outside", "web.1"},
    }


def test_a_program_is_a_delivery_whose_operations_are_its_own(lab: Lab) -> None:
    with sent(lab, PROGRAM, invariants=(EIGHT_LEFT,)):
        run = lab.serial(2)
        assert run.answers == (0, 0) and not run.failed
        assert by_task(run, "delivery 2") == [
            "delivery 2: outside RUN stock taker",
            "delivery 2: stock taker GET left",
            "delivery 2: stock taker SET left",
            "delivery 2: stock taker INSERT takings",
        ]
        assert {each.process for each in run.operations[1:4]} == {"stock taker.1"}
        line = next(each for each in run.operations if each.name.kind == "GET").location
        assert line is not None and line.path == "take_stock.js"
        port = lab.running.programs["web.2"].port
        assert any(f"through {port}" in each.text for each in run.output)
        raced = lab.hold("SET", "left", task="delivery 1")
        assert [failure.kind for failure in raced.failures] == ["invariant"]
        assert raced.answers == (0, 0)


def test_a_program_races_a_request(lab: Lab) -> None:
    with sent(lab, TAKE, replace(PROGRAM, deliveries=1), invariants=(EIGHT_LEFT,)):
        assert not lab.serial().failed
        assert lab.hold("SET", "left", task="delivery 1").failed
        assert lab.running.visitors == {}


def test_another_exit_code_than_expected_is_a_failure(lab: Lab) -> None:
    entry = replace(PROGRAM, run="node take_stock.js {unique} 3", deliveries=1)
    with sent(lab, replace(entry, expect=3)):
        run = lab.serial()
        assert run.answers == (3,) and not run.failed
    with sent(lab, replace(entry, expect=0)):
        (failure,) = lab.serial().failures
        assert failure.text == "delivery 1: stock taker ended with 3"
        natural = run_naturally(lab, name="x", trials=2, gaps_ms=[0.0], per_second=None, seed=1)
        assert natural.failures == 2 and natural.sample == "stock taker ended with 3"


def chained() -> tuple[Delivery, Delivery]:
    first = replace(TAKE, capture={"tag": "taking.tags.0", "left": "taking.left"})
    second = Delivery(
        name="tagging", to="web", method="POST", path="/tags/{tag}-{left}", after="taking"
    )
    return first, second


def test_a_later_entry_says_what_an_earlier_answer_told(lab: Lab) -> None:
    with sent(lab, *chained()):
        for _ in range(2):
            run = lab.serial()
            assert run.answers == (201, 200) and not run.failed
            ((label,),) = rows(lab, "SELECT label FROM tags")
            ((who,),) = rows(lab, "SELECT who FROM takings")
            assert label == f"tag-{who}-9"
        natural = run_naturally(lab, name="x", trials=3, gaps_ms=[0.0], per_second=None, seed=2)
        assert natural.failures == 0
        assert len(rows(lab, "SELECT FROM tags")) == 1, "each starts from the same rows"


def test_an_answer_without_the_value_is_a_failure_that_names_it(lab: Lab) -> None:
    first, second = chained()
    with sent(lab, replace(first, capture={"tag": "taking.label"}), second):
        (failure,) = lab.serial().failures
    assert failure.text == "the answer to taking has no taking.label for {tag}"


def test_values_are_drawn_anew_in_each_trial_and_can_be_pinned(lab: Lab) -> None:
    entry = Delivery(
        name="tag",
        to="web",
        method="POST",
        path="/tags/{label}",
        values={"label": ("red", "green", "blue")},
    )
    with sent(lab, entry):
        drawn = [(lab.serial(1), lab.drawn["label"])[1] for _ in range(12)]
        assert set(drawn) == {"red", "green", "blue"}
        assert rows(lab, "SELECT label FROM tags") == [(drawn[-1],)]
        names = {by_task(lab.serial(1), "delivery 1")[0] for _ in range(4)}
        assert names == {"delivery 1: outside POST /tags/*"}
        assert lab.serial(1).values == lab.drawn
        green = Schedule(values=(("label", "green"),))
        assert [lab.follow(green).values["label"] for _ in range(4)] == ["green"] * 4


def test_natural_runs_keep_each_entrys_gap_and_what_comes_after(lab: Lab) -> None:
    late = replace(TAKE, name="late", gap_ms=80.0)
    with sent(lab, TAKE, late, replace(TAKE, name="last", after="late", gap_ms=40.0)):
        run_naturally(lab, name="x", trials=1, gaps_ms=[5.0], per_second=None, seed=3)
        found = rows(lab, "SELECT extract(epoch FROM at)::float * 1000 FROM takings ORDER BY at")
        first, second, third = (float(str(at)) for (at,) in found)
        assert second - first >= 60 and third - second >= 38
        run_naturally(lab, name="x", trials=1, gaps_ms=[0.0], per_second=None, seed=3)
        found = rows(lab, "SELECT extract(epoch FROM at)::float * 1000 FROM takings ORDER BY at")
        first, second, third = (float(str(at)) for (at,) in found)
        assert second - first < 60


def test_a_symptom_in_a_programs_output_is_seen(lab: Lab) -> None:
    with sent(lab, replace(PROGRAM, deliveries=1)):
        before, lab.stage.symptom = lab.stage.symptom, SymptomPattern(log="stock taken by")
        assert lab.serial().failures[0].process == "stock taker"
        lab.stage.symptom = before
