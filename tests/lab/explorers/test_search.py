"""The failing order is found without being told where, and stated so that it can be followed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import LOST_UPDATE, PROGRAMS, Act, Laboratory, Program, World, every_state

from redhanded.case.run import Run
from redhanded.lab.search import Budget, Search, search
from redhanded.lab.witness import witnesses

CROSSED: Program = ((Act("append", 0), Act("append", 1)),) * 2
"""Blind writes: nothing is read, so nothing is predicted."""
APART = ((Act("add", 0), Act("add", 0)), (Act("add", 1), Act("add", 1)))


def lost(world: World) -> bool:
    return world.cells[0] == 1


def crossed(world: World) -> bool:
    return world.cells[:2] == [12, 21]


def searched(lab: Laboratory, budget: Budget | None = None, seed: int = 0) -> Search:
    return search(lab, deliveries=len(lab.program), budget=budget, seed=seed)


def test_a_lost_update_is_predicted_and_fails_in_the_first_trial() -> None:
    found = searched(Laboratory(LOST_UPDATE, lost))
    assert (found.stopped, found.means, found.trials) == ("failure", "predicted", 1)
    assert found.prediction is not None and found.prediction.pattern == "stale read"
    assert found.schedule == found.prediction.schedule


def test_what_fails_in_series_needs_no_order() -> None:
    found = searched(Laboratory(LOST_UPDATE, lambda world: world.cells[0] == 2))
    assert (found.means, found.trials) == ("serial", 0)
    assert found.schedule is not None and found.schedule.constraints == ()


def test_what_is_not_predicted_is_found_by_going_through_the_orders() -> None:
    lab = Laboratory(CROSSED, crossed)
    found = searched(lab)
    assert found.means == "systematic" and found.coverage.predicted == 0
    assert found.coverage.systematic[0].exhausted
    assert found.schedule is not None and lab.follow(found.schedule).failed


@pytest.mark.parametrize("seed", range(5))
def test_random_orders_find_it_and_the_run_becomes_a_schedule(seed: int) -> None:
    lab = Laboratory(CROSSED, crossed)
    found = searched(lab, Budget(systematic=0, random=100), seed)
    assert found.means == "random"
    assert found.schedule is not None and lab.follow(found.schedule).failed


def test_the_same_seed_takes_the_same_trials() -> None:
    counts = {
        searched(Laboratory(CROSSED, crossed), Budget(systematic=0), seed=3).trials
        for _ in range(3)
    }
    assert len(counts) == 1


def test_where_nothing_fails_it_says_how_far_it_went() -> None:
    found = searched(Laboratory(APART, lambda _world: False), Budget(random=7))
    assert (found.stopped, found.run, found.schedule) == ("trials", None, None)
    assert found.coverage.exhausted == 2 and found.coverage.random == 7
    assert [each.explored for each in found.coverage.systematic] == [1, 1, 1]
    assert found.trials == 1 + found.coverage.timers + 7


def test_a_bound_that_was_cut_short_is_not_called_exhausted() -> None:
    found = searched(Laboratory(LOST_UPDATE, lambda _w: False), Budget(systematic=2, random=0))
    assert found.trials == found.coverage.forced + 2 + found.coverage.timers
    assert found.coverage.exhausted in (None, 0)


def test_its_time_is_a_limit() -> None:
    found = searched(Laboratory(LOST_UPDATE, lambda _world: False), Budget(seconds=0.0))
    assert found.stopped == "seconds" and found.trials == 0


def test_another_failure_than_the_wanted_one_does_not_end_it() -> None:
    lab = Laboratory(LOST_UPDATE, lambda _world: True)
    found = search(lab, deliveries=2, wanted=lambda run: "((1," in run.failures[0].text)
    assert found.means == "predicted" and found.run is not None


def test_each_trial_is_told_of() -> None:
    told: list[int] = []

    def on_run(number: int, _what: str, _run: Run) -> None:
        told.append(number)

    lab = Laboratory(LOST_UPDATE, lambda _world: False)
    found = search(lab, deliveries=2, budget=Budget(random=3), on_run=on_run)
    assert told == list(range(1, found.trials + 2)) and lab.trials == len(told)


@settings(max_examples=60, deadline=None)
@given(program=PROGRAMS, data=st.data())
def test_whatever_can_happen_within_two_preemptions_is_found(
    program: Program, data: st.DataObject
) -> None:
    state = data.draw(st.sampled_from(sorted(every_state(program, 2))))
    lab = Laboratory(program, lambda world: world.state() == state)
    found = searched(lab, Budget(systematic=10_000, random=0))
    assert found.run is not None
    assert found.schedule is not None
    assert any(lab.follow(each).failed for each in witnesses(found.run, len(program)))


def test_what_fails_by_chance_alone_does_not_end_it() -> None:
    trials = iter(range(1000))
    found = searched(Laboratory(LOST_UPDATE, lambda _world: next(trials) == 4), Budget(random=3))
    assert found.coverage.by_chance == 1 and found.coverage.random == 3
    assert found.run is not None and found.schedule is None


def test_a_serial_run_that_fails_by_chance_is_made_again() -> None:
    trials = iter(range(1000))
    found = searched(Laboratory(LOST_UPDATE, lambda _world: next(trials) == 0), Budget(random=0))
    assert found.coverage.by_chance == 1
    assert found.serial is not None and not found.serial.failed
