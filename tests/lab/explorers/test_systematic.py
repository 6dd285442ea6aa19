"""The reduced search finds what a search through all orders finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import LOST_UPDATE, PROGRAMS, Act, Program, State, World, every_state, run

from redhanded.case.run import Failure, Run
from redhanded.lab.explorers import Explorer, Step, Straight, Taken
from redhanded.lab.explorers.systematic import Exploration, explore


def search(
    program: Program, bound: int, workers: int = 0, handed_over: int = 0, limit: int = 100_000
) -> tuple[Exploration, set[State]]:
    """What a reduced search through ``program`` says, and the final states that it came by."""
    states = set()

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        world = World(program, workers, handed_over)
        result = run(world, explorer)
        states.add(world.state())
        return result

    return explore(play, bound=bound, limit=limit), states


@settings(max_examples=120, deadline=None)
@given(PROGRAMS, st.integers(min_value=0, max_value=3))
def test_every_final_state_within_the_bound_is_found(program: Program, bound: int) -> None:
    orders = every_state(program, bound)
    found, states = search(program, bound)
    assert states == set(orders)
    assert found.exhausted and found.diverged == 0
    assert found.explored <= sum(orders.values())


@settings(max_examples=120, deadline=None)
@given(
    PROGRAMS,
    st.integers(min_value=0, max_value=2),
    st.integers(min_value=1, max_value=2),
    st.integers(min_value=1, max_value=2),
)
def test_also_where_work_waits_for_a_free_worker(
    program: Program, bound: int, workers: int, handed_over: int
) -> None:
    _, states = search(program, bound, workers, handed_over)
    assert states == set(every_state(program, bound, workers, handed_over))


def test_a_worker_that_holds_on_to_a_job_does_not_hide_the_race_for_it() -> None:
    one = (Act("skip", 0), Act("none", 1), Act("append", 0))
    other = (Act("set", 0), Act("add", 0))
    _, states = search((one, other), 1, workers=1, handed_over=1)
    assert states == set(every_state((one, other), 1, workers=1, handed_over=1))


def test_a_worker_that_becomes_free_is_a_point_to_switch_at() -> None:
    program = (
        (Act("set", 1), Act("read", 1), Act("append", 1)),
        (Act("skip", 1), Act("read", 1)),
        (Act("read", 0), Act("skip", 1), Act("set", 0)),
    )
    _, states = search(program, 1, workers=1, handed_over=1)
    assert states == set(every_state(program, 1, workers=1, handed_over=1))


@pytest.mark.parametrize(("bound", "lost"), [(0, False), (1, True)])
def test_a_lost_update_needs_one_preemption(bound: int, lost: bool) -> None:
    _, states = search(LOST_UPDATE, bound)
    assert (1 in {cells[0] for cells, _ in states}) is lost


def test_independent_work_is_run_once() -> None:
    program = (
        tuple(Act("add", 0) for _ in range(4)),
        tuple(Act("add", 1) for _ in range(4)),
    )
    found, _ = search(program, 2)
    assert found.explored == 1 and found.exhausted
    assert found.equivalent > 0
    assert sum(every_state(program, 2).values()) > 20


def test_a_limit_ends_the_search_and_says_that_it_is_not_exhausted() -> None:
    found, _ = search(LOST_UPDATE, 2, limit=2)
    assert found.explored == 2 and not found.exhausted


def test_it_stops_at_a_failure_if_asked_to_and_goes_on_if_not() -> None:
    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        world = World(LOST_UPDATE)
        _, trace = run(world, explorer)
        failed = world.cells[0] == 1
        failures = (Failure(kind="invariant", text="an update was lost"),) if failed else ()
        return Run(failures=failures), trace

    first = explore(play, bound=2, stop_at_failure=True)
    assert len(first.failing) == 1 and not first.exhausted
    whole = explore(play, bound=2)
    assert whole.exhausted and len(whole.failing) > 1 and whole.explored > first.explored


def test_the_watcher_can_end_it() -> None:
    seen: list[int] = []

    def on_run(number: int, _run: Run) -> bool:
        seen.append(number)
        return number < 2

    found = explore(lambda explorer: run(World(LOST_UPDATE), explorer), bound=2, on_run=on_run)
    assert seen == [1, 2] and found.explored == 2 and not found.exhausted


def test_a_world_that_does_not_repeat_itself_is_never_called_exhausted() -> None:
    count = 0

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        nonlocal count
        count += 1
        program = LOST_UPDATE if count % 2 else ((Act("add", 2), Act("add", 0)),) * 2
        return run(World(program), explorer)

    found = explore(play, bound=2)
    assert found.repeated > 1 and not found.exhausted


def test_an_order_that_is_not_kept_to_once_is_run_again() -> None:
    count = 0

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        nonlocal count
        count += 1
        program = ((Act("add", 2), Act("add", 0)),) * 2 if count == 2 else LOST_UPDATE
        return run(World(program), explorer)

    found = explore(play, bound=2)
    undisturbed = explore(lambda explorer: run(World(LOST_UPDATE), explorer), bound=2)
    assert found.exhausted and (found.repeated, found.diverged) == (1, 0)
    assert found.explored == undisturbed.explored


def test_without_preemption_a_task_is_done_before_the_next() -> None:
    world = World(LOST_UPDATE)
    _, trace = run(world, Straight())
    assert world.released == [0, 0, 1, 1]
    assert [taken.step.current for taken in trace] == [None, *["delivery 1"] * 2, "delivery 2"]
    assert isinstance(trace[0].step, Step)


def test_an_order_that_cannot_be_repeated_is_not_tried_for_ever() -> None:
    """Names that are new in each run: no prefix ever comes again."""
    count = 0

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        nonlocal count
        count += 1
        cell = count
        program = (((Act("read", cell), Act("set", cell)),) * 2)[:2]
        world = World(program)
        world.cells = [0] * (cell + 1)
        return run(world, explorer)

    found = explore(play, bound=1, limit=500)
    assert found.explored < 20 and found.diverged > 0 and not found.exhausted
