"""What must hold after the work: each way of telling it, held and natural."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, shelf

from redhanded.case.errors import InputError
from redhanded.case.run import Run
from redhanded.case.system import Invariant, SymptomPattern
from redhanded.lab import Lab, open_lab
from redhanded.lab.natural import run_naturally, run_until_failure

IN_LUA = "return tonumber(redis.call('GET', KEYS[1])) > tonumber(ARGV[1])"
TOLD = {
    "redis": Invariant(name="eight_left", redis=("GET", "left"), expect="8"),
    "redis, a number": Invariant(name="eight_left", redis=("GET", "left"), expect=8),
    "redis, in Lua": Invariant(name="at_most_eight", redis=("EVAL", IN_LUA, "1", "left", "8")),
    "redis, an array": Invariant(name="eight", redis=("MGET", "left", "no"), expect=("8", "")),
    "http": Invariant(name="audit", http="GET /audit", to="web"),
    "http, a status": Invariant(name="audit", http="GET /audit", to="web", expect=200),
    "run": Invariant(name="count", run="node count.js"),
}


@pytest.fixture(scope="module")
def lab(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("shelf")
    root = lay_out("shelf", folder, node_packages)
    with open_lab(shelf(root), folder=folder / "lab") as opened:
        yield opened


@contextmanager
def stated(
    lab: Lab, *invariants: Invariant, symptom: SymptomPattern | None = None
) -> Iterator[Lab]:
    """The lab with these invariants."""
    before, shown = lab.system, lab.symptom
    lab.system = lab.running.system = replace(before, invariants=invariants)
    lab.symptom = lab.stage.symptom = symptom or shown
    yield lab
    lab.system, lab.symptom = lab.running.system, lab.stage.symptom = before, shown


def lost_update(lab: Lab) -> Run:
    """Both deliveries read the number before one of them writes it."""
    return lab.hold("SET", "left", task="delivery 1")


@pytest.mark.parametrize("told", TOLD)
def test_each_way_of_telling_it_holds_in_a_serial_run_and_is_broken_by_the_race(
    lab: Lab, told: str
) -> None:
    invariant = TOLD[told]
    with stated(lab, invariant):
        assert not lab.serial().failures
        (failure,) = lost_update(lab).failures
        assert failure.kind == "invariant" and failure.text.startswith(invariant.name)
        assert not lab.serial().failures


def test_a_check_leaves_no_trace_in_later_trials(lab: Lab) -> None:
    before = lab.serial().names()
    with stated(lab, TOLD["http"], TOLD["run"]):
        assert [lab.serial().names() for _ in range(3)] == [before] * 3
    assert lab.serial().names() == before


def test_rows_are_asked_for_the_value_of_the_trial(lab: Lab) -> None:
    mine = "SELECT who FROM takings WHERE who = '{unique}'"
    with stated(lab, Invariant(name="none_of_mine", sql=mine)):
        (failure,) = lab.serial().failures
        assert failure.text.startswith("none_of_mine: ('")
    with stated(lab, Invariant(name="others", sql=mine.replace("=", "<>"))):
        assert not lab.serial().failures


@pytest.mark.parametrize(
    ("invariant", "says"),
    [
        (Invariant(name="typo", sql="SELEC 1"), "`sql` below [invariants.typo]"),
        (Invariant(name="typo", redis=("GETT", "left")), "`redis` below [invariants.typo]"),
        (Invariant(name="typo", run="no-such-program"), "`run` below [invariants.typo]"),
    ],
)
def test_what_cannot_be_asked_says_where_to_correct_it(
    lab: Lab, invariant: Invariant, says: str
) -> None:
    with stated(lab, invariant), pytest.raises(InputError) as caught:
        lab.serial()
    assert says in str(caught.value)
    with stated(lab):
        assert not lab.serial().failures


def test_natural_trials_fail_by_an_invariant_and_start_anew(lab: Lab) -> None:
    with stated(lab, TOLD["redis"]):
        together = run_naturally(lab, name="x", trials=10, gaps_ms=[0.0], per_second=None, seed=1)
        apart = run_naturally(lab, name="x", trials=5, gaps_ms=[60.0], per_second=None, seed=2)
    assert 0 < together.failures <= 10 and "eight_left" in together.sample
    assert apart.failures == 0


def test_of_overlapping_natural_trials_only_what_names_one_is_checked(lab: Lab) -> None:
    twice = "SELECT who FROM takings GROUP BY 1 HAVING count(*) > 1"
    mine = "SELECT FROM takings WHERE who = '{unique}' HAVING count(*) > 1"
    for sql in (twice, mine):
        with stated(lab, Invariant(name="once", sql=sql), TOLD["redis"]):
            run = run_naturally(lab, name="x", trials=6, gaps_ms=[1.0], per_second=50.0, seed=3)
        assert run.failures == 6
        assert run.how.endswith("not checked: eight_left")


def test_a_status_and_an_sqlstate_are_symptoms_of_natural_trials(lab: Lab) -> None:
    (entry,) = lab.system.workload
    with stated(lab, symptom=SymptomPattern(status=503)):
        lab.system = replace(lab.system, workload=(replace(entry, path="/closed"),))
        run = run_naturally(lab, name="x", trials=3, gaps_ms=[0.0], per_second=None, seed=4)
    assert (run.failures, run.sample) == (3, "HTTP status 503")


def test_the_first_failure_ends_a_run_that_waits_for_it(lab: Lab) -> None:
    with stated(lab, TOLD["redis"]):
        run = run_until_failure(lab, name="x", trials=50, seconds=30.0, gaps_ms=[60.0, 0.0], seed=5)
        apart = run_until_failure(lab, name="x", trials=3, seconds=30.0, gaps_ms=[60.0], seed=6)
        short = run_until_failure(lab, name="x", trials=3, seconds=0.0, gaps_ms=[60.0], seed=7)
    assert run.failures == 1 and run.trials % 2 == 0, "the first gap never fails"
    assert (apart.trials, apart.failures) == (3, 0)
    assert (short.trials, short.failures) == (1, 0)


def test_late_messages_make_natural_trials_slower_and_control_comes_back(lab: Lab) -> None:
    before = lab.serial().names()
    with stated(lab, TOLD["redis"]):
        at_once = run_until_failure(lab, name="x", trials=4, seconds=30.0, gaps_ms=[60.0], seed=8)
        late = run_until_failure(
            lab, name="x", trials=4, seconds=30.0, gaps_ms=[60.0], seed=8, late_ms=20.0
        )
    assert late.trials == at_once.trials == 4
    assert late.seconds > at_once.seconds + 0.05
    assert "each message late by up to 20 ms" in late.how and "late" not in at_once.how
    assert lab.serial().names() == before
