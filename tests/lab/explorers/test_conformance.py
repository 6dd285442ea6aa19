"""What holds for every explorer: it chooses what is offered, ends, and is the same again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import LOST_UPDATE, PROGRAMS, Program, World, run

from redhanded.case.run import Run
from redhanded.lab.choices import Choices
from redhanded.lab.explorers import Explorer, Step, Straight, Taken
from redhanded.lab.explorers.metrics import Counts, Metrics
from redhanded.lab.explorers.registry import EXPLORERS, RANDOM, Known
from redhanded.lab.explorers.replay import Replay, identities
from redhanded.lab.explorers.self_check import self_check

each = pytest.mark.parametrize("known", EXPLORERS, ids=lambda known: known.name)
each_random = pytest.mark.parametrize("known", RANDOM, ids=lambda known: known.name)


class Watched:
    """Sees that what is chosen is there to be chosen, and that no step is changed."""

    def __init__(self, inner: Explorer) -> None:
        self.inner = inner

    def choose(self, step: Step) -> int | None:
        chosen = self.inner.choose(step)
        assert chosen is None or 0 <= chosen < len(step.candidates)
        return chosen

    def give_up(self, step: Step) -> int:
        chosen = self.inner.give_up(step)
        assert 0 <= chosen < len(step.candidates)
        return chosen


def trace_of(known: Known, program: Program, seed: int, steps: int = 8) -> tuple[Taken, ...]:
    world = World(program)
    _, trace = run(world, Watched(known.make(Choices(seed), steps)))
    return trace


@each
@settings(max_examples=25, deadline=None)
@given(program=PROGRAMS, seed=st.integers(0, 1000))
def test_all_work_is_done_with_what_was_offered(known: Known, program: Program, seed: int) -> None:
    world = World(program)
    run(world, Watched(known.make(Choices(seed), 8)))
    assert world.enabled() == []


@each
@settings(max_examples=15, deadline=None)
@given(program=PROGRAMS, seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_order(known: Known, program: Program, seed: int) -> None:
    once, again = (identities(trace_of(known, program, seed)) for _ in range(2))
    assert once == again


@each
@settings(max_examples=15, deadline=None)
@given(program=PROGRAMS, seed=st.integers(0, 1000))
def test_its_order_can_be_repeated(known: Known, program: Program, seed: int) -> None:
    trace = trace_of(known, program, seed)
    replay = Replay(identities(trace))
    _, again = run(World(program), replay)
    assert identities(again) == identities(trace) and not replay.diverged


@each
@settings(max_examples=15, deadline=None)
@given(program=PROGRAMS, seed=st.integers(0, 1000))
def test_counting_changes_nothing(known: Known, program: Program, seed: int) -> None:
    counts = Counts()
    _, counted = run(World(program), Metrics(known.make(Choices(seed), 8), counts))
    assert identities(counted) == identities(trace_of(known, program, seed))
    assert counts.steps == len(counted)
    assert counts.choices == sum(len(taken.step.candidates) > 1 for taken in counted)


@pytest.mark.parametrize("known", [known for known in EXPLORERS if not known.draws])
def test_without_an_order_nothing_is_preempted(known: Known) -> None:
    world = World(LOST_UPDATE)
    run(world, known.make(Choices(1), 4))
    assert world.released == [0, 0, 1, 1]


@each_random
def test_another_seed_may_give_another_order(known: Known) -> None:
    orders = {tuple(identities(trace_of(known, LOST_UPDATE, seed))) for seed in range(40)}
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("name", "found"),
    [("uniform", True), ("pct 1", False), ("pct 2", True), ("pct 3", True), ("pos", True)],
)
def test_a_lost_update_is_met_by_those_that_can_preempt(name: str, found: bool) -> None:
    (known,) = (known for known in RANDOM if known.name == name)
    outcomes = set()
    for seed in range(60):
        world = World(LOST_UPDATE)
        run(world, known.make(Choices(seed), 4))
        outcomes.add(world.cells[0])
    assert (1 in outcomes) is found


def test_every_draw_is_recorded() -> None:
    for known in RANDOM:
        choices = Choices(3)
        run(World(LOST_UPDATE), known.make(choices, 4))
        assert choices.drawn, known.name


def test_a_system_that_repeats_itself_passes_its_self_check() -> None:
    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        return run(World(LOST_UPDATE), explorer)

    for known in EXPLORERS:
        assert self_check(play, known.make(Choices(5), 4))[1] == ()


def test_a_second_run_that_differs_is_complained_of() -> None:
    programs = iter([LOST_UPDATE, (LOST_UPDATE[0], LOST_UPDATE[1][:1])])

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        return run(World(next(programs)), explorer)

    _, differences = self_check(play, Straight())
    assert "earlier" in differences[-1]


def test_what_is_offered_anew_is_named() -> None:
    more = (LOST_UPDATE[0], (*LOST_UPDATE[1], *LOST_UPDATE[1]))
    programs = iter([LOST_UPDATE, more])

    def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
        return run(World(next(programs)), explorer)

    _, differences = self_check(play, Straight())
    assert differences and "is new" in differences[0] and "delivery 2" in differences[0]
